"""The embedded renderer: same input, same bytes; any input, a decent picture."""

from __future__ import annotations

import hashlib
import io
import os
import random
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import pytest
from PIL import Image, ImageChops, ImageStat
from workhall_logo_generation.render import (
    VARIATIONS,
    LogoBrief,
    LogoStyle,
    logo_svg,
    refine_logo,
    render_logo,
)
from workhall_logo_generation.render.color import RGB, contrast, luminance, parse_color
from workhall_logo_generation.render.palette import MARK_RATIO, build_scheme
from workhall_logo_generation.render.refine.picture import read_picture
from workhall_logo_generation.render.voice import VOICES
from workhall_logo_generation.render.words import initials, tagline

STYLES: tuple[LogoStyle, ...] = get_args(LogoStyle)
PALETTE = ("#E4572E", "#2E4057", "#F3A712")
FOREST = ("#2D6A4F", "#95D5B2", "#F6EFE0", "#1B4332")
AWKWARD = (
    "A",
    "Ø",
    "东京",
    "🦊",
    "مرحبا",
    '<b>&"x',
    "",
    "   ",
    "\x00\ud800\u202e",
    "The Extraordinary Gentlemen Coffee Company",
    ("Wonderful Goods & Services of the Western Hills " * 5)[:200],
    "x" * 200,
)
BLEEDING = {("bold", 4), ("bold", 7)}
"""Designs whose fields of colour reach the edge on purpose."""


def brief(style: LogoStyle = "modern", name: str = "Lumina", palette: tuple[str, ...] = PALETTE) -> LogoBrief:
    return LogoBrief(name, style, palette, "Bring warm light to every home", "Creator")


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def rgb(data: bytes) -> Image.Image:
    return opened(data).convert("RGB")


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def figure(image: Image.Image) -> Image.Image:
    """What stands on the ground, as a 96 x 96 mask cut to its own extent."""
    ground = Image.new("RGB", image.size, image.getpixel((2, 2)))
    mask = ImageChops.difference(image, ground).convert("L").point(lambda value: 255 if value > 24 else 0)
    return mask.crop(mask.getbbox()).resize((96, 96)).point(lambda value: 255 if value > 127 else 0)


def overlap(one: Image.Image, other: Image.Image) -> float:
    """Shared area of two masks over their joint area."""
    both, either = ImageChops.darker(one, other), ImageChops.lighter(one, other)
    return ImageStat.Stat(both).sum[0] / max(ImageStat.Stat(either).sum[0], 1)


def edge(image: Image.Image, width: int = 20) -> list[tuple[int, int]]:
    """Range of each channel along the picture's edge."""
    framed = image.copy()
    middle = image.getpixel((1, 1))
    framed.paste(middle, (width, width, image.width - width, image.height - width))
    return framed.getextrema()


@pytest.fixture(scope="module")
def lumina() -> bytes:
    return render_logo(brief("modern"), 4)


def test_variations_come_in_the_order_of_the_requirements() -> None:
    names = [variation.name for variation in VARIATIONS]
    assert names == [
        "icon",
        "lettermark",
        "emblem",
        "wordmark",
        "combination",
        "geometric",
        "organic",
        "negative-space",
    ]
    assert len({variation.prompt for variation in VARIATIONS}) == 8


@pytest.mark.parametrize("style", STYLES)
def test_every_style_has_eight_different_pictures_inside_the_margins(style: LogoStyle) -> None:
    pictures = [render_logo(brief(style), index) for index in range(8)]
    assert len({hashlib.sha256(picture).digest() for picture in pictures}) == 8
    for index, picture in enumerate(pictures):
        image = opened(picture)
        assert image.format == "PNG"
        assert image.size == (1024, 1024)
        assert image.mode in ("RGB", "RGBA")
        colors = image.convert("RGB")
        assert len(colors.resize((128, 128)).getcolors(20_000)) > 8, "an empty picture"
        if (style, index) not in BLEEDING:
            assert all(high - low <= 2 for low, high in edge(colors)), f"{style} {index} touches the edge"


