"""Seeded, realistic layout problems: families of shelves, shared items, and a rulebook of fifteen rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations

import numpy as np

from layout.objective import page_values, penalties
from layout.rules import (
    Calibration,
    ItemOverlap,
    MaxCount,
    MinCount,
    MinGap,
    NoEqualNeighbours,
    Pinned,
    PrefixQuota,
    SlotRange,
    SponsoredSpacing,
    VerticalSpace,
    VisitStability,
)
from layout.selector import Selector
from layout.types import (
    Attribute,
    Grid,
    Ints,
    LayoutShelf,
    Mask,
    PageContext,
    Pages,
    Presentation,
    Problem,
    Rule,
    Slot,
)
from layout.validate import inputs_of

_FAMILIES = ("history", "because", "genre", "editorial", "trending", "friends", "spoken", "watch")
_CONTENT = {"spoken": ("podcast", "audiobook"), "watch": ("video",)}
_GENRES = ("rock", "pop", "jazz", "electronic", "hip hop", "folk", "classical", "")


_PRESENTATIONS = {
    "carousel": Presentation(1, 10, 1.0),
    "hero": Presentation(2, 3, 1.3),
    "compact": Presentation(1, 6, 0.9),
}


def grid(size: int) -> Grid:
    """A grid whose examination falls by a tenth per slot."""
    return Grid("phone", tuple(Slot(round(0.97 * 0.9**k, 4), k // 3) for k in range(size)), 10)


def rulebook(min_items: int = 4) -> tuple[Rule, ...]:
    """Fifteen rules as a service would write them, two of them soft."""
    return (
        Pinned(id="history-first", selector=Selector({"family": "history"}), slot=1, relaxation=5),
        SlotRange(id="watch-below", selector=Selector({"content_type": "video"}), first=4, relaxation=2),
        MaxCount(id="few-because", selector=Selector({"family": "because"}), count=3, relaxation=4),
        MaxCount(id="few-genre", selector=Selector({"family": "genre"}), count=3, relaxation=4),
        MaxCount(id="few-editorial", selector=Selector({"family": "editorial"}), count=2, relaxation=4),
        MinCount(id="some-podcast", selector=Selector({"content_type": "podcast"}), count=1, relaxation=1),
        MinCount(
            id="some-fresh", selector=Selector({"family": ["friends", "trending"]}), count=2, relaxation=1
        ),
        MinGap(id="spoken-apart", selector=Selector({"family": "spoken"}), gap=2, relaxation=3),
        NoEqualNeighbours(id="families-alternate", attribute="family", relaxation=3),
        NoEqualNeighbours(id="genres-alternate", attribute="genre", relaxation=0),
        PrefixQuota(
            id="music-above", selector=Selector({"content_type": "music"}), prefix=4, lo=2, hi=3, relaxation=2
        ),
        SponsoredSpacing(id="sponsors", clear_first=2, gap=3, cap=2),
        ItemOverlap(id="no-repeats", min_items=min_items, relaxation=6),
        Calibration(id="in-proportion", attribute="content_type", weight=0.01),
        VisitStability(id="familiar", weight=0.002),
    )


def shelves(rng: np.random.Generator, count: int, crowding: float = 1.0) -> tuple[LayoutShelf, ...]:
    """Shelves of eight families with genres, some sponsors, and items that alike shelves share."""
    made = []
    for i in range(count):
        family = _FAMILIES[rng.integers(len(_FAMILIES))]
        content = str(rng.choice(_CONTENT.get(family, ("music",))))
        genre = str(rng.choice(_GENRES))
        attributes: dict[str, Attribute] = {
            "family": family,
            "content_type": content,
            "genre": genre,
            "sponsored": bool(rng.random() < 0.08),
        }
        items = _items(rng, content, genre, family, crowding)
        made.append(LayoutShelf(f"{family}:{i:03d}", attributes, items))
    return tuple(made)


def problem(
    seed: int, count: int = 60, size: int = 12, *, per_slot: bool = False, crowding: float = 1.0
) -> Problem:
    """One realistic problem: `count` shelves on `size` slots.

    `per_slot` adds position effects to the scores. `crowding` above 1 makes shelves share more items while
    each must keep more, so that the overlap rule binds nearly everywhere.
    """
    rng = np.random.default_rng(seed)
    made = shelves(rng, count, crowding)
    scores = rng.beta(2.0, 12.0, size=count)
    if per_slot:
        scores = scores[:, None] * rng.uniform(0.9, 1.1, size=(count, size))
    where = grid(size)
    rules = rulebook(min_items=14 if crowding > 1 else 4)
    worth = page_values(scores, where, tuple(s.id for s in made))
    return Problem(made, where, rules, worth.values, worth.unit, _context(rng, made, size))


def presented(seed: int, count: int = 60, size: int = 12) -> Problem:
    """One realistic problem where a third of the shelves have two presentations, and a fold a height."""
    rng = np.random.default_rng(seed)
    plain = shelves(rng, count)
    scores, options, worth = rng.beta(2.0, 12.0, size=count), [], []
    for shelf, score in zip(plain, scores.tolist(), strict=True):
        second = {0: "hero", 1: "compact"}.get(int(rng.integers(6)))
        for name in ("carousel", *([second] if second else [])):
            options.append(replace(shelf, id=f"{shelf.id}@{name}", presentation=name, shelf=shelf.id))
            worth.append(score * _PRESENTATIONS[name].prominence)
    slots = [
        replace(slot, presentations=("carousel", "hero") if slot.fold == 0 else ("carousel", "compact"))
        for slot in grid(size).slots
    ]
    where = replace(grid(size), slots=tuple(slots), presentations=_PRESENTATIONS)
    values = page_values(np.array(worth), where, tuple(one.id for one in options))
    rules = (*rulebook(), VerticalSpace(id="first-screen", height=4, fold=0))
    context = _context(rng, plain, size)
    return Problem(tuple(options), where, rules, values.values, values.unit, context)


def _context(rng: np.random.Generator, made: tuple[LayoutShelf, ...], size: int) -> PageContext:
    previous = tuple(made[s].id for s in rng.permutation(len(made))[:size].tolist())
    taste = dict(zip(("music", "podcast", "audiobook", "video"), rng.dirichlet([9, 2, 1, 1]), strict=True))
    return PageContext(previous=previous, taste={"content_type": taste})


def every_page(n: int, size: int) -> Pages:
    """All pages of `size` out of `n` shelves."""
    return np.array(list(permutations(range(n), size)), dtype=np.int64).reshape(-1, size)


def feasible_pages(given: Problem) -> Pages:
    """All pages that obey the structure and every hard rule, by enumeration with the rules' own excess."""
    pages = every_page(len(given.shelves), len(given.grid.slots))
    pages = pages[_fit(given, pages)]
    inputs = inputs_of(given)
    for rule in given.rules:
        if rule.weight is None:
            pages = pages[rule.excess(inputs, pages) == 0]
    return pages


