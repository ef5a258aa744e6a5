"""Decides whether a file is a picture that may be stored, by decoding it; names and headers count for nothing."""

from __future__ import annotations

import contextlib
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageSequence, UnidentifiedImageError

MAX_PIXELS = 50_000_000  # of all frames together
MAX_FRAMES = 1_000
# Of a JPEG, over all its scans. A progressive JPEG may pass over its whole area again for some 60 bytes of file, so two
# megabytes could keep a processor busy for hours; 50 megapixels in 50 scans take about three seconds.
MAX_SCANNED_PIXELS = 2_500_000_000

_KINDS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "GIF": "gif"}  # format: file name extension
# What Pillow's decoders raise when a file is not what its first bytes promise.
_DAMAGE = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    struct.error,
    zlib.error,
)

# Once and for the process: switching warnings to errors for each picture is not safe between threads. The limit
# here is far below the size that Pillow warns at, so a picture is refused even where this filter is undone.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class UnsafePicture(ValueError):
    """The file is no picture that may be stored; its message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a file turned out to be.

    Attributes:
        format: ``PNG``, ``JPEG``, ``WEBP`` or ``GIF``.
        mime_type: the media type to store and serve it with.
        width: pixels.
        height: pixels.
        extension: for file names, without the dot.
    """

    format: str
    mime_type: str
    width: int
    height: int
    extension: str


def verify_image(file: BinaryIO) -> Picture:
    """Check the checksums of the picture in `file`, decode all of it and say what it is.

    Decoding 50 megapixels takes a second or so: call this outside the event loop. The file is read from its start
    and left anywhere.

    Raises:
        UnsafePicture: not a PNG, JPEG, WEBP or GIF, damaged, cut off, or beyond the limits above.
    """
    with open_picture(file) as image:
        image.verify()
    with open_picture(file) as image:  # verify() leaves an image that cannot be decoded any more
        kind = kind_of(image)
        width, height = image.size
        for frame in frames_of(image):
            frame.load()
        return Picture(kind, Image.MIME[kind], width, height, _KINDS[kind])


@contextlib.contextmanager
def open_picture(file: BinaryIO) -> Iterator[Image.Image]:
    """Open the picture in `file` and turn whatever goes wrong while it is used into one sentence.

    Raises:
        UnsafePicture: as `verify_image`.
    """
    try:
        with Image.open(file, formats=tuple(_KINDS)) as image:
            _require_pixels(image.width * image.height)
            if kind_of(image) == "JPEG":
                _require_few_scans(file, image.width * image.height)
            yield image
    except UnsafePicture:
        raise
    except UnidentifiedImageError as error:
        raise UnsafePicture("The file is not a readable PNG, JPEG, WEBP or GIF picture.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnsafePicture(f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels.") from error
    except _DAMAGE as error:
        raise UnsafePicture("The picture is damaged or cut off.") from error


def kind_of(image: Image.Image) -> str:
    """Return ``PNG``, ``JPEG``, ``WEBP`` or ``GIF``; a camera's multi-picture file (MPO) is a JPEG with an annex."""
    return "JPEG" if image.format == "MPO" else str(image.format)


def frames_of(image: Image.Image) -> Iterator[Image.Image]:
    """Yield `image` at each of its frames, not yet decoded, as long as they stay within the limits.

    Raises:
        UnsafePicture: too many frames or too many pixels in all.
    """
    if kind_of(image) == "JPEG":  # the further pictures of an MPO file are never stored
        yield image
        return
    pixels = 0
    for number, frame in enumerate(ImageSequence.Iterator(image), start=1):
        pixels += frame.width * frame.height  # a GIF may grow from frame to frame
        if number > MAX_FRAMES:
            raise UnsafePicture(f"The picture has more than {MAX_FRAMES} frames.")
        _require_pixels(pixels)
        yield frame


def _require_few_scans(file: BinaryIO, pixels: int) -> None:
    file.seek(0)
    scans = file.read().count(b"\xff\xda")  # also what looks like one in a preview or behind the end: hence the slack
    if scans * pixels > MAX_SCANNED_PIXELS:
        raise UnsafePicture(f"The JPEG picture has {scans} scans, far more than its size needs.")


def _require_pixels(pixels: int) -> None:
    if pixels > MAX_PIXELS:
        raise UnsafePicture(f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels.")
