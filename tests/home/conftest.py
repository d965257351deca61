"""A Home to compose with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from home.bootstrap import open_home
from home.service import Home
from home.settings import Settings


@pytest.fixture
def home(demo_settings: Settings) -> Iterator[Home]:
    """A Home on the embedded catalogue that explores half of its pages and misses no deadline."""
    settings = demo_settings.model_copy(update={"layout_deadline_ms": 10_000.0, "epsilon": 0.5})
    opened = open_home(settings, background=False)
    yield opened
    opened.close()
