"""Thumbnails are small, upright, see-through where the picture is, and always the same bytes."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image
from workhall_image_upload.thumbnail import make_thumbnail


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=("WEBP",))
    image.load()
    return image


def halves(size: tuple[int, int], left: str = "red", right: str = "blue") -> Image.Image:
    image = Image.new("RGB", size, left)
    image.paste(Image.new("RGB", (size[0] // 2, size[1]), right), (size[0] // 2, 0))
    return image


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize(
    ("size", "expected"),
    [((1600, 800), (384, 192)), ((500, 1000), (192, 384)), ((384, 384), (384, 384)), ((40, 30), (40, 30)),
     ((3000, 2), (384, 1))],
)  # fmt: skip
def test_it_fits_the_square_and_is_never_enlarged(kind: str, size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert opened(make_thumbnail(encoded(halves(size), kind))).size == expected


def test_the_edge_can_be_chosen() -> None:
    assert opened(make_thumbnail(encoded(halves((200, 100)), "PNG"), edge=50)).size == (50, 25)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_exif_orientation_is_applied_and_the_rest_left_out(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise: what was left comes to the top
    exif[0x010E] = "taken at home"
    small = make_thumbnail(encoded(halves((1000, 600)), kind, exif=exif))
    image = opened(small)
    assert image.size == (230, 384)
    (top, bottom) = (image.getpixel((115, 20)), image.getpixel((115, 364)))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200 > 100 > top[2]
    assert bottom[2] > 200 > 100 > bottom[0]
    assert b"taken at home" not in small
    assert dict(image.getexif()) == {}


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_transparency_is_kept(kind: str) -> None:
    source = halves((800, 400)).convert("RGBA")
    source.putalpha(Image.linear_gradient("L").resize((800, 400)).point(lambda value: 255 if value > 127 else 0))
    image = opened(make_thumbnail(encoded(source, kind)))
    assert image.mode == "RGBA"
    assert image.getchannel("A").getextrema() == (0, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_every_mode_becomes_a_true_picture(mode: str) -> None:
    grey = Image.new("I;16", (600, 300), 32896) if mode == "I;16" else Image.new("L", (600, 300), 128).convert(mode)
    image = opened(make_thumbnail(encoded(grey, "JPEG" if mode == "CMYK" else "PNG"))).convert("L")
    assert image.size == (384, 192)
    low, high = image.resize((1, 1), Image.Resampling.BOX).getextrema()
    assert 118 <= low <= high <= 138


def test_of_an_animation_it_shows_the_first_frame() -> None:
    frames = [Image.new("RGB", (100, 100), colour) for colour in ("red", "lime", "blue")]
    image = opened(make_thumbnail(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)))
    assert getattr(image, "n_frames", 1) == 1
    pixel = image.convert("RGB").getpixel((50, 50))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 230
    assert max(pixel[1:]) < 30


def test_an_rgb_colour_profile_is_kept_and_another_is_not() -> None:
    profile = b"a colour profile" * 10
    assert opened(make_thumbnail(encoded(halves((80, 80)), "PNG", icc_profile=profile))).info["icc_profile"] == profile
    cmyk = encoded(halves((80, 80)).convert("CMYK"), "JPEG", icc_profile=profile)
    assert "icc_profile" not in opened(make_thumbnail(cmyk)).info


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_the_same_bytes_give_the_same_thumbnail(kind: str) -> None:
    data = encoded(Image.effect_noise((500, 400), 60).convert("RGB"), kind)
    assert make_thumbnail(data) == make_thumbnail(bytes(bytearray(data)))
