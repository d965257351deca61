"""From an empty directory to a database that can compose: schema, catalogue, embeddings, first model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bandits.policies import VwPolicy
from bandits.policies.vw_explorer import VwExplorer
from bandits.policy import Policy
from home import registry
from home.bootstrap import load_catalog, open_database, open_tools, policy_loader
from home.db import refresh_statistics, writing
from home.demo.load import load as load_demo
from home.embeddings import store_embeddings, trained_on
from home.ingest.progress import Progress
from home.rewards import reward_formula
from home.sampling import sample_contexts
from home.service import utc_now
from home.settings import Settings
from home.store import catalog as store
from home.store import listeners, models
from home.store.models import State
from home.warmup import PASSES, warm_up
from layout.warm import STEPS
from shelves.catalog import Catalog, Interactions
from shelves.embeddings import Embeddings

DEFAULT_WARM_UP_VISITS = 4000
_WARM_UP_LISTENERS = 200
_SEED = 20261101


@dataclass(frozen=True, slots=True)
class PreparedDatabase:
    """What a prepared database holds."""

    items: int
    listeners: int
    model_version: int


def prepare(
    settings: Settings,
    progress: Progress,
    *,
    warm_up_visits: int = DEFAULT_WARM_UP_VISITS,
    new_model: bool = False,
) -> PreparedDatabase:
    """Make the database of `settings` and this machine ready to compose; what is there already is kept.

    An empty database gets the embedded catalogue. The first model is trained on `warm_up_visits` simulated
    visits; with `new_model` such a model takes the place of the live one. Raises ConfigurationError for a bad
    configuration file.
    """
    _compile_layout(progress)
    engine = open_database(settings)
    try:
        with Session(engine) as session:
            empty = store.count_items(session) == 0
        if empty:
            load_demo(engine, settings.fixtures_dir, progress)
            refresh_statistics(engine)
        train_embeddings(engine, progress)
        version = _first_model(engine, settings, progress, warm_up_visits, again=new_model)
        with Session(engine) as session:
            return PreparedDatabase(store.count_items(session), listeners.count(session), version)
    finally:
        engine.dispose()


def _compile_layout(progress: Progress) -> None:
    progress.start("Compiling the layout engine (once)", len(STEPS))
    for step in STEPS.values():
        step()
        progress.advance()
    progress.finish()


def train_embeddings(engine: Engine, progress: Progress) -> None:
    """Train item embeddings on all histories and store them.

    Nothing happens where the stored ones were trained on the same data sets, however they came about: after
    a load without training, or a training that was cut short, the next call trains. Live plays are learned
    from along with the data sets, but give no cause to train.
    """
    with Session(engine) as session:
        fingerprint = store.fingerprint(session)
        if trained_on(session) == fingerprint:
            return
        interactions = store.interactions(session)
    # Importing the model imports torch, which serving never needs.
    from shelves.models.item2vec import Config, train

    item_ids, histories = _histories(interactions)
    config = Config(seed=_SEED)
    progress.start("Training item embeddings", config.epochs)
    vectors = train(histories, len(item_ids), config, lambda _epoch, _epochs, _loss: progress.advance())
    progress.finish()
    with writing(engine) as session:
        store_embeddings(session, Embeddings(item_ids, vectors), fingerprint, utc_now())


def _histories(interactions: Interactions) -> tuple[tuple[str, ...], list[NDArray[np.int32]]]:
    """The items of all interactions by id, and each listener's items as positions among them."""
    item_ids, items = np.unique(np.array(interactions.item_id, dtype=np.str_), return_inverse=True)
    _, listeners_of = np.unique(np.array(interactions.listener_id, dtype=np.str_), return_inverse=True)
    order = np.argsort(listeners_of, kind="stable")
    ends = np.cumsum(np.bincount(listeners_of))[:-1]
    return tuple(item_ids.tolist()), np.split(items[order].astype(np.int32), ends)


def _first_model(engine: Engine, settings: Settings, progress: Progress, visits: int, *, again: bool) -> int:
    with Session(engine) as session:
        live = next(iter(models.in_state(session, State.LIVE)), None)
    if live is not None and not again:
        return live
    policy = policy_loader(settings)(None)
    if visits:
        progress.start("Reading the catalogue", None)
        catalog = load_catalog(engine, settings)
        progress.finish()
        _warm_up(engine, settings, catalog, policy, progress, visits)
    with writing(engine) as session:
        metrics = {"origin": "simulated listeners" if visits else "untrained", "visits": visits}
        return registry.publish(
            session,
            policy,
            parent=live,
            now=utc_now(),
            metrics=metrics,
            actor="home setup",
            reason="a new start",
        )


def _warm_up(
    engine: Engine, settings: Settings, catalog: Catalog, policy: Policy, progress: Progress, visits: int
) -> None:
    tools = open_tools(settings, catalog)
    contexts = sample_contexts(engine, _WARM_UP_LISTENERS, "phone", _SEED, utc_now())
    formula = reward_formula(settings)
    passes = PASSES if isinstance(policy, (VwPolicy, VwExplorer)) else 1
    warm_up(
        contexts, tools, policy, formula=formula, visits=visits, seed=_SEED, passes=passes, progress=progress
    )
