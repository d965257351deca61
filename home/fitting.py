"""Which presentations of a surface each shelf fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from layout.selector import Condition, Selector, Typed, meets, typed
from layout.types import Mask
from shelves.types import Attribute, Shelf

_REMEMBERED = 1024

Seen = tuple[Typed, ...]
"""What the conditions look at of a shelf."""


class Fitting:
    """Tells the presentations that shelves fit, and remembers it by what the conditions look at.

    Most conditions look at a shelf's source, of which there are few. Safe to use from several threads.
    """

    def __init__(self, presentations: Sequence[str], fits: Mapping[str, Selector]) -> None:
        """`presentations` in the surface's order; one that is not in `fits` is for all shelves."""
        self._presentations = tuple(presentations)
        self._fits = {name: fits[name] for name in presentations if name in fits}
        looked_at = (selector.names() for selector in self._fits.values())
        self._names = tuple(sorted(frozenset[str]().union(*looked_at)))
        self._known: Mapping[Seen, tuple[str, ...]] = {}

    def of(self, shelves: Sequence[Shelf]) -> list[tuple[str, ...]]:
        """The presentations that each shelf fits, in the surface's order."""
        columns = [[typed(value) for value in _values(name, shelves)] for name in self._names]
        seen: list[Seen] = list(zip(*columns, strict=True)) if columns else [()] * len(shelves)
        known = self._known
        new = [one for one in dict.fromkeys(seen) if one not in known]
        if new:
            found = dict(zip(new, self._evaluated(new), strict=True))
            # Replaced as a whole: another thread goes on reading what it began with.
            kept = known if len(known) + len(new) <= _REMEMBERED else {}
            known = {**known, **found}
            self._known = {**kept, **found}
        return [known[one] for one in seen]

    def _evaluated(self, seen: Sequence[Seen]) -> list[tuple[str, ...]]:
        place = {name: at for at, name in enumerate(self._names)}

        def where(name: str, condition: Condition) -> Mask:
            return np.array([meets(one[place[name]], condition) for one in seen], dtype=np.bool_)

        fitting = np.ones((len(seen), len(self._presentations)), dtype=np.bool_)
        for column, name in enumerate(self._presentations):
            if name in self._fits:
                fitting[:, column] = self._fits[name].over(len(seen), where)
        return [
            tuple(name for name, fits in zip(self._presentations, row, strict=True) if fits)
            for row in fitting.tolist()
        ]


def _values(name: str, shelves: Sequence[Shelf]) -> list[Attribute]:
    if name == "id":
        return [shelf.id for shelf in shelves]
    return [shelf.attributes.get(name, "") for shelf in shelves]
