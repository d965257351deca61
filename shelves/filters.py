"""Eligibility: which items may be shown in a market, to a listener with given settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from shelves.types import Item, Mask


class Eligibility:
    """Precomputed masks by market and explicit setting.

    An item is eligible in a market when it lists that market or lists none, and for a listener who does not
    allow explicit content when it is not explicit.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        markets = sorted(set().union(*(item.markets for item in items)))
        explicit = np.fromiter((item.explicit for item in items), np.bool_, len(items))
        self._open = _with_setting(_open_everywhere(items), explicit)
        self._by_market: Mapping[str, tuple[Mask, Mask]] = {
            market: _with_setting(_available(items, market), explicit) for market in markets
        }

    def mask(self, market: str, allows_explicit: bool) -> Mask:
        """Items (n,) that may be shown; shared between requests, hence read-only.

        In a market that no item lists, only items without a market restriction are eligible.
        """
        clean, everything = self._by_market.get(market, self._open)
        return everything if allows_explicit else clean


def without(mask: Mask, rows: Iterable[int]) -> Mask:
    """The mask with `rows` cleared; the same mask when there are none."""
    cleared = list(rows)
    if not cleared:
        return mask
    result = mask.copy()
    result[cleared] = False
    return result


def _available(items: Sequence[Item], market: str) -> Mask:
    listed = (not item.markets or market in item.markets for item in items)
    return np.fromiter(listed, np.bool_, len(items))


def _open_everywhere(items: Sequence[Item]) -> Mask:
    return np.fromiter((not item.markets for item in items), np.bool_, len(items))


def _with_setting(available: Mask, explicit: Mask) -> tuple[Mask, Mask]:
    clean = available & ~explicit
    for mask in (available, clean):
        mask.flags.writeable = False
    return clean, available