def test_same_input_gives_the_same_bytes_in_another_process_and_in_threads() -> None:
    script = (
        "import hashlib, sys\n"
        "from workhall_logo_generation.render import LogoBrief, refine_logo, render_logo\n"
        "palette = ('#E4572E', '#2E4057', '#F3A712')\n"
        "brief = LogoBrief('Lumina', 'playful', palette, 'Bring warm light to every home', 'Creator')\n"
        "first = render_logo(brief, 3)\n"
        "print(hashlib.sha256(first + refine_logo(first, 'warm muted retro ring', brief, 5)).hexdigest())\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    elsewhere = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
    )
    with ThreadPoolExecutor(3) as pool:
        threads = list(pool.map(lambda index: render_logo(brief("playful"), index), (3, 3, 2)))
    here = threads[0] + refine_logo(threads[0], "warm muted retro ring", brief("playful"), 5)
    assert threads[0] == threads[1] != threads[2]
    assert elsewhere.stdout.strip() == hashlib.sha256(here).hexdigest()


def test_the_index_and_every_part_of_the_brief_count() -> None:
    plain = brief("vintage")
    others = [
        logo_svg(plain, 8),
        logo_svg(brief("vintage", "Lumino"), 0),
        logo_svg(brief("minimal"), 0),
        logo_svg(brief("vintage", palette=FOREST), 0),
        logo_svg(LogoBrief("Lumina", "vintage", PALETTE, "Fresh bread", "Creator"), 0),
    ]
    assert len({logo_svg(plain, 0), *others}) == 6


def test_names_without_letters_still_give_pictures() -> None:
    pictures = {render_logo(brief("playful", name), 3) for name in ("东京", '<b>&"x')}
    assert {opened(picture).size for picture in pictures} == {(1024, 1024)}
    assert len(pictures) == 2


@pytest.mark.parametrize("name", AWKWARD, ids=range(len(AWKWARD)))
def test_awkward_names_become_safe_drawings(name: str) -> None:
    for index in range(8):
        given = LogoBrief(name, STYLES[(index + len(name)) % 5], PALETTE, f"{name} <script> & more", name or None)
        tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(logo_svg(given, index)).iter()}
        assert tags <= {"svg", "rect", "g", "path", "clipPath", "linearGradient", "stop"}


def test_no_letter_is_drawn_that_the_fonts_lack() -> None:
    for voice in VOICES.values():
        for setting in (voice.name, voice.initial, voice.tag):
            assert setting.prepared("东京 🦊 مرحبا")[0] == ""
            text, face = setting.prepared("Café Ñandú ⓐ 东")
            assert face.has(text)
            assert text.upper() == "CAFÉ ÑANDÚ A"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Lumina", "L"),
        ("North & Pine", "NP"),
        ("The Extraordinary Gentlemen Coffee Company", "EGC"),
        ('<b>&"x', "BX"),
        ("Ø", "Ø"),
        ("&", "&"),
        ("东京", ""),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_tagline_takes_the_weighty_words() -> None:
    assert tagline("We bring warm light to every home", None) == "warm · light · home"
    assert tagline("", "The Explorer") == "The · Explorer"
    assert tagline("", None) == ""


def test_vision_chooses_the_motif() -> None:
    ocean = LogoBrief("Zq", "bold", PALETTE, "Surf and ocean waves", None)
    forest = LogoBrief("Zq", "bold", PALETTE, "A forest of pine trees", None)
    from workhall_logo_generation.render.dice import Dice
    from workhall_logo_generation.render.symbols import choose_symbol

    assert {choose_symbol(ocean, index, Dice(index)).name for index in range(4)} == {"waves"}
    assert {choose_symbol(forest, index, Dice(index)).name for index in range(4)} == {"pine"}


