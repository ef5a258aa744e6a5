"""Pictures to try things on, and ways to hide something in them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageStat
from workhall_image_upload.picture import Picture, verify_image

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
