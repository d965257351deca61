"""A simulation gives the same pages on one process or several, in one go or taken up again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bandits.policies import FixedPolicy, VwPolicy, build
from bandits.types import RewardEvent
from home.compose import ComposedPage, Tools
from home.errors import ConfigurationError
from home.ingest.progress import Silent
from home.simulate.lock import locked
from home.simulate.participants import Participant
from home.simulate.run import SimulationConfig, SimulationResult, VisitRow, simulate
from shelves.build import Builder
from shelves.catalog import Catalog
from shelves.sources.fresh_finds import FreshFinds
from tests.home.simulate.world import world
from tests.shelves.synthetic import catalog_data

CONFIG = SimulationConfig(visits=18, batch=6, seed=5, regret=False, decisions=True)
NAMES = ("vw", "linucb", "lints", "vw_bag", "epsilon_greedy")


def learner(name: str) -> Participant:
    return Participant(lambda: build(name), learns=True, restore=lambda data: build(name, snapshot=data))


def policies(names: Sequence[str] = ("vw", "lints")) -> dict[str, Participant]:
    return {**{name: learner(name) for name in names}, "order": Participant(FixedPolicy)}


def run(
    chosen: dict[str, Participant] | None = None,
    config: SimulationConfig = CONFIG,
    *,
    workers: int = 1,
    out: Path | None = None,
    stop_at: int | None = None,
) -> SimulationResult:
    here, seen = world(), 0

    def watch(policy: str, page: ComposedPage, events: tuple[RewardEvent, ...]) -> None:
        nonlocal seen
        seen += 1
        if seen == stop_at:
            raise KeyboardInterrupt

    return simulate(
        here.contexts,
        here.tools,
        chosen or policies(),
        here.parameters,
        here.formula,
        config,
        on_page=watch,
        workers=workers,
        out=out,
    )


def story(result: SimulationResult) -> list[str]:
    return [repr(replace(row, seconds=0.0)) for row in result.rows]


def test_the_number_of_processes_does_not_matter(tmp_path: Path) -> None:
    one, two = run(), run(workers=2, out=tmp_path)
    assert story(one) == story(two)
    assert one.tallies == two.tallies
    assert len(list(tmp_path.glob("*/pages-*.parquet"))) == 9


def test_an_interruption_of_several_processes_ends_with_their_batches(tmp_path: Path) -> None:
    """The parent is interrupted while it waits; what was finished is kept, and goes on."""

    class Impatient(Silent):
        seen = 0

        def advance(self, n: int = 1) -> None:
            self.seen += n
            if self.seen >= 8:
                self.seen = -1000
                raise KeyboardInterrupt

    here, chosen = world(), policies()
    with pytest.raises(KeyboardInterrupt):
        simulate(here.contexts, here.tools, chosen, here.parameters, here.formula, CONFIG, Impatient(),
                 workers=2, out=tmp_path)  # fmt: skip
    kept = len(list(tmp_path.glob("*/pages-*.parquet")))
    assert 1 <= kept < 9
    assert story(run(out=tmp_path, workers=2)) == story(run())


@pytest.mark.parametrize("stop_at", [4, 15])
def test_an_interrupted_simulation_goes_on_where_its_last_batch_ended(tmp_path: Path, stop_at: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(out=tmp_path, stop_at=stop_at)
    kept = sorted(tmp_path.glob("vw/pages-*.parquet"))
    assert len(kept) == (stop_at - 1) // 6
    resumed, whole = run(out=tmp_path), run()
    assert story(resumed) == story(whole)
    assert resumed.tallies == whole.tallies
    assert resumed.decisions == whole.decisions


def test_what_is_not_settled_yet_is_taken_up_again(tmp_path: Path) -> None:
    config = replace(CONFIG, visits=30, measures=False, returns=True)
    with pytest.raises(KeyboardInterrupt):
        run({"vw": learner("vw")}, config, out=tmp_path, stop_at=18)
    assert len(list(tmp_path.glob("vw/pages-*.parquet"))) >= 2
    assert '"came_back":[{' in (tmp_path / "vw" / "state.json").read_text("utf-8")
    assert story(run({"vw": learner("vw")}, config, out=tmp_path)) == story(
        run({"vw": learner("vw")}, config)
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_learner_goes_on_from_its_snapshot(tmp_path: Path, name: str) -> None:
    config = replace(CONFIG, visits=8, batch=4, measures=False)
    with pytest.raises(KeyboardInterrupt):
        run({name: learner(name)}, config, out=tmp_path, stop_at=6)
    assert story(run({name: learner(name)}, config, out=tmp_path)) == story(
        run({name: learner(name)}, config)
    )


def test_a_finished_simulation_is_read_and_not_run_again(tmp_path: Path) -> None:
    first = run(out=tmp_path)
    again = run(out=tmp_path, stop_at=1)
    assert [repr(row) for row in again.rows] == [repr(row) for row in first.rows]


def test_another_simulation_is_refused_and_the_difference_named(tmp_path: Path) -> None:
    small = replace(CONFIG, visits=2, batch=2)
    run({"order": Participant(FixedPolicy)}, small, out=tmp_path)
    with pytest.raises(ConfigurationError, match="differs in seed"):
        run({"order": Participant(FixedPolicy)}, replace(small, seed=6), out=tmp_path)
    with pytest.raises(ConfigurationError, match="differs in policy order"):
        run({"order": Participant(FixedPolicy, start="a model")}, small, out=tmp_path)
    with pytest.raises(ConfigurationError, match=r"differs in policy order .*by=taste"):
        run({"order": Participant(lambda: FixedPolicy(by="taste"))}, small, out=tmp_path)
    with pytest.raises(ConfigurationError, match="differs in policies, policy order, policy vw"):
        run({"vw": Participant(VwPolicy)}, small, out=tmp_path)


def other_tools(part: str) -> Tools:
    """The tools of the world with one part changed."""
    tools = world().tools
    builder, catalog = tools.builder, tools.builder.catalog
    kept = builder.min_items, builder.max_items, builder.budget_s, builder.max_shelves
    if part == "catalogue":
        played = catalog_data().interactions
        louder = replace(
            catalog_data(), interactions=replace(played, weight=[2.0 * w for w in played.weight])
        )
        return replace(tools, builder=Builder(builder.sources, Catalog(louder), *kept))
    if part == "source fresh_finds":
        sources = [FreshFinds(pool=50) if s.name == "fresh_finds" else s for s in builder.sources]
        return replace(tools, builder=Builder(sources, catalog, *kept))
    if part == "limits":
        return replace(tools, builder=Builder(builder.sources, catalog, *kept[:3], max_shelves=20))
    if part == "grids":
        surfaces = {name: replace(surface, text="") for name, surface in tools.surfaces.items()}
        return replace(tools, surfaces=surfaces)
    return replace(tools, rulebook=tools.rulebook + "# edited, under the same version")


@pytest.mark.parametrize("part", ["catalogue", "source fresh_finds", "limits", "grids", "rulebook"])
def test_whatever_decides_the_result_is_a_difference(tmp_path: Path, part: str) -> None:
    here, small = world(), replace(CONFIG, visits=2, batch=2)
    tomorrow = [replace(one, now=one.now + timedelta(days=1), surface="tv") for one in here.contexts]
    for contexts in (here.contexts, tomorrow):
        simulate(contexts, here.tools, {"order": Participant(FixedPolicy)}, here.parameters, here.formula,
                 small, out=tmp_path)  # fmt: skip
    with pytest.raises(ConfigurationError, match=f"differs in {part} "):
        simulate(here.contexts, other_tools(part), {"order": Participant(FixedPolicy)}, here.parameters,
                 here.formula, small, out=tmp_path)  # fmt: skip


def test_two_simulations_do_not_share_a_directory(tmp_path: Path) -> None:
    small = replace(CONFIG, visits=2, batch=2)
    with (
        locked(tmp_path),
        pytest.raises(ConfigurationError, match="another simulation is at work there"),
    ):
        run({"order": Participant(FixedPolicy)}, small, out=tmp_path)
    assert len(run({"order": Participant(FixedPolicy)}, small, out=tmp_path).rows) == 2


def test_listeners_who_have_played_meanwhile_are_other_listeners(tmp_path: Path) -> None:
    here, small = world(), replace(CONFIG, visits=2, batch=2)
    run({"order": Participant(FixedPolicy)}, small, out=tmp_path)
    louder = [
        replace(context, history=tuple(replace(one, weight=2.0 * one.weight) for one in context.history))
        for context in here.contexts
    ]
    with pytest.raises(ConfigurationError, match="differs in listeners"):
        simulate(louder, here.tools, {"order": Participant(FixedPolicy)}, here.parameters, here.formula,
                 small, out=tmp_path)  # fmt: skip


def test_a_damaged_checkpoint_is_one_message(tmp_path: Path) -> None:
    small = replace(CONFIG, visits=2, batch=2)
    run({"order": Participant(FixedPolicy)}, small, out=tmp_path)
    state = tmp_path / "order" / "state.json"
    state.write_bytes(state.read_bytes()[:40])
    with pytest.raises(ConfigurationError, match=r"state.json: cannot be taken up again"):
        run({"order": Participant(FixedPolicy)}, small, out=tmp_path)


def test_a_failure_in_a_process_is_raised_here() -> None:
    def fail() -> FixedPolicy:
        raise ValueError("no such model")

    with pytest.raises(ValueError, match="no such model"):
        run({"a": Participant(fail), "b": Participant(FixedPolicy)}, workers=2)


def test_rows_hold_what_happened() -> None:
    rows = run(policies(("vw",))).rows
    assert all(isinstance(row, VisitRow) for row in rows)
    assert all(0.0 < row.ndcg <= 1.0 and 0.0 < row.intra_shelf < 1.0 and row.novelty > 0.0 for row in rows)
    assert sum(row.listened for row in rows) <= sum(row.clicks for row in rows)
