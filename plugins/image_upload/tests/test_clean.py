"""Nothing but picture is left in what is stored, and a picture that is nothing else stays as it is."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import pytest
from PIL import Image, JpegImagePlugin
from workhall_image_upload.clean import clean_image
from workhall_image_upload.parts import BROKEN, TRAILING, foreign_parts, parts_of
from workhall_image_upload.picture import Picture

from .conftest import (
    FORMATS,
    SCRIPT,
    animation,
    assert_looks_the_same,
    check,
    difference,
    drawing,
    encoded,
    exif_with_place,
    moving_frames,
    pixels,
    with_jpeg_segment,
    with_png_chunk,
    with_webp_chunk,
)

# --- polyglots and metadata ---------------------------------------------------------------------------------------


def archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("index.html", SCRIPT)
    return target.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("tail", [SCRIPT, b"\x00", archive(), encoded(drawing(), "JPEG")])
def test_what_hangs_behind_a_picture_is_cut_off(kind: str, tail: bytes) -> None:
    data = encoded(drawing(), kind)
    assert foreign_parts(data + tail, kind) == [TRAILING]
    cleaned = clean_image(data + tail)
    assert foreign_parts(cleaned, kind) == []
    assert SCRIPT not in cleaned
    assert not zipfile.is_zipfile(io.BytesIO(cleaned))
    assert check(cleaned).format == kind
    assert clean_image(cleaned) is cleaned
    assert_looks_the_same(kind, pixels(data), pixels(cleaned))


POLYGLOTS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "text in a PNG": ("PNG", lambda: with_png_chunk(encoded(drawing(), "PNG"), b"tEXt", b"Comment\0" + SCRIPT), "tEXt"),
    "unknown part of a PNG": ("PNG", lambda: with_png_chunk(encoded(drawing(), "PNG"), b"prVt", SCRIPT), "prVt"),
    "comment in a JPEG": ("JPEG", lambda: with_jpeg_segment(encoded(drawing(), "JPEG"), 0xFE, SCRIPT), "FE"),
    "XMP in a JPEG": (
        "JPEG",
        lambda: with_jpeg_segment(encoded(drawing(), "JPEG"), 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SCRIPT),
        "APP1 http://ns.adobe.",
    ),
    "IPTC in a JPEG": (
        "JPEG", lambda: with_jpeg_segment(encoded(drawing(), "JPEG"), 0xED, b"Photoshop 3.0\0" + SCRIPT),
        "APP13 Photoshop 3.0",
    ),
    "thumbnail in a JPEG's head": (
        "JPEG", lambda: with_jpeg_segment(encoded(drawing(), "JPEG"), 0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1" + SCRIPT),
        "APP0 JFIF with more",
    ),
    "XMP in a WEBP": ("WEBP", lambda: with_webp_chunk(encoded(drawing(), "WEBP"), b"XMP ", SCRIPT), "XMP "),
    "unknown part of a WEBP": ("WEBP", lambda: with_webp_chunk(encoded(drawing(), "WEBP"), b"ABCD", SCRIPT), "ABCD"),
    "comment in a GIF": ("GIF", lambda: encoded(drawing(), "GIF", comment=SCRIPT), "comment"),
    "GIF that is a script": (
        "GIF", lambda: encoded(drawing(), "GIF", comment=b"*/=1;" + SCRIPT) + b"/*", "comment",
    ),
    "application part of a GIF": (
        "GIF",
        lambda: encoded(drawing(), "GIF")[:-1] + b"\x21\xff\x0bXMP DataXMP" + bytes([len(SCRIPT)]) + SCRIPT + b"\0;",
        "XMP DataXMP",
    ),
    "overlong loop part of a GIF": (
        "GIF",
        lambda: encoded(drawing(), "GIF")[:-1] + b"\x21\xff\x0bNETSCAPE2.0" + bytes([len(SCRIPT)]) + SCRIPT + b"\0;",
        "NETSCAPE2.0 with more",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", POLYGLOTS)
def test_what_hides_between_the_parts_is_removed(name: str) -> None:
    kind, make, part = POLYGLOTS[name]
    data = make()
    assert check(data).format == kind  # a decoder sees nothing wrong with it
    assert part in foreign_parts(data, kind)
    cleaned = clean_image(data)
    assert SCRIPT not in cleaned
    assert foreign_parts(cleaned, kind) == []
    assert check(cleaned).format == kind
    assert_looks_the_same(kind, pixels(data), pixels(cleaned))


def test_what_hides_between_the_scans_of_a_jpeg_is_removed() -> None:
    data = encoded(drawing((200, 200)), "JPEG", progressive=True)
    table = data.rindex(b"\xff\xc4")
    end = table + 2 + struct.unpack_from(">H", data, table + 2)[0]
    hiding = data[:end] + SCRIPT + data[end:]
    assert check(hiding).format == "JPEG"  # decoders skip what is there
    assert foreign_parts(hiding, "JPEG") == [BROKEN]
    assert SCRIPT not in clean_image(hiding)


def test_a_jpeg_encoded_again_keeps_its_own_quality() -> None:
    data = encoded(drawing(), "JPEG", quality=37, subsampling="4:2:2")
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(clean_image(data + SCRIPT))) as after:
        assert isinstance(before, JpegImagePlugin.JpegImageFile)
        assert isinstance(after, JpegImagePlugin.JpegImageFile)
        assert after.quantization == before.quantization
        assert JpegImagePlugin.get_sampling(after) == JpegImagePlugin.get_sampling(before) == 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_exif_with_a_place_is_removed_and_nothing_else(kind: str) -> None:
    profile = b"a colour profile"
    plain = encoded(drawing(), kind, icc_profile=profile)
    data = encoded(drawing(), kind, icc_profile=profile, exif=exif_with_place())
    assert b"taken at home" in data
    cleaned = clean_image(data)
    assert b"taken at home" not in cleaned
    with Image.open(io.BytesIO(cleaned)) as image:
        assert dict(image.getexif()) == {}
        assert image.info["icc_profile"] == profile
    assert_looks_the_same(kind, pixels(plain), pixels(cleaned))
    assert clean_image(data) == cleaned


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_exif_orientation_becomes_pixels(kind: str) -> None:
    data = encoded(drawing(), kind, exif=exif_with_place(orientation=6))  # to be turned by 90 degrees clockwise
    cleaned = clean_image(data)
    assert (check(data).width, check(data).height) == (60, 40)
    assert (check(cleaned).width, check(cleaned).height) == (40, 60)
    upright = pixels(encoded(drawing(), kind)).transpose(Image.Transpose.ROTATE_270)
    assert_looks_the_same(kind, upright, pixels(cleaned))


def test_a_cameras_second_picture_is_removed() -> None:
    data = encoded(drawing(), "MPO", save_all=True, append_images=[drawing((30, 30))])
    assert check(data) == Picture("JPEG", "image/jpeg", 60, 40, "jpg")
    cleaned = clean_image(data)
    assert foreign_parts(cleaned, "JPEG") == []
    with Image.open(io.BytesIO(cleaned)) as image:
        assert image.format == "JPEG"
        assert getattr(image, "n_frames", 1) == 1
    assert_looks_the_same("JPEG", pixels(data), pixels(cleaned))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_encoded_again_looks_and_moves_the_same(kind: str) -> None:
    data = animation(kind)
    cleaned = clean_image(data + SCRIPT)
    assert foreign_parts(cleaned, kind) == []
    with Image.open(io.BytesIO(cleaned)) as image:
        assert image.n_frames == 4
        assert image.info["loop"] == 3
        for number, duration in enumerate([50, 100, 150, 200]):
            image.seek(number)
            image.load()
            assert image.info["duration"] == duration
            assert difference(pixels(data, number), pixels(cleaned, number)) == 0


def test_an_animated_png_keeps_moving_without_its_still() -> None:
    still, frames = drawing((48, 48), "RGBA"), moving_frames(3)
    data = encoded(still, "PNG", save_all=True, default_image=True, append_images=frames, duration=80)
    cleaned = clean_image(data + SCRIPT)
    with Image.open(io.BytesIO(cleaned)) as image:
        assert image.n_frames == 3
    assert difference(pixels(cleaned, 2), pixels(data, 3)) == 0


@pytest.mark.parametrize(
    ("kind", "add"),
    [
        ("PNG", lambda data: with_png_chunk(data, b"caBX", b"a signed manifest")),
        ("JPEG", lambda data: with_jpeg_segment(data, 0xEB, b"JP\0\1" + b"a signed manifest")),
        ("WEBP", lambda data: with_webp_chunk(data, b"C2PA", b"a signed manifest")),
    ],
)
def test_content_credentials_are_kept_with_the_bytes(kind: str, add: Callable[[bytes], bytes]) -> None:
    data = add(encoded(drawing(), kind))
    assert check(data).format == kind
    assert clean_image(data) is data


def test_a_lossless_webp_stays_lossless() -> None:
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    data = encoded(noise, "WEBP", lossless=True)
    assert difference(pixels(data), pixels(clean_image(data + SCRIPT))) == 0


# --- structure ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
def test_a_structure_that_ends_early_is_reported(kind: str) -> None:
    data = encoded(drawing(), kind)
    assert parts_of(data[:-1], kind)[-1] in (BROKEN, TRAILING)
    assert parts_of(data[:9], kind)[-1] == BROKEN


@pytest.mark.parametrize("data", [
    b"\xff\xd8\xff\xda\x00\x02" + b"\xff" * 2_000_000 + b"\x00",
    b"\xff\xd8" + b"\xff" * 2_000_000 + b"\x00",
    b"\xff\xd8\xff\xda\x00\x02" + b"\xff\x00" * 1_000_000,
])  # fmt: skip
@pytest.mark.timeout(10)
def test_walking_a_hostile_jpeg_takes_linear_time(data: bytes) -> None:
    assert parts_of(data, "JPEG")[-1] == BROKEN
