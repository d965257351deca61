"""Seeded, realistic layout problems: families of shelves, shared items, and a rulebook of a dozen rules."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from layout.objective import page_values
from layout.rules import (
    ItemOverlap,
    MaxCount,
    MinCount,
    MinGap,
    NoEqualNeighbours,
    Pinned,
    PrefixQuota,
    SlotRange,
    SponsoredSpacing,
)
from layout.selector import Selector
from layout.types import Grid, Ints, LayoutShelf, Pages, Problem, Rule, Slot

_FAMILIES = ("history", "because", "genre", "editorial", "trending", "friends", "spoken", "watch")
_CONTENT = {"spoken": ("podcast", "audiobook"), "watch": ("video",)}
_GENRES = ("rock", "pop", "jazz", "electronic", "hip hop", "folk", "classical", "")


def grid(size: int) -> Grid:
    """A grid whose examination falls by a tenth per slot."""
    return Grid("phone", tuple(Slot(round(0.97 * 0.9**k, 4), k // 3) for k in range(size)), 10)


def rulebook() -> tuple[Rule, ...]:
    """A dozen rules as a service would write them."""
    return (
        Pinned(id="history-first", selector=Selector({"family": "history"}), slot=1, relaxation=5),
        SlotRange(id="watch-below", selector=Selector({"content_type": "video"}), first=4, relaxation=2),
        MaxCount(id="few-because", selector=Selector({"family": "because"}), count=3, relaxation=4),
        MaxCount(id="few-genre", selector=Selector({"family": "genre"}), count=3, relaxation=4),
        MaxCount(id="few-editorial", selector=Selector({"family": "editorial"}), count=2, relaxation=4),
        MinCount(id="some-podcast", selector=Selector({"content_type": "podcast"}), count=1, relaxation=1),
        MinCount(id="some-fresh", selector=Selector({"family": ["friends", "trending"]}), count=2, relaxation=1),
        MinGap(id="spoken-apart", selector=Selector({"family": "spoken"}), gap=2, relaxation=3),
        NoEqualNeighbours(id="families-alternate", attribute="family", relaxation=3),
        NoEqualNeighbours(id="genres-alternate", attribute="genre", relaxation=0),
        PrefixQuota(
            id="music-above", selector=Selector({"content_type": "music"}), prefix=4, lo=2, hi=3, relaxation=2
        ),
        SponsoredSpacing(id="sponsors", clear_first=2, gap=3, cap=2),
        ItemOverlap(id="no-repeats", min_items=6, relaxation=6),
    )


def shelves(rng: np.random.Generator, count: int) -> tuple[LayoutShelf, ...]:
    """Shelves of eight families with genres, some sponsors, and items that popular shelves share."""
    made = []
    for i in range(count):
        family = _FAMILIES[rng.integers(len(_FAMILIES))]
        content = str(rng.choice(_CONTENT.get(family, ("music",))))
        items = rng.choice(600, size=int(rng.integers(12, 21)), replace=False, p=_popularity(content))
        made.append(
            LayoutShelf(
                id=f"{family}:{i:03d}",
                attributes={
                    "family": family,
                    "content_type": content,
                    "genre": str(rng.choice(_GENRES)),
                    "sponsored": bool(rng.random() < 0.08),
                },
                items=tuple(int(x) for x in items),
            )
        )
    return tuple(made)


def problem(seed: int, count: int = 60, size: int = 12, *, per_slot: bool = False) -> Problem:
    """One realistic problem: `count` shelves on `size` slots. `per_slot` adds position effects to the scores."""
    rng = np.random.default_rng(seed)
    made = shelves(rng, count)
    scores = rng.beta(2.0, 12.0, size=count)
    if per_slot:
        scores = scores[:, None] * rng.uniform(0.9, 1.1, size=(count, size))
    where = grid(size)
    return Problem(made, where, rulebook(), page_values(scores, where, tuple(s.id for s in made)))


def every_page(n: int, size: int) -> Pages:
    """All pages of `size` out of `n` shelves."""
    return np.array(list(permutations(range(n), size)), dtype=np.int64).reshape(-1, size)


def feasible_pages(given: Problem) -> Pages:
    """All pages that obey every rule, by enumeration with the rules' own checks."""
    pages = every_page(len(given.shelves), len(given.grid.slots))
    for rule in given.rules:
        pages = pages[rule.check(given.shelves, given.grid, pages)]
    return pages


def worth(given: Problem, pages: Pages) -> Ints:
    """The value of each page (b, K): (b,)."""
    total: Ints = given.values[pages, np.arange(pages.shape[1])].sum(axis=1)
    return total


def some(count: int, start: int = 0) -> Iterator[int]:
    """Seeds."""
    yield from range(start, start + count)


def _popularity(content: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    weights = 1.0 / np.arange(20, 620) ** 0.7
    offset = {"music": 0, "podcast": 150, "audiobook": 300, "video": 450}[content]
    shifted = np.roll(weights, offset)
    return shifted / shifted.sum()
