"""Keeps a picture's bytes when they are nothing but picture, and makes new ones from its pixels when they are not.

Untouched bytes lose no quality and keep the provider's content credentials, and a retry finds the same hash. But EXIF
can hold a place and a name, and what hangs behind or between the parts of a picture can be another file (a polyglot
that is also a web page, a script or an archive): such a picture is decoded and encoded again, so that only pixels,
colour profile and animation timing survive.
"""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageOps, JpegImagePlugin

from workhall_image_upload.parts import foreign_parts, parts_of
from workhall_image_upload.picture import frames_of, kind_of, open_picture


def clean_image(data: bytes) -> bytes:
    """Return `data` itself if it is clean, else the same picture in the same format encoded again.

    Encoding again turns the picture the way its EXIF orientation asks for, so width and height may swap: describe
    the result with `verify_image`, not the source. It takes a while: call this outside the event loop. The same
    bytes give the same result for as long as Pillow and its codecs stay the same.

    Raises:
        UnsafePicture: as `workhall_image_upload.picture.verify_image`.
    """
    with open_picture(io.BytesIO(data)) as image:
        kind = kind_of(image)
        if not foreign_parts(data, kind):
            return data
        options = _encoding(image, kind, data)
        return _encode(_plain_frames(image), kind, options)


def _encoding(image: Image.Image, kind: str, data: bytes) -> dict[str, Any]:
    options: dict[str, Any] = {"icc_profile": image.info.get("icc_profile")}
    if kind == "JPEG" and isinstance(image, JpegImagePlugin.JpegImageFile):
        # The source's own tables: next to no further loss, and about the same size.
        options |= {"qtables": image.quantization, "subsampling": JpegImagePlugin.get_sampling(image)}
    if kind == "WEBP":
        options |= {"lossless": True} if "VP8L" in parts_of(data, kind) else {"quality": 95}
    if "loop" in image.info:
        options["loop"] = image.info["loop"]
    return options


def _plain_frames(image: Image.Image) -> list[Image.Image]:
    frames = [ImageOps.exif_transpose(frame) for frame in frames_of(image)]
    if image.info.get("default_image"):  # the still that an animated PNG shows where animation is not understood
        frames = frames[1:]
    for frame in frames:
        kept = ("transparency", "duration")
        frame.info = {name: frame.info[name] for name in kept if name in frame.info}
    return frames


def _encode(frames: list[Image.Image], kind: str, options: dict[str, Any]) -> bytes:
    first, *others = frames
    if others:
        options |= {"save_all": True, "append_images": others, **_animation(frames, kind)}
    target = io.BytesIO()
    first.save(target, kind, **options)
    return target.getvalue()


def _animation(frames: list[Image.Image], kind: str) -> dict[str, Any]:
    timing: dict[str, Any] = {"duration": [frame.info.get("duration", 0) for frame in frames]}
    # Pillow hands out whole frames: where they have holes to see through, a GIF must clear each before the next.
    if kind == "GIF" and any(frame.has_transparency_data for frame in frames):
        timing["disposal"] = 2
    return timing
