"""Makes the small WEBP picture that lists show."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from workhall_image_upload.picture import open_picture

EDGE = 384  # pixels
_QUALITY = 80  # of 0-100
_PROFILED_MODES = ("RGB", "RGBA", "P")  # a colour profile of another mode does not describe RGB


def make_thumbnail(data: bytes, edge: int = EDGE) -> bytes:
    """Return the picture in `data` as WEBP that fits a square of `edge` pixels, never enlarged.

    EXIF orientation is applied, transparency and an RGB colour profile are kept, all other metadata is left out; of an
    animation the first frame is taken. The same bytes give the same result.

    Raises:
        UnsafePicture: as `workhall_image_upload.picture.verify_image`.
    """
    with open_picture(io.BytesIO(data)) as image:
        image.draft("RGB", (2 * edge, 2 * edge))  # lets a large JPEG be decoded at a fraction of its size
        profile = image.info.get("icc_profile") if image.mode in _PROFILED_MODES else None
        small = _eight_bit(image)
        small.thumbnail((edge, edge), Image.Resampling.LANCZOS)
        upright = ImageOps.exif_transpose(small)
        target = io.BytesIO()
        upright.save(target, "WEBP", quality=_QUALITY, method=4, icc_profile=profile)
        return target.getvalue()


def _eight_bit(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bit grey, which convert() would cut off at 255 instead of scaling
        return image.convert("F").point(lambda value: value / 257).convert("L").convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")
