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
from layout.types import Attribute, Grid, Ints, LayoutShelf, Pages, Problem, Rule, Slot

_FAMILIES = ("history", "because", "genre", "editorial", "trending", "friends", "spoken", "watch")
_CONTENT = {"spoken": ("podcast", "audiobook"), "watch": ("video",)}
_GENRES = ("rock", "pop", "jazz", "electronic", "hip hop", "folk", "classical", "")


def grid(size: int) -> Grid:
    """A grid whose examination falls by a tenth per slot."""
    return Grid("phone", tuple(Slot(round(0.97 * 0.9**k, 4), k // 3) for k in range(size)), 10)


def rulebook(min_items: int = 4) -> tuple[Rule, ...]:
    """A dozen rules as a service would write them."""
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
    return Problem(made, where, rules, page_values(scores, where, tuple(s.id for s in made)))


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
