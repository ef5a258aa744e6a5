"""``data:`` URLs are read strictly and measured before they are decoded."""

from __future__ import annotations

import base64
import binascii

import pytest
from workhall_image_upload.data_url import decode_data_url

PNG = b"\x89PNG\r\n\x1a\n rest"


def url(data: bytes, mime_type: str = "image/png") -> str:
    return f"data:{mime_type};base64,{base64.b64encode(data).decode()}"


@pytest.mark.parametrize("mime_type", ["image/png", "image/jpeg", "image/webp", "image/gif", "IMAGE/PNG"])
@pytest.mark.parametrize("data", [PNG, b"a", b"ab", b"abc", bytes(range(256)) * 9])
def test_the_bytes_come_back(mime_type: str, data: bytes) -> None:
    assert decode_data_url(url(data, mime_type), 10_000) == data


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "data:",
        "data:,hello",
        "data:text/html;base64,AAAA",
        "data:image/svg+xml;base64,AAAA",
        "data:image/jpg;base64,AAAA",
        "data:image/png,AAAA",
        "data:image/png;charset=utf-8;base64,AAAA",
        "data:image/png;base64;x=y,AAAA",
        " data:image/png;base64,AAAA",
        "https://example.com/data:image/png;base64,AAAA",
        "data:image/png;base64\n,AAAA",
    ],
)
def test_other_urls_are_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r"^A data URL must start with data:image/.*\.$") as caught:
        decode_data_url(bad, 1000)
    assert len(str(caught.value)) < 250


def test_a_long_refused_url_is_not_repeated() -> None:
    with pytest.raises(ValueError) as caught:
        decode_data_url("data:text/html;base64," + "A" * 100_000, 1_000_000)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    "text",
    [
        "AAA",
        "AA",
        "A",
        "AA=A",
        "AAAA=",
        "AAA==",
        "=AAA",
        "AAAA AAAA",
        "AAAA\nAAA",
        "AAAA====",
        "A-_A",
        "AAAä",
        "AAAA\0AAA",
        "AA==AAAA",
        "AAAAAA=A",
        "AAAAA===",
    ],
)
def test_base64_is_read_strictly(text: str) -> None:
    with pytest.raises(ValueError, match=r"^The data URL is not valid base64\.$"):
        decode_data_url(f"data:image/png;base64,{text}", 1000)


def test_an_empty_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="holds no picture"):
        decode_data_url("data:image/png;base64,", 1000)


@pytest.mark.parametrize("size", [1, 2, 3, 100, 101, 102])
def test_the_limit_is_exact(size: int) -> None:
    assert len(decode_data_url(url(bytes(size)), size)) == size
    if size > 1:
        with pytest.raises(ValueError, match=f"holds {size} bytes, more than the {size - 1} that are accepted"):
            decode_data_url(url(bytes(size)), size - 1)


def test_the_size_is_checked_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(*_: object, **__: object) -> bytes:
        raise AssertionError("decoded")

    monkeypatch.setattr(binascii, "a2b_base64", decode)
    with pytest.raises(ValueError, match="more than the 1000 that are accepted"):
        decode_data_url(url(bytes(1001)), 1000)
