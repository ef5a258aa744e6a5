"""Lists the parts that a picture file is made of, and which of them are something else than picture.

Only the outer structure is walked (chunks, segments, blocks), as laid down in the PNG specification (W3C, third
edition), ITU-T T.81 with JFIF, GIF89a and the WebP container specification (RFC 9649). Content credentials (C2PA: PNG
``caBX``, JPEG APP11, WEBP ``C2PA``) count as picture: providers sign what they generate with them, and a signature
survives only in untouched bytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

BROKEN = "broken structure"
TRAILING = "trailing data"

# fmt: off
_PNG_PARTS = frozenset([
    "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "bKGD", "hIST", "pHYs", "sPLT", "sBIT", "tIME",
    "cHRM", "gAMA", "iCCP", "sRGB", "cICP", "mDCV", "cLLI", "acTL", "fcTL", "fdAT", "caBX",
])
# fmt: on
_JPEG_PARTS = frozenset(
    [f"{code:02X}" for code in (*range(0xC0, 0xD0), 0xD9, 0xDA, 0xDB, 0xDC, 0xDD)]
    + ["APP0 JFIF", "APP2 ICC_PROFILE", "APP11 JP", "APP14 Adobe"]
)
_WEBP_PARTS = frozenset(["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP", "C2PA"])
_GIF_PARTS = frozenset(["frame", "control", "NETSCAPE2.0", "ANIMEXTS1.0"])

_JPEG_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)  # may be preceded by fill bytes
_JPEG_SCAN_END = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])", re.DOTALL)  # stuffed zeros and restarts belong to a scan
_EOI, _SOS, _APP0, _APP15 = 0xD9, 0xDA, 0xE0, 0xEF
_PLAIN_JFIF_LENGTH = 16  # without the thumbnail that may follow
_GIF_FIXED_LENGTHS = {"control": 8, "NETSCAPE2.0": 19, "ANIMEXTS1.0": 19}  # whole blocks, terminator included


def parts_of(data: bytes, kind: str) -> list[str]:
    """Name the parts of a picture file in order; the last is `TRAILING` or `BROKEN` where that applies.

    Args:
        data: the whole file.
        kind: ``PNG``, ``JPEG``, ``WEBP`` or ``GIF``, found out by decoding it.
    """
    parts: list[str] = []
    try:
        end = _WALKERS[kind][0](data, parts)
    except (IndexError, struct.error):
        return [*parts, BROKEN]
    return parts if end == len(data) else [*parts, TRAILING]


def foreign_parts(data: bytes, kind: str) -> list[str]:
    """Name those parts of a picture file that are neither picture, colour, animation nor content credentials.

    That is EXIF, XMP, IPTC, comments, texts, previews, unknown parts, and bytes after the end.
    """
    known = _WALKERS[kind][1]
    return [part for part in parts_of(data, kind) if part not in known]


def _walk_png(data: bytes, parts: list[str]) -> int:
    position, name = 8, ""
    while name != "IEND":
        length, chunk = struct.unpack_from(">I4s", data, position)
        name = chunk.decode("latin-1")
        parts.append(name)
        position += 12 + length
    return position


def _walk_jpeg(data: bytes, parts: list[str]) -> int:
    position, in_scan = 2, False
    while marker := (_JPEG_SCAN_END.search if in_scan else _JPEG_MARKER.match)(data, position):
        code, start = marker[1][0], marker.end()
        if code == _EOI:
            return start
        length = struct.unpack_from(">H", data, start)[0]
        parts.append(_segment_name(code, data[start + 2 : start + length]))
        position, in_scan = start + length, code == _SOS
    raise IndexError(position)


def _segment_name(code: int, content: bytes) -> str:
    if not _APP0 <= code <= _APP15:
        return f"{code:02X}"
    name = f"APP{code - _APP0} {content.split(bytes(1), 1)[0][:16].decode('latin-1')}"
    if name == "APP0 JFIF" and len(content) + 2 != _PLAIN_JFIF_LENGTH:
        return "APP0 JFIF with more"
    return name


def _walk_webp(data: bytes, parts: list[str]) -> int:
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    return _walk_riff(data, 12, end, parts)


def _walk_riff(data: bytes, position: int, end: int, parts: list[str]) -> int:
    while position < end:
        chunk, length = struct.unpack_from("<4sI", data, position)
        parts.append(chunk.decode("latin-1"))
        if chunk == b"ANMF":  # 16 bytes about the frame, then the chunks of the frame
            _walk_riff(data, position + 24, position + 8 + length, parts)
        position += 8 + length + length % 2
    return position


def _walk_gif(data: bytes, parts: list[str]) -> int:
    position = 13 + _table_length(data[10])
    while (introducer := data[position : position + 1]) != b";":
        start = position
        if introducer == b",":
            name = "frame"
            position = _after_blocks(data, position + 11 + _table_length(data[position + 9]))
        elif introducer == b"!":
            name = _extension_name(data, position)
            position = _after_blocks(data, position + 2)
        else:
            raise IndexError(position)
        expected = _GIF_FIXED_LENGTHS.get(name, position - start)
        parts.append(name if position - start == expected else f"{name} with more")
    return position + 1


def _extension_name(data: bytes, position: int) -> str:
    label = data[position + 1]
    if label == 0xFF:
        return data[position + 3 : position + 14].decode("latin-1")
    return {0xF9: "control", 0xFE: "comment", 0x01: "plain text"}.get(label, "unknown extension")


def _table_length(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, position: int) -> int:
    while length := data[position]:
        position += length + 1
    return position + 1


_WALKERS: dict[str, tuple[Callable[[bytes, list[str]], int], frozenset[str]]] = {
    "PNG": (_walk_png, _PNG_PARTS),
    "JPEG": (_walk_jpeg, _JPEG_PARTS),
    "WEBP": (_walk_webp, _WEBP_PARTS),
    "GIF": (_walk_gif, _GIF_PARTS),
}
