"""Only whole pictures of four formats and of bearable size pass."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from workhall_image_upload import picture as picture_module
from workhall_image_upload.clean import clean_image
from workhall_image_upload.picture import Picture, UnsafePicture, verify_image
from workhall_image_upload.thumbnail import make_thumbnail

from .conftest import (
    FORMATS,
    SCRIPT,
    animation,
    check,
    drawing,
    encoded,
    exif_with_place,
    png_chunk,
    with_webp_chunk,
)

# --- what passes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "mime_type", "extension"),
    [("PNG", "image/png", "png"), ("JPEG", "image/jpeg", "jpg"), ("WEBP", "image/webp", "webp"),
     ("GIF", "image/gif", "gif")],
)  # fmt: skip
def test_the_four_formats_are_recognised_by_content(kind: str, mime_type: str, extension: str) -> None:
    data = encoded(drawing(), kind)
    assert check(data) == Picture(kind, mime_type, 60, 40, extension)
    assert clean_image(data) is data


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [("PNG", "RGBA", {}), ("PNG", "P", {}), ("PNG", "L", {}), ("PNG", "1", {}), ("PNG", "LA", {}), ("PNG", "I;16", {}),
     ("JPEG", "L", {}), ("JPEG", "CMYK", {}), ("JPEG", "RGB", {"progressive": True}), ("WEBP", "RGBA", {}),
     ("WEBP", "RGB", {"lossless": True}), ("GIF", "P", {})],
)  # fmt: skip
def test_every_usual_kind_of_pixel_passes_untouched(kind: str, mode: str, options: dict[str, Any]) -> None:
    data = encoded(drawing(mode="L").convert(mode) if mode == "I;16" else drawing(mode=mode), kind, **options)
    assert check(data).format == kind
    assert clean_image(data) is data


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animations_pass_untouched(kind: str) -> None:
    data = animation(kind)
    assert check(data).format == kind
    assert clean_image(data) is data


def test_the_file_is_read_from_its_start() -> None:
    file = io.BytesIO(encoded(drawing(), "PNG"))
    file.seek(0, io.SEEK_END)
    assert verify_image(file).format == "PNG"


# --- what is no picture -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"hello, I am image/png",
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        b"PK\x03\x04" + bytes(30),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(24),
        b"GIF89a",
        bytes(1000),
    ],
)
def test_what_is_no_picture_is_refused_everywhere(data: bytes) -> None:
    for use in (check, clean_image, make_thumbnail):
        with pytest.raises(UnsafePicture) as caught:
            use(data)
        assert str(caught.value).endswith(".")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM", "TGA", "PCX", "JPEG2000", "EPS", "AVIF"])
def test_real_pictures_of_other_formats_are_refused(kind: str) -> None:
    Image.init()
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow cannot write {kind}")
    data = encoded(drawing((64, 64)), kind)
    with pytest.raises(UnsafePicture, match="not a readable PNG, JPEG, WEBP or GIF"):
        check(data)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_refused(kind: str, share: float) -> None:
    noise = Image.effect_noise((120, 90), 80).convert("RGB")
    data = encoded(noise, kind)
    with pytest.raises(UnsafePicture, match=r"damaged or cut off|not a readable"):
        check(data[: int(len(data) * share)])


def test_a_wrong_checksum_is_refused() -> None:
    data = bytearray(encoded(drawing(), "PNG"))
    data[data.index(b"IDAT") + 8] ^= 1
    with pytest.raises(UnsafePicture, match="damaged"):
        check(bytes(data))


def test_a_wrong_checksum_behind_the_pixels_is_refused() -> None:
    data = encoded(drawing(), "PNG")
    broken = bytearray(png_chunk(b"tIME", bytes(7)))
    broken[-1] ^= 1
    with pytest.raises(UnsafePicture, match="damaged"):
        check(data[:-12] + bytes(broken) + data[-12:])


def test_a_palette_picture_without_palette_is_refused_as_a_thumbnail() -> None:
    data = encoded(drawing(mode="P"), "PNG")
    start = data.index(b"PLTE") - 4
    end = start + 12 + struct.unpack_from(">I", data, start)[0]
    with pytest.raises(UnsafePicture, match="damaged"):
        make_thumbnail(data[:start] + data[end:])


# --- bombs --------------------------------------------------------------------------------------------------------


def png_of_size(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(1000))) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("edge", [7_072, 9_000, 10_000, 13_000, 20_000, 30_000, 65_000])
def test_a_picture_over_fifty_megapixels_is_refused(edge: int) -> None:
    for use in (check, clean_image, make_thumbnail):
        with pytest.raises(UnsafePicture, match="more than 50 megapixels"):
            use(png_of_size(edge, edge))


@pytest.mark.parametrize("filters", ["error", "ignore"])
def test_a_bomb_is_refused_whatever_became_of_the_warning_filter(filters: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter(filters)
        with pytest.raises(UnsafePicture, match="more than 50 megapixels"):
            check(png_of_size(10_000, 10_000))


def test_a_picture_just_under_the_limit_passes() -> None:
    assert check(encoded(Image.new("1", (10_000, 4_999)), "PNG")).width == 10_000


def test_a_webp_bomb_is_refused() -> None:
    size = struct.pack("<I", 16_382)[:3] * 2
    data = with_webp_chunk(b"RIFF\x04\x00\x00\x00WEBP", b"VP8X", bytes(4) + size) + bytes(40)
    with pytest.raises(UnsafePicture):
        check(data)


def test_frames_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_module, "MAX_PIXELS", 3 * 48 * 48)
    for kind in ("GIF", "WEBP", "PNG"):
        for use in (check, lambda data: clean_image(data + SCRIPT)):
            with pytest.raises(UnsafePicture, match="megapixels"):
                use(animation(kind))


def test_too_many_frames_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_module, "MAX_FRAMES", 3)
    with pytest.raises(UnsafePicture, match="more than 3 frames"):
        check(animation("GIF"))


def test_a_gif_that_grows_in_a_later_frame_is_refused() -> None:
    data = bytearray(animation("GIF"))
    last = data.rindex(b"\x21\xf9\x04") + 8  # the image descriptor behind the last control block
    assert data[last] == 0x2C
    data[last + 1 : last + 5] = struct.pack("<HH", 60_000, 60_000)
    with pytest.raises(UnsafePicture, match="more than 50 megapixels"):
        check(bytes(data))


def test_a_jpeg_with_endless_scans_is_refused_before_it_is_decoded() -> None:
    data = encoded(Image.new("L", (2_000, 2_000), 128), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xc4") : -2]  # the last refinement, with its table: some 80 bytes
    bomb = data[:-2] + 640 * scan + b"\xff\xd9"
    assert len(bomb) < 100_000
    for use in (check, clean_image, make_thumbnail):
        with pytest.raises(UnsafePicture, match="scans"):
            use(bomb)
    assert check(data).width == 2_000


# --- damage -------------------------------------------------------------------------------------------------------


_SAMPLES = [
    *(encoded(drawing(), kind, exif=exif_with_place(6)) for kind in ("PNG", "JPEG", "WEBP")),
    encoded(drawing(mode="P"), "PNG"),
    encoded(drawing(), "GIF", comment=b"x"),
    encoded(drawing(), "JPEG", progressive=True),
    *(animation(kind) for kind in ("GIF", "WEBP", "PNG")),
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(_SAMPLES), st.data())
def test_damage_anywhere_ends_in_a_picture_or_a_sentence(sample: bytes, data: st.DataObject) -> None:
    damaged = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Pillow's remarks on broken metadata
        for use in (check, clean_image, make_thumbnail):
            assert refusal(use, bytes(damaged)).endswith(".")


def refusal(use: Callable[[bytes], Any], data: bytes) -> str:
    """What `use` says against `data`; any other exception than `UnsafePicture` comes through."""
    try:
        use(data)
    except UnsafePicture as error:
        return str(error)
    return "Nothing."
