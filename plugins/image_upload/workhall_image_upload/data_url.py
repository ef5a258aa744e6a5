"""Reads pictures that arrive inside a ``data:`` URL, as the bundle provider sends them."""

from __future__ import annotations

import binascii
import re

_HEAD = re.compile(r"data:image/(?:png|jpeg|webp|gif);base64,", re.IGNORECASE | re.ASCII)
_SHOWN = 40  # characters of a refused URL that an error message repeats


def decode_data_url(url: str, max_bytes: int) -> bytes:
    """Return the bytes of a ``data:image/(png|jpeg|webp|gif);base64,…`` URL (RFC 2397, RFC 4648 §4).

    The media type is only a claim; `workhall_image_upload.picture.verify_image` finds out what the bytes are.

    Args:
        url: the whole URL.
        max_bytes: the largest decoded size that is accepted; checked before anything is decoded.

    Raises:
        ValueError: another kind of URL, too large, empty or not strictly base64; its message is one sentence.
    """
    head = _HEAD.match(url)
    if head is None:
        raise ValueError(
            "A data URL must start with data:image/ and png, jpeg, webp or gif, then ;base64, "
            f"but this one starts with {url[:_SHOWN]!r}."
        )
    _require_size(url, head.end(), max_bytes)
    try:
        decoded = binascii.a2b_base64(url[head.end() :], strict_mode=True)
    except ValueError as error:  # also what a character outside ASCII raises
        raise ValueError("The data URL is not valid base64.") from error
    if not decoded:
        raise ValueError("The data URL holds no picture.")
    return decoded


def _require_size(url: str, start: int, max_bytes: int) -> None:
    padding = 2 if url.endswith("==") else int(url.endswith("="))
    size = (len(url) - start) * 3 // 4 - padding
    if size > max_bytes:
        raise ValueError(f"The data URL holds {size} bytes, more than the {max_bytes} that are accepted.")
