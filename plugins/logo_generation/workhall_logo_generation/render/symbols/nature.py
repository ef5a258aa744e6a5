"""Motifs of plants and animals."""

from __future__ import annotations

from workhall_logo_generation.render.dice import Dice
from workhall_logo_generation.render.path import Path
from workhall_logo_generation.render.shapes import circle, ellipse, leaf, polyline, smooth

from .model import Piece, Symbol, accent, alternating, line, main, rib, second


def sprout(dice: Dice) -> Symbol:
    """A stem with a larger and a smaller leaf."""
    lean = dice.between(44, 56)
    big = leaf(78, 150).rotated(lean).moved(2, 10)
    small = leaf(62, 112).rotated(-lean).moved(-2, 34)
    veins = [polyline([(0, -22), (0, -104)]).rotated(lean).moved(2, 10)]
    veins.append(polyline([(0, -18), (0, -76)]).rotated(-lean).moved(-2, 34))
    stem = smooth([(0, 100), (-3, 60), (0, 20)], closed=False)
    return Symbol("sprout", (line(stem, 11), main(big), second(small), *(rib(vein, 6) for vein in veins)))


def leaf_fan(dice: Dice) -> Symbol:
    """Leaves that open like a fan from one point."""
    count, width = dice.pick([(3, 84), (5, 62), (7, 48)])
    spread = 132 if count > 3 else 96
    angles = [spread * (i / (count - 1) - 0.5) for i in range(count)]
    leaves = [leaf(width, 150 + 26 * (1 - abs(angle) / 66)).rotated(angle) for angle in angles]
    order = sorted(range(count), key=lambda i: -abs(angles[i]))
    pieces = alternating(leaves)
    return Symbol("leaf", tuple(pieces[i] for i in order))


def split_leaf(dice: Dice) -> Symbol:
    """One tilted leaf, its halves in two tones."""
    tilt = dice.between(28, 42)
    half = Path((*leaf(104, 200).segments[:2], ("Z", ())))
    other = half.scaled(-1, 1)
    veins = [polyline([(0, -60 - 34 * i), (30 - 5 * i, -86 - 34 * i)]) for i in range(3)]
    stem = polyline([(0, 0), (0, 34)])
    pieces = (main(half), second(other), *(rib(vein, 5) for vein in veins), line(stem, 9))
    return Symbol("leaf", tuple(Piece(p.path.rotated(tilt), p.role, p.width) for p in pieces))


def pine(dice: Dice) -> Symbol:
    """A fir of stacked tiers."""
    tiers = dice.pick([3, 4])
    pieces: list[Piece] = [line(polyline([(0, 70), (0, 104)]), 15)]
    for tier in range(tiers):
        width, base = 78 - 50 * (tiers - 1 - tier) / tiers, 80 - 62 * (tiers - 1 - tier) * 3 / tiers
        points = [(0.0, base - 78), (width * 0.44, base - 30), (width, base), (0, base - 13)]
        points += [(-width, base), (-width * 0.44, base - 30)]
        outline = Path((("M", (points[0],)), *(("L", (p,)) for p in points[1:]), ("Z", ())))
        pieces.insert(1, second(outline) if tier % 2 else main(outline))
    return Symbol("pine", tuple(pieces))


def blossom(dice: Dice) -> Symbol:
    """Petals around a dot."""
    count = dice.pick([6, 8])
    petals = [leaf(560 / count * 0.72, 82).moved(0, -19).rotated(360 / count * i) for i in range(count)]
    return Symbol("blossom", (*alternating(petals), accent(circle(15))))


def paw(dice: Dice) -> Symbol:
    """The print of a paw."""
    spread = dice.between(26, 30)
    pad = smooth([(0, -8), (44, 26), (52, 66), (20, 72), (0, 66), (-20, 72), (-52, 66), (-44, 26)])
    toes = [ellipse(19, 28).moved(0, -78).rotated(spread * (i - 1.5)).moved(0, 16) for i in range(4)]
    return Symbol("paw", (main(pad), *(second(toe) for toe in toes)))


def wing(dice: Dice) -> Symbol:
    """Feathers swept to one side, the longest on top."""
    side = dice.pick([1, -1])
    feathers = [leaf(56 - 5 * i, 196 - 40 * i).rotated(52 + 21 * i).moved(-6 * i, 13 * i) for i in range(4)]
    return Symbol("wing", alternating([feather.scaled(side, 1) for feather in reversed(feathers)]))
