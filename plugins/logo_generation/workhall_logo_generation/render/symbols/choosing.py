"""Which motif suits a brief: by the words of name, vision and archetype, else by lot."""

from __future__ import annotations

from workhall_logo_generation.render.brief import LogoBrief
from workhall_logo_generation.render.dice import Dice
from workhall_logo_generation.render.words import words_of

from . import abstract, nature, networks, sky, things, water
from .model import Drawing, Symbol

_MOTIFS: tuple[tuple[str, tuple[Drawing, ...]], ...] = (
    ("leaf plant green garden herb botan organic natur eco grow sustain tea vegan fresh innocent",
     (nature.sprout, nature.leaf_fan, nature.split_leaf)),
    ("pine forest tree wood fir timber north alpin nordic", (nature.pine,)),
    ("flower bloom blossom floral petal beaut skin cosmetic spa lover fragran perfume", (nature.blossom,)),
    ("pet dog cat animal paw vet puppy", (nature.paw,)),
    ("wing bird fly freedom feather angel flight", (nature.wing,)),
    ("ocean sea wave water surf river coast marine swim tide lake beach", (water.waves, water.wave_lines)),
    ("drop aqua pure clean hydrat oil soap wash", (water.drop,)),
    ("sun solar light warm bright glow lumin radiant dawn shine summer optimis", (sky.sun, sky.sunrise, sky.rays)),
    ("moon night sleep dream calm lunar", (sky.moon,)),
    ("magic magician spark wonder star shine creator creat imagin inspir art design", (sky.spark,)),
    ("explor compass travel journey adventur navigat direction discover guide north wander", (sky.compass,)),
    ("energ power electr fast speed bolt flash rebel outlaw charge fitness sport", (sky.bolt,)),
    ("mountain peak climb outdoor summit hik rock trail ski", (sky.mountain,)),
    ("space orbit planet cosmos future galaxy universe innovat", (sky.orbit,)),
    ("home house family interior real estate everyman neighbor hearth living", (things.home,)),
    ("coffee roast espresso cafe café barista", (things.cup, things.bean)),
    ("drink kitchen cook bakery restaurant", (things.cup,)),
    ("book sage learn school educat story read wisdom knowledge teach publish", (things.book,)),
    ("crown ruler royal luxur king queen premium gentlem extraordinary noble elegan", (things.crown,)),
    ("secur safe protect hero shield trust guard defen insur law", (things.shield,)),
    ("love heart care caregiver health wellness wedding charity kind", (things.heart,)),
    ("jewel gem diamond precious crystal ring", (things.gem,)),
    ("craft build architect stone handmade carpent construct found artisan mason",
     (things.key_stone, networks.cube)),
    ("tech data ai network cloud software digital code cyber connect internet smart",
     (networks.nodes, networks.circuit, networks.hive)),
    ("media radio music sound audio podcast signal broadcast stream", (networks.signal,)),
    ("financ growth invest bank market trade scale success money", (networks.bars,)),
    ("honey bee hive team", (networks.hive,)),
    ("fun joy play jester kid child game laugh happy talk chat friend party", (networks.bubble,)),
    ("communit people together social unity human support club", (networks.people, networks.knot)),
    ("deliver send mail courier logistic ship transport", (networks.arrow,)),
)  # fmt: skip
"""Stems of words, each group with the motifs it calls for (the twelve archetypes of C. Jung among them)."""

_FREE: tuple[Drawing, ...] = (
    abstract.petals, abstract.rings, abstract.aperture, abstract.ripples, abstract.pinwheel, abstract.chevrons,
    abstract.stripes, abstract.quatrefoil, abstract.steps, networks.knot, networks.cube, sky.spark,
)  # fmt: skip


def choose_symbol(brief: LogoBrief, index: int, dice: Dice) -> Symbol:
    """The motif for one logo, 200 units on its longer side.

    The motifs the texts call for take turns over the logos of a batch; without any, abstract ones do.
    """
    called = _called_for(brief)
    options = Dice.for_brief(brief, "motif").shuffled(called or _FREE)
    return options[index % len(options)](dice).normalized()


def _called_for(brief: LogoBrief) -> list[Drawing]:
    """The motifs of the best-matching groups; words of the name and archetype weigh more than the vision's."""
    weights = {
        "name": (brief.brand_name, 3),
        "archetype": (brief.archetype or "", 2),
        "vision": (brief.brand_vision, 1),
    }
    scores: list[tuple[int, tuple[Drawing, ...]]] = []
    for stems, drawings in _MOTIFS:
        score = sum(weight for text, weight in weights.values() for word in words_of(text) if _matches(word, stems))
        if score:
            scores.append((score, drawings))
    best = max((score for score, _ in scores), default=0)
    drawn = [drawing for score, drawings in scores if score * 2 > best for drawing in drawings]
    return list(dict.fromkeys(drawn))


def _matches(word: str, stems: str) -> bool:
    lowered = word.lower()
    return any(lowered in (stem, stem + "s") or (len(stem) > 3 and lowered.startswith(stem)) for stem in stems.split())
