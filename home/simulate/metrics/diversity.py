"""How different the items within a shelf are, and the shelves of a page from each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shelves.tags import Tags
from shelves.types import Rows

Numbers = NDArray[np.float64]


def intra_shelf(tags: Tags, shown: Sequence[Rows]) -> float:
    """Intra-list distance: the mean over shelves of 1 − the mean cosine of two of its items.

    Items are their unit tag vectors v, so a shelf of n items has (|Σ v|² − Σ |v|²) / (n(n − 1)) for a mean
    cosine. An item without tags is at distance 1 from everything. Shelves of one item are left out; NaN when
    there are no others. Source: Ziegler, McNee, Konstan and Lausen, "Improving Recommendation Lists Through
    Topic Diversification", WWW 2005; as a distance, Zhang and Hurley, RecSys 2008.
    """
    several = [rows for rows in shown if len(rows) > 1]
    if not several:
        return float("nan")
    sums, squares = _profiles(tags, several)
    n = np.array([len(rows) for rows in several], dtype=np.float64)
    cosine = (np.einsum("kt,kt->k", sums, sums) - squares) / (n * (n - 1.0))
    return float(np.mean(1.0 - cosine))


def inter_shelf(tags: Tags, shown: Sequence[Rows]) -> float:
    """The mean over pairs of shelves of 1 − the cosine of their summed tags; NaN below two shelves.

    The same distance, between shelves in place of items. A shelf without tags is at distance 1 from all.
    """
    n = len(shown)
    if n < 2:
        return float("nan")
    sums, _ = _profiles(tags, shown)
    lengths = np.sqrt(np.einsum("kt,kt->k", sums, sums))
    units = np.divide(sums, lengths[:, None], out=np.zeros_like(sums), where=lengths[:, None] > 0.0)
    total = units.sum(axis=0)
    return 1.0 - float(total @ total - np.count_nonzero(lengths)) / (n * (n - 1))


def _profiles(tags: Tags, shown: Sequence[Rows]) -> tuple[Numbers, Numbers]:
    """Summed tag vectors (k, n_tags) of each shelf, and the sums (k,) of their items' squared lengths."""
    lengths = np.array([len(rows) for rows in shown])
    at, owner = tags.by_item.positions(np.concatenate(shown))
    shelf = np.repeat(np.arange(len(shown)), lengths)[owner]
    weights = tags.by_item.weights[at].astype(np.float64)
    used, column = np.unique(tags.by_item.values[at], return_inverse=True)
    sums = np.bincount(shelf * len(used) + column, weights, len(shown) * len(used)).astype(np.float64)
    squares = np.bincount(shelf, weights**2, len(shown)).astype(np.float64)
    return sums.reshape(len(shown), len(used)), squares
