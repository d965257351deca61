"""A look-ahead that lists every page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bandits.types import Page


@dataclass(frozen=True)
class ListedPages:
    """The look-ahead by brute force: the feasible pages of this many shelves are listed."""

    pages: tuple[Page, ...]
    shelves: int

    @cached_property
    def _supported(self) -> dict[Page, NDArray[np.bool_]]:
        masks: dict[Page, NDArray[np.bool_]] = {}
        for page in self.pages:
            for slot, shelf in enumerate(page):
                masks.setdefault(page[:slot], np.zeros(self.shelves, dtype=np.bool_))[shelf] = True
        return masks

    def supported(self, prefix: Page) -> NDArray[np.bool_]:
        return self._supported.get(prefix, np.zeros(self.shelves, dtype=np.bool_))

    def along(self, page: Page) -> NDArray[np.bool_]:
        return np.array([self.supported(page[:k]) for k in range(len(page))])
