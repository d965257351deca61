"""The shelf of last resort: what is popular, when every source failed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shelves.attributes import complete
from shelves.types import Provenance, Shelf
from shelves.view import View

_SOURCE = "last_resort"
_SIZE = 20


def last_resort(view: View) -> Shelf | None:
    """The most popular items that the listener may see, or None when there is none at all."""
    eligible = np.flatnonzero(view.eligible)
    if not eligible.size:
        return None
    popularity = view.catalog.columns.popularity[eligible]
    best = np.lexsort((eligible, -popularity))[:_SIZE]
    rows = eligible[best].astype(np.int32)
    shelf = Shelf(
        id=_SOURCE,
        title="Popular now",
        rows=rows,
        scores=popularity[best].astype(np.float32),
        provenance=Provenance(_SOURCE, "Popular with everyone; no other shelf could be made just now."),
    )
    (attributes,) = complete([shelf], ["popular"], rows, np.zeros(1, dtype=np.int64), view)
    return replace(shelf, attributes=attributes)