def worth(given: Problem, pages: Pages) -> Ints:
    """What each page (b, K) is worth less what it pays: (b,)."""
    total: Ints = given.values[pages, np.arange(pages.shape[1])].sum(axis=1)
    inputs = inputs_of(given)
    for rule, penalty in zip(given.rules, penalties(given), strict=True):
        if penalty:
            total = total - penalty * rule.excess(inputs, pages)
    return total


def _fit(given: Problem, pages: Pages) -> Mask:
    """Which pages hold every shelf once at most, in presentations that their slots allow: (b,)."""
    names = sorted({shelf.group for shelf in given.shelves})
    groups = np.sort(np.array([names.index(shelf.group) for shelf in given.shelves])[pages], axis=1)
    fits = np.array(
        [
            [not slot.presentations or shelf.presentation in slot.presentations for slot in given.grid.slots]
            for shelf in given.shelves
        ]
    ).reshape(len(given.shelves), len(given.grid.slots))
    inside = fits[pages, np.arange(pages.shape[1])].all(axis=1)
    distinct: Mask = inside & (groups[:, 1:] != groups[:, :-1]).all(axis=1)
    return distinct


def some(count: int, start: int = 0) -> Iterator[int]:
    """Seeds."""
    yield from range(start, start + count)


def _items(
    rng: np.random.Generator, content: str, genre: str, family: str, crowding: float
) -> tuple[int, ...]:
    """Twenty items, mostly of the shelf's genre, charts half from hits; `crowding` shrinks the pools."""
    base = 100_000 * ("music", "podcast", "audiobook", "video").index(content)
    hits = base + rng.permutation(int(100 / crowding))
    own = base + 10_000 * (1 + _GENRES.index(genre)) + rng.permutation(int(300 / crowding))
    other = base + 1_000 + rng.permutation(int(2_000 / crowding))
    top = 10 if family in ("trending", "friends", "editorial") else 2
    mixed = rng.permutation(np.concatenate([hits[:top], own[: 16 - top], other[:4]]))
    return tuple(int(item) for item in mixed)
