"""The steps that turn a picture and a plan into the refined picture."""

from __future__ import annotations

import io

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from workhall_logo_generation.render.art import CANVAS, Art, document, group, stroke
from workhall_logo_generation.render.brief import LogoBrief
from workhall_logo_generation.render.color import RGB, luminance
from workhall_logo_generation.render.layouts.ornaments import double_frame
from workhall_logo_generation.render.palette import Scheme
from workhall_logo_generation.render.raster import rasterize
from workhall_logo_generation.render.shapes import circle, rectangle
from workhall_logo_generation.render.typography import fit_line
from workhall_logo_generation.render.voice import VOICES

from .notes import Wishes, read_notes
from .picture import Picture, read_picture
from .plan import Plan, make_plan
from .recolor import recolored

_MIDDLE = CANVAS / 2
_ROOM = {"none": 800, "ring": 610, "frame": 690}
"""Longest edge in pixels of what stands inside each kind of frame."""


def refine_logo(previous: bytes, notes: str, brief: LogoBrief, index: int) -> bytes:
    """The given picture, changed as the notes ask, as a PNG of 1024 x 1024 pixels.

    Its shapes stay; colours move towards the palette, and ground, weight, frame and tagline follow the
    notes, or where these are silent the 0-based index. The same input gives the same bytes. Raises
    ValueError with one sentence if `previous` is not a readable PNG, JPEG or WebP picture.
    """
    picture = read_picture(previous)
    wishes = read_notes(notes)
    plan = make_plan(picture, wishes, brief, index)
    image = _weighted(picture, plan.weight)
    image = recolored(image, plan.pairs)
    sheet = _toned(_placed(image, picture, plan), wishes)
    if wishes.shadow:
        sheet = _shadowed(sheet)
    return _dressed(sheet, plan, brief)


def _weighted(picture: Picture, weight: int) -> Image.Image:
    """Lines thickened or thinned by growing or shrinking what is not ground, a pixel on each side a step."""
    dark_ink = luminance(picture.ground) > 0.3
    grow = ImageFilter.MinFilter if dark_ink == (weight > 0) else ImageFilter.MaxFilter
    image = picture.image
    for _ in range(abs(weight)):
        changed = image.filter(grow(3))
        image = changed if weight > 0 else Image.blend(image, changed, 0.5)
    return image


def _toned(image: Image.Image, wishes: Wishes) -> Image.Image:
    toned = ImageEnhance.Contrast(image).enhance(wishes.contrast)
    toned = ImageEnhance.Color(toned).enhance(wishes.saturation)
    toned = ImageEnhance.Brightness(toned).enhance(wishes.brightness)
    if not wishes.warmth:
        return toned
    red, green, blue = toned.split()
    push = 0.12 * wishes.warmth
    return Image.merge(
        "RGB", (_levels(red, 1 + push * 0.5), _levels(green, 1 - abs(push) * 0.1), _levels(blue, 1 - push))
    )


def _placed(image: Image.Image, picture: Picture, plan: Plan) -> Image.Image:
    """What stands on the ground, cut out and fitted into the room the frame leaves.

    A picture without a plain edge stays whole and becomes a card with rounded corners.
    """
    ground = _ground_of(image) if picture.plain_edge else plan.scheme.ground
    subject = image.crop(_subject(image, ground)) if picture.plain_edge else image
    room = _ROOM[plan.frame] * (0.86 if plan.tagline else 1)
    factor = min(room / max(subject.size), 1.6) * min(plan.scale, 1.12)
    width, height = (max(round(edge * factor), 1) for edge in subject.size)
    scaled = subject.resize((width, height), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", (CANVAS, CANVAS), ground)
    top = (CANVAS - height) // 2 - (46 if plan.tagline else 0)
    sheet.paste(scaled, ((CANVAS - width) // 2, top), None if picture.plain_edge else _card(width))
    return sheet


def _subject(image: Image.Image, ground: RGB) -> tuple[int, int, int, int]:
    """The box around everything that is not ground."""
    difference = ImageChops.difference(image, Image.new("RGB", image.size, ground)).convert("L")
    found = difference.point([255 if value > 12 else 0 for value in range(256)]).getbbox()
    return found or (0, 0, image.width, image.height)


def _dressed(sheet: Image.Image, plan: Plan, brief: LogoBrief) -> bytes:
    """Frame and tagline drawn on top, in colours that can be read on the sheet's own ground."""
    scheme = plan.scheme.on(_ground_of(sheet))
    parts = [part for part in (_frame(plan, brief, scheme), _tag(plan, brief, scheme)) if part]
    if parts:
        overlay = Image.open(io.BytesIO(rasterize(document(None, parts)))).convert("RGBA")
        sheet = Image.alpha_composite(sheet.convert("RGBA"), overlay).convert("RGB")
    out = io.BytesIO()
    sheet.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _frame(plan: Plan, brief: LogoBrief, scheme: Scheme) -> Art | None:
    if plan.frame == "none":
        return None
    if plan.frame == "ring":
        lines = ((452, 10), (426, 3))
        return group([stroke(circle(radius), scheme.ink, width) for radius, width in lines]).moved(_MIDDLE, _MIDDLE)
    if brief.logo_style == "vintage":
        return double_frame(900, 900, 56, scheme.ink).moved(_MIDDLE, _MIDDLE)
    radius = {"minimal": 0, "bold": 0, "modern": 70, "playful": 110}[brief.logo_style]
    width = 5 if brief.logo_style == "minimal" else 16
    return stroke(rectangle(900, 900, radius), scheme.main, width).moved(_MIDDLE, _MIDDLE)


def _tag(plan: Plan, brief: LogoBrief, scheme: Scheme) -> Art | None:
    width, y = (440, 812) if plan.frame == "ring" else (700, 868)
    line = fit_line(plan.tagline, VOICES[brief.logo_style].tag, width, 60, 38) if plan.tagline else None
    return line.art(scheme.caption).centered(_MIDDLE, y) if line else None


def _shadowed(sheet: Image.Image) -> Image.Image:
    """A soft shadow to the lower right of whatever is not ground."""
    ground = Image.new("RGB", sheet.size, _ground_of(sheet))
    mask = ImageChops.difference(sheet, ground).convert("L").point([min(255, value * 4) for value in range(256)])
    soft = (
        ImageChops.offset(mask, 10, 14)
        .filter(ImageFilter.GaussianBlur(9))
        .point([value * 90 // 255 for value in range(256)])
    )
    shaded = Image.composite(Image.new("RGB", sheet.size, (12, 12, 16)), ground, soft)
    return Image.composite(sheet, shaded, mask)


def _card(size: int) -> Image.Image:
    """A mask with rounded corners, drawn large and reduced for soft edges."""
    mask = Image.new("L", (size * 2, size * 2), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size * 2 - 1, size * 2 - 1), size // 8, fill=255)
    return mask.resize((size, size), Image.Resampling.LANCZOS)


def _levels(channel: Image.Image, factor: float) -> Image.Image:
    return channel.point([min(255, round(value * factor)) for value in range(256)])


def _ground_of(image: Image.Image) -> RGB:
    pixel = image.getpixel((1, 1))
    return RGB(*(int(channel) for channel in pixel[:3])) if isinstance(pixel, tuple) else RGB(255, 255, 255)
