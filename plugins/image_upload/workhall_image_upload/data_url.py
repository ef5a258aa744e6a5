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
    if head.end() == len(url):
        raise ValueError("The data URL holds no picture.")
    size = _decoded_size(url, head.end())
    if size > max_bytes:
        raise ValueError(f"The data URL holds {size} bytes, more than the {max_bytes} that are accepted.")
    return _decode(url[head.end() :], size)


def _decoded_size(url: str, start: int) -> int:
    padding = 2 if url.endswith("==") else int(url.endswith("="))
    return (len(url) - start) * 3 // 4 - padding


def _decode(text: str, size: int) -> bytes:
    try:
        decoded = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:  # also what a character outside ASCII raises
        raise ValueError("The data URL is not valid base64.") from error
    if len(decoded) != size:  # padding that belongs to nothing, which Python lets through
        raise ValueError("The data URL is not valid base64.")
    return decoded
