from __future__ import annotations

import pytest

from home.demo.generate import DemoCatalog, generate


@pytest.fixture(scope="session")
def demo() -> DemoCatalog:
    """The embedded catalogue, freshly generated."""
    return generate()
