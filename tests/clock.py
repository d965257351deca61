"""A clock for tests, which makes every run the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass
class Clock:
    """A clock that stands still until told."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now
