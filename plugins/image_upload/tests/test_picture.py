"""Only whole, plain pictures of four formats pass, and nothing but picture is left in what is stored."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageStat
from workhall_image_upload import picture as picture_module
from workhall_image_upload.clean import clean_image
from workhall_image_upload.parts import BROKEN, TRAILING, foreign_parts, parts_of
from workhall_image_upload.picture import Picture, UnsafePicture, verify_image
from workhall_image_upload.thumbnail import make_thumbnail

FORMATS = ["PNG", "JPEG", "WEBP", "GIF"]
SCRIPT = b"<script>alert(document.domain)</script>"


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def drawing(size: tuple[int, int] = (60, 40), mode: str = "RGB") -> Image.Image:
    """White with a red disc in its left upper corner and a blue bar at the bottom."""
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    pen.ellipse((2, 2, 18, 18), fill="red")
    pen.rectangle((0, size[1] - 6, size[0], size[1]), fill="blue")
    return image.convert(mode)


def moving_frames(count: int = 4) -> list[Image.Image]:
    frames = [Image.new("RGBA", (48, 48), (0, 0, 0, 0)) for _ in range(count)]
    for number, frame in enumerate(frames):
        ImageDraw.Draw(frame).ellipse((number * 6, 8, number * 6 + 16, 24), fill=(200, 40 * number, 90, 255))
    return frames


def animation(kind: str, **options: Any) -> bytes:
    first, *others = moving_frames()
    options |= {"disposal": 2} if kind == "GIF" else {"lossless": True} if kind == "WEBP" else {}
    return encoded(first, kind, save_all=True, append_images=others, duration=[50, 100, 150, 200], loop=3, **options)


def exif_with_place(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "taken at home"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    return exif


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def with_png_chunk(data: bytes, name: bytes, content: bytes) -> bytes:
    return data[:33] + png_chunk(name, content) + data[33:]  # behind IHDR


def with_jpeg_segment(data: bytes, code: int, content: bytes) -> bytes:
    return data[:2] + struct.pack(">BBH", 0xFF, code, len(content) + 2) + content + data[2:]


def with_webp_chunk(data: bytes, name: bytes, content: bytes) -> bytes:
    grown = data[12:] + name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(grown) + 4) + b"WEBP" + grown


def pixels(data: bytes, frame: int = 0) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.seek(frame)
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))


def difference(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of any channel of any pixel, 0-255."""
    assert one.size == other.size
    return max(high for _, high in ImageChops.difference(one, other).getextrema())


def assert_looks_the_same(kind: str, one: Image.Image, other: Image.Image) -> None:
    """PNG and GIF to the pixel; JPEG and WEBP on average, for they blur sharp edges anew each time."""
    if kind in ("PNG", "GIF"):
        assert difference(one, other) == 0
    else:
        assert one.size == other.size
        assert max(ImageStat.Stat(ImageChops.difference(one, other)).mean) < 5


def check(data: bytes) -> Picture:
    return verify_image(io.BytesIO(data))


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
