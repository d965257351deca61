from __future__ import annotations

import pytest

from shelves.catalog import Catalog
from tests.shelves.synthetic import catalog_data


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The small synthetic catalogue, built once."""
    return Catalog(catalog_data())
