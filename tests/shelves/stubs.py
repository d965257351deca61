"""Sources that do what a test tells them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from shelves.types import Provenance, Shelf
from shelves.view import View


class Stub:
    """A source that does what it is told."""

    family = "stub"

    def __init__(self, name: str, act: Callable[[View], Sequence[Shelf]]) -> None:
        self.name = name
        self._act = act

    def propose(self, view: View) -> Sequence[Shelf]:
        return self._act(view)


def good(name: str) -> Stub:
    return Stub(name, lambda view: [a_shelf(name, np.flatnonzero(view.eligible)[:8])])


def a_shelf(name: str, places: Sequence[int] | NDArray[np.int64], **changes: object) -> Shelf:
    index = np.asarray(places, dtype=np.int32)
    fields: dict[str, object] = {
        "id": f"{name}:1",
        "title": f"Title {name}",
        "rows": index,
        "scores": np.linspace(1, 0, len(index), dtype=np.float32),
        "provenance": Provenance(name, "because"),
    }
    return Shelf(**{**fields, **changes})  # type: ignore[arg-type]
