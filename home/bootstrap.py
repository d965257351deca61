"""The one place where collaborators are chosen: from settings to a running composer."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bandits.policies import build
from bandits.policy import Policy
from home.compose import Tools
from home.db import connect, migrate
from home.draw import Exploration, PortfolioDraw
from home.editorial import load_editorial, resolve
from home.embeddings import load_embeddings
from home.errors import ConfigurationError, DatabaseError, EmptyCatalogueError, first_line
from home.examination.stored import with_estimates
from home.grids import Surface, load_surfaces
from home.learn import Learner, teach_in_order
from home.modes import Mode
from home.parallel import teach_in_parallel
from home.registry import ModelWatcher, NoModelError
from home.rewards import reward_formula
from home.rules.book import load_rulebook
from home.service import Home, utc_now
from home.settings import Settings
from home.store import catalog as store
from home.store import models
from layout.warm import warm
from shelves.build import Builder
from shelves.catalog import Catalog, CatalogData
from shelves.registry import SOURCES


def open_home(
    settings: Settings, *, clock: Callable[[], datetime] = utc_now, background: bool = True
) -> Home:
    """A composer over the database of `settings`, with its model loaded.

    The layout engine is ready when this returns, which takes half a minute where it was never compiled.
    With `background`, threads watch for newer models and learn every `learn_every_s` seconds. Raises
    ConfigurationError for a bad file or a model that was trained with another configuration, and
    EmptyCatalogueError when there is nothing to compose from.
    """
    warm()
    engine = open_database(settings)
    formula = reward_formula(settings)
    tools = open_tools(settings, load_catalog(engine, settings))
    tools = replace(tools, surfaces=_examined(tools.surfaces, settings, engine))
    home = Home(
        settings=settings,
        engine=engine,
        catalog=tools.builder.catalog,
        tools=tools,
        models=ModelWatcher(engine, policy_loader(settings), poll_s=settings.reload_every_s),
        learner=open_learner(settings, engine, clock),
        formula=formula,
        clock=clock,
    )
    spare_requests_garbage_collections()
    home.models.refresh()
    if background:
        home.start(settings.learn_every_s)
    return home


def _examined(surfaces: Mapping[str, Surface], settings: Settings, engine: Engine) -> Mapping[str, Surface]:
    """Surfaces for serving. Simulations keep the grid files' examination: it is their listeners' truth."""
    return surfaces if settings.examination == "grid" else with_estimates(surfaces, engine)


def spare_requests_garbage_collections() -> None:
    """Take the catalogue, which stays for good, out of collections, and collect seldom.

    A request makes tens of thousands of objects, nearly all without cycles and freed at once; the default
    threshold would walk them dozens of times.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def open_database(settings: Settings) -> Engine:
    """Connect and bring the schema up to date, creating the directory of a SQLite file.

    Raises DatabaseError naming the URL, without its password, and what is wrong.
    """
    shown = "HOME_DATABASE_URL"
    try:
        url = make_url(settings.database_url)
        shown = url.render_as_string(hide_password=True)
        if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = connect(settings.database_url)
        migrate(engine)
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise DatabaseError(
            f"the database {shown} cannot be opened: {first_line(error)}; "
            "check HOME_DATABASE_URL or --database, and that the server is up"
        ) from error
    return engine


def open_learner(
    settings: Settings,
    engine: Engine | None = None,
    clock: Callable[[], datetime] = utc_now,
    *,
    workers: int = 1,
) -> Learner:
    """The learner of a database; it takes the writer's lease only while it runs.

    With more than one of `workers`, that many processes share each batch and their models are merged.
    """
    return Learner(
        engine or open_database(settings),
        policy_loader(settings),
        reward_formula(settings),
        clock=clock,
        candidates=settings.publish == "candidate",
        keep=settings.keep_models,
        teach=partial(teach_in_parallel, workers=workers) if workers > 1 else teach_in_order,
        imitates=settings.mode is Mode.APPRENTICE,
    )


def open_tools(settings: Settings, catalog: Catalog) -> Tools:
    """Everything a request needs besides its context and the policy."""
    book = load_rulebook(settings.rulebook_file)
    return Tools(
        builder=Builder(
            SOURCES.values(),
            catalog,
            min_items=settings.min_items,
            budget_s=settings.source_budget_ms / 1000,
            max_shelves=settings.max_shelves,
        ),
        surfaces=load_surfaces(settings.grids_dir),
        rules=book.rules,
        rules_version=book.version,
        exploration=_exploration(settings),
        layout_deadline_s=settings.layout_deadline_ms / 1000,
        rulebook=book.text,
    )


def _exploration(settings: Settings) -> Exploration:
    chosen = PortfolioDraw(
        settings.portfolio_size, settings.portfolio_weighting, settings.portfolio_sharpness
    )
    return Exploration(
        settings.epsilon,
        settings.floor,
        settings.regret_cap,
        chosen if settings.draw == "portfolio" else None,
    )


def policy_loader(settings: Settings) -> Callable[[bytes | None], Policy]:
    """How a model snapshot becomes a policy; without one it starts untrained.

    Raises ConfigurationError when HOME_POLICY or its options are wrong; the loader does for a snapshot that
    another policy or other options made.
    """
    name, options = settings.policy, dict(settings.policy_options)
    if settings.position_feature:
        options.setdefault("position", True)
    try:
        build(name, options)
    except ValueError as error:
        raise ConfigurationError(_wrong_policy(settings, error)) from error

    def load(snapshot: bytes | None) -> Policy:
        try:
            return build(name, options, snapshot)
        except ValueError as error:
            raise ConfigurationError(f"the stored model cannot be loaded: {error}") from error

    return load


def _wrong_policy(settings: Settings, error: ValueError) -> str:
    also = ", with HOME_POSITION_FEATURE on" if settings.position_feature else ""
    options = f"HOME_POLICY_OPTIONS = {settings.policy_options}{also}"
    return f"HOME_POLICY = {settings.policy!r} with {options}: {error}"


def live_snapshot(engine: Engine) -> bytes:
    """The live model's snapshot. Raises NoModelError."""
    with Session(engine) as session:
        live = models.live(session)
    if live is None:
        raise NoModelError
    return live.data


def load_catalog(engine: Engine, settings: Settings) -> Catalog:
    """Read the whole catalogue into memory. Raises EmptyCatalogueError when the database holds no items."""
    entries = load_editorial(settings.editorial_file)
    with Session(engine) as session:
        items = store.items(session)
        if not items:
            raise EmptyCatalogueError(settings.database_url)
        data = CatalogData(
            items=items,
            as_of=store.latest_day(session) or date.today(),
            interactions=store.interactions(session),
            listeners=store.listeners(session),
            editorial=resolve(entries, items),
            embeddings=load_embeddings(session),
        )
    return Catalog(data)
