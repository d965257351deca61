"""Fixtures for all tests: a compiled layout engine, and for each test that needs one a migrated database."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, create_engine, make_url, text

from home.db import connect, migrate
from home.ingest.progress import Silent
from home.prepare import prepare
from home.settings import Settings
from layout.warm import warm
from tests.requirements import lacking

_CHROMIUM_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
_POSTGRES_URL = "HOME_TEST_POSTGRES_URL"


@pytest.fixture(scope="session", autouse=True)
def _compiled_layout() -> None:
    """No test's deadline pays for compiling the layout engine."""
    warm()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window and without traffic of its own."""
    path = os.environ.get("HOME_TEST_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("no Chromium: install one, or set HOME_TEST_CHROMIUM to its path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def _logs_go_where_they_went() -> Iterator[None]:
    """A test that sets up logs sends them to its own captured output, which is closed when it ends."""
    yield
    structlog.reset_defaults()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database: a SQLite file, then a schema of its own in PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'home.db'}"
        return
    server = os.environ.get(_POSTGRES_URL)
    if not server:
        lacking(f"{_POSTGRES_URL} is not set: set it to the URL of a PostgreSQL database to test against")
    yield from _postgres_schema(server)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A migrated, empty database."""
    engine = connect(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def prepared_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the embedded catalogue and a briefly warmed-up model; copy it to write."""
    path = tmp_path_factory.mktemp("prepared") / "home.db"
    prepare(Settings(database_url=f"sqlite:///{path}"), Silent(), warm_up_visits=60)
    return path


@pytest.fixture
def demo_settings(prepared_database: Path, tmp_path: Path) -> Settings:
    """Settings for a database of the test's own that is ready to compose."""
    copy = tmp_path / "demo.db"
    shutil.copy(prepared_database, copy)
    return Settings(database_url=f"sqlite:///{copy}", learn_every_s=0, source_budget_ms=5000)


def _postgres_schema(server: str) -> Iterator[str]:
    schema = f"test_{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
    yield url.render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()
