"""Variation 4: the name itself is the logo."""

from __future__ import annotations

import math
from functools import reduce

from workhall_logo_generation.render.art import Art, blend, fill, group, stack, stroke
from workhall_logo_generation.render.color import RGB
from workhall_logo_generation.render.path import Path
from workhall_logo_generation.render.shapes import circle, polygon, polyline, rectangle, squircle
from workhall_logo_generation.render.studio import Sheet, Studio, stack_present
from workhall_logo_generation.render.typography import Line, block_art, fit_line, set_line
from workhall_logo_generation.render.wrapping import balanced_lines, split_words

from .ornaments import rule, star_row
from .place import balanced, tone_pair


def minimal(studio: Studio) -> Sheet:
    """Wide, light capitals; a dot and a hairline are all that is added."""
    lines = studio.name_lines(800, 420, studio.grown(150))
    if not lines:
        return _wordless(studio)
    scheme = studio.scheme
    rows = [line.art(scheme.ink) for line in lines]
    last = rows[-1].box
    dot = min(max(lines[0].size * 0.075, 5), 14)
    rows[-1] = group([rows[-1], fill(circle(dot, last.right + dot * 3.2, -dot), scheme.main)])
    hairline = stroke(polyline([(0, 0), (96, 0)]), scheme.main, 4)
    name = stack(rows, lines[0].size * 0.62)
    return balanced(studio, stack_present([name, hairline, studio.tag_art(620, 30, scheme.ink)], 54))


def bold(studio: Studio) -> Sheet:
    """Lines of one width packed into a block, the last one cut out of a slab."""
    setting = studio.voice.name
    text = setting.prepared(studio.name)[0]
    count = min(max(min(len(text.split()), 2), round(len(text) / 9)), 5)
    texts = balanced_lines(split_words(text), count, lambda part: float(len(part)))
    lines = [line for line in (fit_line(part, setting, 800, 330, 420) for part in texts) if line]
    if not lines:
        return _wordless(studio)
    rows = [line.art(studio.scheme.ink) for line in lines[:-1]]
    block = stack([*rows, _slab(studio, lines[-1])], 30).within(820, 700)
    return balanced(studio, stack_present([block, studio.tag_art(block.box.width * 0.8, 38)], 48))


def vintage(studio: Studio) -> Sheet:
    """Capitals on a gentle arch over a diamond rule."""
    lines = studio.name_lines(820, 420, studio.grown(170), most_lines=3)
    if not lines:
        return _wordless(studio)
    scheme = studio.scheme
    arched = _arched(lines[0], scheme.ink)
    rows = [arched, *(line.art(scheme.ink) for line in lines[1:])]
    name = stack(rows, lines[0].size * 0.3) if len(rows) > 1 else arched
    foot = [rule(min(max(name.box.width * 0.72, 280), 620), 4.5, scheme.caption), studio.tag_art(600, 30)]
    return balanced(studio, stack_present([star_row(3, 15, 52, scheme.caption), name, *foot], 46))


def modern(studio: Studio) -> Sheet:
    """The first letter on a blended tile, the rest beside it."""
    first, rest = _split_first(studio.voice.name.prepared(studio.name)[0])
    if not first:
        return _wordless(studio)
    start, end = tone_pair(studio.scheme)
    if not rest or len(rest) > 13 or not first.isalnum():
        return balanced(studio, _underlined(studio, start, end))
    line = set_line(rest, studio.voice.name, 200)
    tile = _tile(studio, first, 200 * 1.36, start, end)
    if line is None:
        return balanced(studio, tile)
    word = line.art(studio.scheme.ink).moved(tile.box.right + 22 - line.box.left, 0)
    name = group([tile, word]).within(820, 400)
    if name.box.width < 820:
        name = name.scaled(min(820 / name.box.width, 1.5))
    return balanced(studio, stack_present([name, studio.tag_art(620, 36)], 50))


def playful(studio: Studio) -> Sheet:
    """Letters that hop, in all colours, each with a shadow."""
    lines = studio.name_lines(800, 560, studio.grown(240), most_lines=4)
    if not lines:
        return _wordless(studio)
    rows = [_hopping(studio, line, place) for place, line in enumerate(lines)]
    name = stack(rows, lines[0].size * 0.16)
    return balanced(studio, stack_present([name, studio.tag_art(600, 34, studio.scheme.ink)], 48))


def _wordless(studio: Studio) -> Sheet:
    """For names no font can write: the symbol with the tagline as its only lettering."""
    return balanced(studio, stack_present([studio.mark(420), studio.tag_art(640, 40)], 70))


def _slab(studio: Studio, line: Line) -> Art:
    """A line cut out of a bar with slanting ends."""
    box, color = line.box, studio.scheme.ink
    pad, slant = box.height * 0.3, box.height * 0.2
    left, right, top, bottom = box.left - pad * 1.3, box.right + pad * 1.3, box.top - pad, box.bottom + pad
    bar = polygon([(left + slant, top), (right + slant, top), (right - slant, bottom), (left - slant, bottom)])
    return group([fill(bar, color), line.art(studio.scheme.ground)]).within(820, 400)


def _arched(line: Line, color: RGB) -> Art:
    """The line bent upwards in the middle by about a sixth of a circle."""
    box = line.box
    radius = max(box.width * 1.25, 300)
    bent = []
    for letter in line.letters:
        middle = letter.box.center[0]
        degrees = math.degrees((middle - box.center[0]) / radius)
        bent.append(letter.moved(-middle, -radius).rotated(degrees))
    return fill(reduce(Path.__add__, bent), color)


def _split_first(text: str) -> tuple[str, str]:
    return text[:1], text[1:] if len(text) > 1 and text[1] != " " else ""


def _tile(studio: Studio, letter: str, size: float, start: RGB, end: RGB) -> Art:
    """A letter in the clear colour on a blended tile, its baseline at 0 like its neighbours'."""
    sign = studio.knockout(start)
    line = set_line(letter, studio.voice.name, size / 1.36)
    cap = -(set_line("H", studio.voice.name, size / 1.36) or Line((rectangle(1, 1),), 1)).box.top
    base = squircle(size).moved(0, -cap / 2)
    glyph = line.art(sign.scheme.main) if line else sign.mark(size * 0.5)
    x, y = glyph.box.center
    return group([blend(base, start, end), glyph.moved(-x, 0 if line else -cap / 2 - y)])


def _underlined(studio: Studio, start: RGB, end: RGB) -> Art:
    """The name flush left over a short blended bar."""
    lines = studio.name_lines(800, 430, studio.grown(170))
    bar = blend(rectangle(200, 20, 10), start, end)
    name = block_art(lines, studio.voice.name, studio.scheme.ink, align=0)
    return stack_present([name, bar, studio.tag_art(700, 30)], 46, align=0) or name


def _hopping(studio: Studio, line: Line, row: int) -> Art:
    if line.size < 70:
        return line.art(studio.scheme.ink)
    parts: list[Art] = []
    for place, letter in enumerate(line.letters):
        color = studio.scheme.colors[(place + row) % 3]
        hop, tilt = (-1) ** place * line.size * 0.045, studio.dice.between(-7, 7)
        moved = letter.rotated(tilt, letter.box.center).moved(0, hop)
        parts.append(fill(moved.moved(line.size * 0.028, line.size * 0.028), studio.scheme.ink))
        parts.append(stroke(moved, studio.scheme.ground, line.size * 0.022, inside=color))
    shadows, faces = parts[::2], parts[1::2]
    return group([*shadows, *faces])
