"""The standard attributes of a shelf: what layout rules select on and bandit features are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from shelves.columns import CONTENT_TYPES
from shelves.types import Attribute, Floats, Mask, Rows, Shelf
from shelves.view import View

ATTRIBUTES: Mapping[str, str] = MappingProxyType(
    {
        "source": "name of the source that proposed the shelf (text)",
        "family": "kind of source, such as habit, similar or new (text)",
        "content_type": "content type of at least 60 % of the items, else mixed (text)",
        "genre": "most frequent genre among the items, empty without genres (text)",
        "sponsored": "whether the shelf has a sponsor (true or false)",
        "sponsor": "who pays for the shelf, or for at least half of its items; empty for none (text)",
        "fresh": "whether at least half of the dated items are fresh, and there are any (true or false)",
        "exploratory": "whether the shelf exists to explore (true or false)",
        "seed": "id of the item that the shelf grew from, empty for none (text)",
        "size": "number of items (number)",
        "taste": "mean affinity of the items to the listener's taste, 0 to 1 (number)",
        "popularity": "mean popularity percentile of the items, 0 to 1 (number)",
        "novelty": "share of items that are not in the listener's history, 0 to 1 (number)",
    }
)
"""Attribute → what it means. Every built shelf carries all of them.

A dated item is fresh when it was released at most 90 days before the catalogue's day, or 365 days where the
catalogue knows releases only by year (`shelves.columns.fresh_days`).
"""

MIXED = "mixed"
_DOMINANT = 0.6

Ints = NDArray[np.int64]


def complete(
    shelves: Sequence[Shelf], families: Sequence[str], rows: Rows, starts: Ints, view: View
) -> list[Mapping[str, Attribute]]:
    """The attributes of every shelf: `rows` are all rows end to end, `starts` (n,) where each shelf begins.

    Attributes that a source set itself are kept beside the standard ones; of those it may set `sponsor` and
    `exploratory`.
    """
    cols, n = view.catalog.columns, len(shelves)
    sizes = np.diff(starts, append=len(rows))
    owner = np.repeat(np.arange(n), sizes)
    means = np.add.reduceat(_measures(rows, view), starts, axis=0) / sizes[:, None]
    types = np.bincount(
        owner * len(CONTENT_TYPES) + cols.content_type[rows], minlength=n * len(CONTENT_TYPES)
    )
    types = types.reshape(n, len(CONTENT_TYPES))
    content = np.where(types.max(axis=1) >= _DOMINANT * sizes, types.argmax(axis=1), -1).tolist()
    genre, _ = _mode(owner, cols.genre[rows], len(cols.genres), n)
    payer, paid = _mode(owner, cols.sponsor[rows], len(cols.sponsors), n)
    bought = np.where(2 * paid >= sizes, payer, 0).tolist()
    genres = genre.tolist()
    numbers, lengths = means.tolist(), sizes.astype(np.float64).tolist()
    found: list[Mapping[str, Attribute]] = []
    for i, shelf in enumerate(shelves):
        taste, popularity, novelty, dated, fresh = numbers[i]
        sponsor = shelf.attributes.get("sponsor") or cols.sponsors[bought[i]]
        found.append(
            {
                **shelf.attributes,
                "source": shelf.provenance.source,
                "family": families[i],
                "content_type": MIXED if content[i] < 0 else CONTENT_TYPES[content[i]].value,
                "genre": cols.genres[genres[i]],
                "sponsored": bool(sponsor),
                "sponsor": sponsor,
                "fresh": dated > 0 and 2 * fresh >= dated,
                "exploratory": bool(shelf.attributes.get("exploratory", False)),
                "seed": shelf.provenance.seed_item or "",
                "size": lengths[i],
                "taste": taste,
                "popularity": popularity,
                "novelty": novelty,
            }
        )
    return found


def _measures(rows: Rows, view: View) -> Floats:
    """Per item (m, 5): affinity, popularity, not known, dated, fresh."""
    cols = view.catalog.columns
    released = cols.release_day[rows]
    age = view.day - released
    dated = released > 0
    fresh: Mask = dated & (age >= 0) & (age <= view.catalog.fresh_days)
    measures = (view.affinity[rows], cols.popularity[rows], ~view.known[rows], dated, fresh)
    return np.stack(measures, axis=1, dtype=np.float64)


def _mode(owner: Ints, codes: Rows, n_codes: int, n: int) -> tuple[Ints, Ints]:
    """The most frequent code above 0 (n,) among each owner's entries, the lowest on a tie, and its count.

    `owner` ascends. Code 0 stands for none: it is the answer, with count 0, where there is nothing else.
    """
    found, count = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    named = codes.nonzero()[0]
    if len(named) == 0:
        return found, count
    keys = owner[named] * n_codes + codes[named]
    keys.sort()
    runs = _run_starts(keys)
    of, code = np.divmod(keys[runs], n_codes)
    counts = np.diff(runs, append=len(keys))
    firsts = _run_starts(of)
    best, reversed_code = np.divmod(
        np.maximum.reduceat(counts * n_codes + (n_codes - 1 - code), firsts), n_codes
    )
    found[of[firsts]], count[of[firsts]] = n_codes - 1 - reversed_code, best
    return found, count


def _run_starts(ordered: Ints) -> Ints:
    """Where each run of equal values begins."""
    starts: Ints = np.concatenate(([0], (ordered[1:] != ordered[:-1]).nonzero()[0] + 1))
    return starts
