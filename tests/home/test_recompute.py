"""Logged pages come out again bit for bit from what is stored, and a changed record is noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy.orm import Session

from bandits.policies.encoding import encode as lines_of
from home.bootstrap import open_home
from home.db import connect, migrate, writing
from home.errors import NotExplainableError
from home.grids import MARK, regraded
from home.records import DecisionRecord
from home.sampling import sample_contexts
from home.service import Home
from home.settings import Settings
from home.store import configurations

Change = Callable[[DecisionRecord], DecisionRecord]


def _logged(home: Home, surface: str, seeds: int = 4) -> Iterator[DecisionRecord]:
    contexts = sample_contexts(home.engine, seeds, surface, 3, home.clock())
    for seed, context in enumerate(contexts):
        for again in range(2):
            page = home.compose(context.listener.id, surface, seed=10 * seed + again)
            yield home.decision(page.decision_id)


@pytest.mark.parametrize("surface", ["phone", "desktop", "tv"])
def test_every_logged_page_comes_out_again(home: Home, surface: str) -> None:
    explored = 0
    for record in _logged(home, surface):
        found = home.recompute(record)
        assert found.identical, found.stages
        assert not found.fallback
        explored += record.explored
    assert explored


@pytest.mark.parametrize(
    "settings",
    [
        {"regret_cap": 0.05, "epsilon": 1.0},
        {"draw": "portfolio", "portfolio_size": 6, "floor": 0.5},
        {"draw": "portfolio", "portfolio_size": 6, "floor": 0.9, "regret_cap": 0.02},
        {"mode": "logging", "epsilon": 0.5},
    ],
    ids=["capped", "portfolio", "capped portfolio", "baseline"],
)
def test_pages_of_every_draw_and_of_the_baseline_come_out_again(
    demo_settings: Settings, settings: dict[str, Any]
) -> None:
    unhurried = {**demo_settings.model_dump(), "layout_deadline_ms": 10_000.0}
    home = open_home(Settings.model_validate({**unhurried, **settings}), background=False)
    records = list(_logged(home, "phone", 3))
    for record in records:
        found = home.recompute(record)
        assert found.identical, found.stages
        assert not any(stage.note for stage in found.stages)
    assert any(record.page != record.anchor for record in records)
    drawing = records[0].drawing
    assert (drawing.method, drawing.regret_cap) == (
        settings.get("draw", "anchored"),
        settings.get("regret_cap"),
    )
    for change in ({"least_value": -1}, {"pages": drawing.pages[::-1] or ((0,),)}):
        tampered = replace(records[0], drawing=replace(drawing, **change))
        assert [stage.name for stage in home.recompute(tampered).stages if stage.differences] == ["draw"]
    home.close()


def test_a_page_on_an_estimated_grid_comes_out_again_when_the_estimate_is_gone(home: Home) -> None:
    grid_file = home.tools.surfaces["phone"]
    falling = [0.8**k for k in range(len(grid_file.grid.slots))]
    estimated = regraded(grid_file.grid, falling, f"{grid_file.grid.version}{MARK}made-up")
    home.tools = replace(home.tools, surfaces={"phone": replace(grid_file, grid=estimated)})
    record = next(_logged(home, "phone", 1))
    assert record.examination == tuple(falling)
    home.tools = replace(home.tools, surfaces={"phone": grid_file})
    assert home.recompute(record).identical
    assert home.explain(record).best == record.solver.objective
    dimmer = replace(record, examination=(*falling[:-1], falling[-1] / 2))
    assert not home.recompute(dimmer).identical


def test_a_decision_from_before_its_setup_was_stored_is_explained_but_not_replayed(home: Home) -> None:
    record = replace(next(_logged(home, "phone", 1)), configuration={}, limits={})
    assert home.explain(record).best == record.solver.objective
    with pytest.raises(NotExplainableError, match="logged before pages could be computed again"):
        home.recompute(record)


def test_a_draw_that_failed_is_a_fallback_and_no_difference(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("home.draw.source_of", lambda *_: 1 // 0)
        record = next(_logged(home, "phone", 1))
    found = home.recompute(record)
    assert record.propensity is None
    assert (found.identical, found.fallback) == (True, True), found.stages


def _plus(record: DecisionRecord, name: str) -> DecisionRecord:
    changed: dict[str, Any] = {name: np.nextafter(getattr(record, name), 2.0)}
    return replace(record, **changed)


CHANGES: dict[str, Change] = {
    "values": lambda r: _plus(r, "values"),
    "pmf": lambda r: _plus(r, "pmf"),
    "features": lambda r: replace(
        r,
        options=(
            replace(r.options[0], features={**r.options[0].features, "shelf": {"source": "x"}}),
            *r.options[1:],
        ),
    ),
    "context": lambda r: replace(r, context={**r.context, "user": {"id": "somebody"}}),
    "listener_id": lambda r: replace(r, listener_id="somebody"),
    "anchor": lambda r: replace(r, anchor=r.anchor[::-1]),
    "page": lambda r: replace(r, page=r.page[::-1]),
    "objective": lambda r: replace(r, solver=replace(r.solver, objective=r.solver.objective + 1)),
    "bound": lambda r: replace(r, solver=replace(r.solver, bound=r.solver.bound + 1)),
    "status": lambda r: replace(r, solver=replace(r.solver, status="feasible")),
    "proof": lambda r: replace(r, solver=replace(r.solver, proof="hope")),
    "paid": lambda r: replace(r, solver=replace(r.solver, paid={"none": 1})),
    "explored": lambda r: replace(r, explored=not r.explored),
    "epsilon": lambda r: replace(r, epsilon=r.epsilon / 2),
    "floor": lambda r: replace(r, floor=r.floor / 2),
    "propensity": lambda r: replace(r, propensity=float(np.nextafter(r.propensity or 0.5, 2.0))),
    "no propensity": lambda r: replace(r, propensity=None),
    "conditionals": lambda r: replace(r, conditionals=(0.5, *r.conditionals[1:])),
    "exploration": lambda r: replace(r, exploration_conditionals=(0.5, *r.exploration_conditionals[1:])),
    "anchor_exploration": lambda r: replace(r, anchor_exploration=0.5),
    "support_sizes": lambda r: replace(r, support_sizes=(1, *r.support_sizes[1:])),
    "shown": lambda r: replace(r, shown=(r.shown[0][1:], *r.shown[1:])),
    "effective_rules": lambda r: replace(r, effective_rules=r.effective_rules[1:]),
    "relaxed_rules": lambda r: replace(r, relaxed_rules=r.effective_rules[:1]),
    "examination": lambda r: replace(r, examination=(0.1, *r.examination[1:])),
    "fallback": lambda r: replace(r, fallback="check: the page broke a rule"),
}


def test_a_changed_record_is_noticed(home: Home) -> None:
    record = next(_logged(home, "phone", 1))
    unnoticed = [name for name, change in CHANGES.items() if home.recompute(change(record)).identical]
    assert unnoticed == []


def test_a_decision_outlives_its_rulebook_and_its_model(
    home: Home, demo_settings: Settings, tmp_path: Path
) -> None:
    record = next(_logged(home, "phone", 1))
    rulebook = tmp_path / "rules.toml"
    rulebook.write_text('version = "2"\n')
    later = open_home(demo_settings.model_copy(update={"rulebook_file": rulebook}), background=False)
    assert later.tools.rules_version != record.rules_version
    assert later.recompute(record).identical
    assert later.explain(record).best == record.solver.objective
    scores = later.recompute(replace(record, policy_version=99)).stages[0]
    assert scores.note == "model 99 is not stored any more: as logged"
    later.close()


def test_a_page_of_the_clock_is_a_fallback_and_no_difference(demo_settings: Settings) -> None:
    home = open_home(demo_settings.model_copy(update={"layout_deadline_ms": 0.001}), background=False)
    found = [home.recompute(record) for record in _logged(home, "phone", 2)]
    assert all(one.identical for one in found), found
    assert any(one.fallback for one in found)
    home.close()


def test_a_served_row_is_the_row_that_training_rebuilds(home: Home) -> None:
    context = sample_contexts(home.engine, 1, "desktop", 3, home.clock())[0]
    page = home.compose(context.listener.id, "desktop", seed=1)
    record = home.decision(page.decision_id)
    assert lines_of(record.context) == lines_of(page.context_features)
    assert [lines_of(o.features) for o in record.options] == [lines_of(f) for f in page.features]


def test_documents_are_kept_once(database_url: str) -> None:
    engine = connect(database_url)
    migrate(engine)
    for new in (2, 0):
        with writing(engine) as session:
            assert configurations.keep(session, {"rulebook": "a", "grid": "b"}) == new
    with Session(engine) as session:
        sha256 = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
        assert configurations.find(session, sha256) == "a"
        assert configurations.find(session, "none") is None
    engine.dispose()
