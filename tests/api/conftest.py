"""A running composer on the embedded catalogue, and clients that speak HTTP to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from home.bootstrap import open_home
from home.ingest.progress import Silent
from home.prepare import prepare
from home.service import Home
from home.settings import Settings
from tests.api.serving import serving


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the embedded catalogue and an untrained model."""
    path = tmp_path_factory.mktemp("prepared") / "home.db"
    prepare(_settings(path), Silent(), warm_up_visits=0)
    return path


@pytest.fixture(scope="module")
def home(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A running composer; tests of a module share it, each with a listener of its own."""
    path = tmp_path_factory.mktemp("home") / "home.db"
    shutil.copy(prepared, path)
    opened = open_home(_settings(path))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def base_url(home: Home) -> Iterator[str]:
    """Where the composer is served."""
    with serving(create_app(home)) as url:
        yield url


@pytest.fixture
def client(base_url: str) -> Iterator[httpx.Client]:
    """An HTTP client of the running server."""
    with httpx.Client(base_url=base_url, timeout=20.0) as client:
        yield client


def _settings(path: Path) -> Settings:
    # No budget that a slow machine could exceed: dropped sources would make pages depend on the clock.
    return Settings(
        database_url=f"sqlite:///{path}",
        learn_every_s=0.0,
        source_budget_ms=10_000.0,
        layout_deadline_ms=10_000.0,
    )