def test_colors_are_read_or_made_up_stably() -> None:
    assert parse_color("#f00") == parse_color("#FF0000") == parse_color(" Red ") == RGB(255, 0, 0)
    assert parse_color("rebeccapurple") == RGB(0x66, 0x33, 0x99)
    assert parse_color("ocean breeze") == parse_color("ocean breeze") != parse_color("warm sand")


def test_lettering_and_marks_can_be_read_on_every_ground() -> None:
    dice = random.Random(7)
    for _ in range(150):
        palette = [f"#{dice.randrange(0x1000000):06x}" for _ in range(dice.randint(1, 8))]
        for kind in ("light", "brand", "dark"):
            scheme = build_scheme(palette, dice.choice(STYLES), kind, dice.randrange(4))
            assert contrast(scheme.ink, scheme.ground) >= 4.5, (palette, kind)
            assert contrast(scheme.main, scheme.ground) >= MARK_RATIO - 0.01, (palette, kind)
            assert contrast(scheme.caption, scheme.ground) >= 4.5, (palette, kind)


def test_refining_alters_the_picture_but_keeps_its_figure(lumina: bytes) -> None:
    before = rgb(lumina)
    stranger = figure(rgb(render_logo(brief("vintage"), 2)))
    refined = [refine_logo(lumina, "", brief("modern", palette=FOREST), index) for index in (0, 1, 3)]
    assert len(set(refined)) == 3
    for data in refined:
        after = opened(data)
        assert (after.format, after.size, after.mode) == ("PNG", (1024, 1024), "RGB")
        assert 3 < mean_difference(before, after) < 200
        assert overlap(figure(before), figure(after)) > 0.75
    assert overlap(figure(before), stranger) < 0.6


def test_refining_is_deterministic_and_follows_the_notes(lumina: bytes) -> None:
    given = brief("modern")
    plain = refine_logo(lumina, "", given, 0)
    assert plain == refine_logo(lumina, "", given, 0)
    notes = ("put it in a circle", 'tagline "Since forever"', "use teal", "much bolder")
    assert len({plain, *(refine_logo(lumina, text, given, 0) for text in notes)}) == 5


def test_refining_reads_colors_from_the_notes(lumina: bytes) -> None:
    dark = rgb(refine_logo(lumina, "Please a dark background", brief(), 0))
    assert luminance(RGB(*dark.getpixel((3, 3)))) < 0.1
    navy = rgb(refine_logo(lumina, "make the background #001f5b", brief(), 0))
    assert navy.getpixel((3, 3)) == pytest.approx((0, 0x1F, 0x5B), abs=12)
    grey = rgb(refine_logo(lumina, "black and white only", brief(), 0)).resize((64, 64))
    assert max(ImageStat.Stat(grey.convert("HSV").getchannel("S")).extrema[0]) < 60
    kept = read_picture(refine_logo(lumina, "keep the colors, add a border", brief(palette=FOREST), 0))
    assert all(abs(a - b) < 12 for a, b in zip(kept.ground, read_picture(lumina).ground, strict=True))


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_other_formats_and_shapes_are_taken(form: str) -> None:
    source = Image.effect_mandelbrot((400, 260), (-2, -1.3, 1, 1.3), 60).convert("RGB")
    out = io.BytesIO()
    source.save(out, form)
    assert opened(refine_logo(out.getvalue(), "more contrast", brief("vintage"), 2)).size == (1024, 1024)


def bomb() -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


@pytest.mark.parametrize("damage", ["empty", "text", "truncated", "bomb", "svg"])
def test_a_picture_that_cannot_be_read_is_refused_in_one_sentence(damage: str, lumina: bytes) -> None:
    data = {
        "empty": b"",
        "text": b"not a picture",
        "truncated": lumina[: len(lumina) // 3],
        "bomb": bomb(),
        "svg": logo_svg(brief(), 0).encode(),
    }[damage]
    with pytest.raises(ValueError, match=r"^The previous logo .*\.$"):
        refine_logo(data, "", brief(), 0)
