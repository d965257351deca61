"""Sweeps, comparisons, scenarios and calibrations say what is so, on worlds where it is known."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from bandits.policies import UniformPolicy
from home.errors import ConfigurationError
from home.rules.book import load_rulebook
from home.settings import Settings
from home.simulate.calibrate import NothingPlayedError, calibrate
from home.simulate.happenings import Campaign, ColdStart, Outage, ReleaseDay, TasteDrift
from home.simulate.html import write_report
from home.simulate.player import OnPage
from home.simulate.prices import rule_prices
from home.simulate.report import report
from home.simulate.rows import SimulationConfig
from home.simulate.scenario import load_scenario, run_scenario, scenario_names
from home.simulate.show_studies import (
    answer,
    render_calibration,
    render_scenario,
    render_sweep,
    render_versus,
)
from home.simulate.sweep import Setting, front, settings, sweep
from home.simulate.timeline import Timeline
from home.simulate.versus import versus
from home.simulate.world import World, open_world
from tests.home.simulate.world import world as small

FEW = SimulationConfig(visits=16, batch=8, regret=False)


def world() -> World:
    here = small()
    return World(here.contexts, here.tools, here.parameters, here.formula, lambda _: UniformPolicy())


def printed(render: object, found: object) -> str:
    console = Console(file=io.StringIO(), width=120)
    render(found, console)  # type: ignore[operator]
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_a_front_is_what_nothing_dominates() -> None:
    goals = np.array([[1.0, 3.0], [2.0, 2.0], [1.0, 2.0], [3.0, 1.0], [3.0, 1.0], [0.0, 3.0]])
    assert front(goals).tolist() == [True, True, False, True, True, False]


def test_settings_are_every_combination_and_bad_ones_are_named() -> None:
    found = settings([0.0, 0.5], [], {"taste-mix": [1.0, 4.0]})
    assert [setting.name for setting in found] == [
        "epsilon=0 taste-mix×1",
        "epsilon=0 taste-mix×4",
        "epsilon=0.5 taste-mix×1",
        "epsilon=0.5 taste-mix×4",
    ]
    assert [setting.name for setting in settings([], [], {})] == ["as is"]
    with pytest.raises(ConfigurationError, match=r"epsilon = 1.5"):
        settings([1.5], [], {})
    with pytest.raises(ConfigurationError, match="taste-mix × -1"):
        settings([], [], {"taste-mix": [-1.0]})
    with pytest.raises(ConfigurationError, match="no soft rule of that id, only taste-mix, stay-put"):
        sweep(world(), "order", [Setting(weights=(("music-first", 2.0),))], FEW)


def test_a_sweep_shows_what_exploration_costs() -> None:
    config = replace(FEW, visits=60, batch=60)
    found = sweep(world(), "taste", settings([0.0, 1.0], [], {}), config)
    served, explored = found.points
    assert served.reward.value != explored.reward.value
    assert explored.providers > served.providers
    assert any(point.best for point in found.points)
    assert "epsilon=0" in printed(render_sweep, found)
    assert "★" in printed(render_sweep, found)


def test_a_heavier_soft_rule_is_paid_less_for(tmp_path: Path) -> None:
    found = sweep(
        world(), "taste", settings([], [], {"stay-put": [1.0, 500.0]}), replace(FEW, visits=60, batch=20)
    )
    light, heavy = found.points
    assert light.setting == "stay-put×1"
    assert (light.reward, light.diversity) != (heavy.reward, heavy.diversity)


def test_two_rulebooks_differ_by_what_their_rules_do(tmp_path: Path) -> None:
    old = Settings().rulebook_file
    text = old.read_text("utf-8")
    new = tmp_path / "talk.toml"
    new.write_text(
        text.replace('version = "2"', 'version = "talk"').replace('id = "some-spoken"', 'id = "more-spoken"')
        + '\n[[rule]]\nid = "talk-only"\nkind = "min_count"\nowner = "x"\nreason = "x"\n'
        'match = { content_type = ["podcast", "audiobook"] }\ncount = 3\nrelaxation = 60\n',
        "utf-8",
    )
    found = versus(world(), old, new, "order", replace(FEW, visits=40, batch=40))
    assert found.added == ("more-spoken", "talk-only")
    assert found.removed == ("some-spoken",)
    assert found.content_types["podcast"] + found.content_types["audiobook"] > 0.0
    assert sum(found.sources.values()) == pytest.approx(0.0, abs=1e-9)
    text = printed(render_versus, found)
    assert "talk-only" in text
    assert len(text.splitlines()) < 40
    assert load_rulebook(new).version in text


def test_a_rulebook_against_itself_changes_nothing() -> None:
    book = Settings().rulebook_file
    found = versus(world(), book, book, "order", FEW)
    assert all(change.difference.value == 0.0 for change in found.changes)
    assert "cannot be told apart" in answer(found)
    assert (found.added, found.removed, found.changed) == ((), (), ())


def rows_of(happening: object, policy: str = "order", config: SimulationConfig = FEW) -> list[object]:
    here = world()
    return list(here.run(here.participants([policy]), config, happenings=[happening]).rows)  # type: ignore[list-item]


def test_an_outage_is_noted_while_it_lasts() -> None:
    rows = rows_of(Outage(source="jump_back_in", from_day=1, to_day=1), config=replace(FEW, batch=4))
    assert [row.dropped for row in rows] == [0] * 4 + [1] * 4 + [0] * 8  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError, match="source = 'radio': choose one of"):
        rows_of(Outage(source="radio"))


def test_new_listeners_are_unknown_to_home_but_who_they_are() -> None:
    config = replace(FEW, visits=40, batch=40)
    cold = rows_of(ColdStart(share=0.5), config=config)
    calm = rows_of(ColdStart(share=0.0), config=config)
    strangers = {row.listener_id for row in cold if row.cold}  # type: ignore[attr-defined]
    assert 5 < len(strangers) < 25
    for a, b in zip(cold, calm, strict=True):
        known = a.listener_id not in strangers  # type: ignore[attr-defined]
        assert known == (a.expected_clicks == b.expected_clicks)  # type: ignore[attr-defined]


def test_every_seed_has_strangers_of_its_own() -> None:
    known = small().contexts[0]

    def strangers(seed: int) -> list[bool]:
        timeline = Timeline([ColdStart(share=0.5)], seed)
        some = (replace(known, listener=replace(known.listener, id=f"listener-{i}")) for i in range(400))
        return [not timeline.context(0, one).history for one in some]

    assert strangers(3) == strangers(3)
    # 400 fair coins: four standard deviations about a half.
    assert 0.4 < np.mean(np.equal(strangers(3), strangers(4))) < 0.6


def test_the_seed_of_a_simulation_is_that_of_its_happenings() -> None:
    here, happening = world(), ColdStart(share=0.5)
    results = (
        here.run(here.participants(["order"]), replace(FEW, visits=40, seed=seed), happenings=[happening])
        for seed in (3, 4)
    )
    first, second = ({row.listener_id: row.cold for row in result.rows} for result in results)
    both = first.keys() & second.keys()
    assert any(first[who] != second[who] for who in both)


def test_every_seed_has_drifters_of_its_own() -> None:
    truth = small().model(seed=3).truth(small().contexts[0])

    def drifted(seed: int) -> list[bool]:
        timeline = Timeline([TasteDrift(share=0.5)], seed)
        some = (replace(truth, id=f"listener-{i}", seed=seed) for i in range(400))
        return [timeline.truth(0, one).taste is not truth.taste for one in some]

    assert 0.4 < np.mean(np.equal(drifted(3), drifted(4))) < 0.6


def test_a_drift_changes_the_truth_and_not_the_page() -> None:
    drifted, calm = rows_of(TasteDrift(share=1.0)), rows_of(TasteDrift(share=0.0))
    pairs = list(zip(drifted, calm, strict=True))
    assert pairs[0][0].expected_clicks != pairs[0][1].expected_clicks  # type: ignore[attr-defined]
    assert np.mean([a.ndcg < b.ndcg for a, b in pairs]) > 0.9  # type: ignore[attr-defined]


def test_releases_and_campaigns_reach_the_catalogue_of_the_day() -> None:
    tools = small().tools
    before, after = tools.builder.catalog, ReleaseDay(items=20).tools(tools).builder.catalog
    assert (after.columns.release_day == after.day).sum() >= (
        before.columns.release_day == before.day
    ).sum() + 19
    assert sum(item.released == after.as_of for item in after.items) >= 20
    booked = Campaign(sponsor="Acme", shelves=2, size=6).tools(tools).builder.catalog
    assert [edited.sponsor for edited, _ in booked.editorial[:2]] == ["Acme", "Acme"]
    assert len(booked.editorial) == len(before.editorial) + 2
    pages: list[Mapping[str, object]] = []
    here = world()
    on_page: OnPage = lambda _, page, __: pages.extend(p.shelf.attributes for p in page.placements)  # noqa: E731
    happening = Campaign(sponsor="Acme", shelves=2, size=8)
    here.run(here.participants(["popularity"]), FEW, happenings=[happening], on_page=on_page)
    assert any(attributes["sponsor"] == "Acme" for attributes in pages)


def test_what_is_not_known_is_never_on_the_front() -> None:
    nan = float("nan")
    goals = np.array([[1.0, 2.0], [nan, 9.0], [2.0, 1.0], [0.5, nan], [0.5, 0.5]])
    assert front(goals).tolist() == [True, False, True, False, False]
    assert front(np.full((3, 2), nan)).tolist() == [False] * 3


def test_every_scenario_that_ships_can_be_read() -> None:
    names = scenario_names()
    assert {"outage", "release_day", "cold_start_week", "taste_drift", "campaign"} <= set(names)
    assert all(load_scenario(name).expect for name in names)


SCENARIO = """
title = "t"
question = "q"
policies = ["order"]
visits = 8
batch = 4
listeners = 10
[[happening]]
kind = "outage"
source = "watch"
from_day = 1
[[expect]]
what = "it is noted"
measure = "dropped"
policy = "order"
days = [1, 1]
at_least = 1.0
[[expect]]
what = "it was noted before, which is wrong"
measure = "dropped"
of = "max"
policy = "order"
days = [0, 0]
at_least = 1.0
"""


def test_expectations_are_met_or_not(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SCENARIO, "utf-8")
    found = run_scenario(load_scenario(path), world())
    assert [outcome.met for outcome in found.outcomes] == [True, False]
    assert not found.met
    assert "not met" in printed(render_scenario, found)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "outage"', 'kind = "flood"', "kind is 'flood'; choose one of outage"),
        ('source = "watch"', 'origin = "watch"', "source"),
        ("from_day = 1", "from_day = 1\nspeed = 3", "speed"),
        ('measure = "dropped"', 'measure = "joy"', "measure 'joy' is not known"),
        ("at_least = 1.0", "", "give at_least, at_most, or both"),
        ('policy = "order"\ndays', 'policy = "vw"\ndays', "policies are order"),
        ("visits = 8", "visits = 0", "visits is 0"),
        ("from_day = 1", "from_day = -1", "from_day is -1"),
        ("from_day = 1", "from_day = 2", "from day 2 to 1 never happens: days are 0 to 1"),
        ("from_day = 1", "from_day = 1\nto_day = 0", "from day 1 to 0 never happens"),
        ("days = [1, 1]", "days = [1, 0]", "give the first and the last one"),
        ("days = [1, 1]", "days = [2, 3]", "the last day is 1"),
        ('kind = "outage"\nsource = "watch"', 'kind = "cold_start"\nshare = 7.0', "share is 7.0"),
        ('kind = "outage"\nsource = "watch"', 'kind = "release_day"\nitems = -1', "items is -1"),
    ],
)
def test_a_wrong_scenario_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in SCENARIO
    path = tmp_path / "mine.toml"
    path.write_text(SCENARIO.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load_scenario(path)
    assert said in str(raised.value)
    assert str(path) in str(raised.value)
    with pytest.raises(ConfigurationError, match="'storm' is not known; choose one of campaign"):
        load_scenario("storm")


@pytest.mark.slow
@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_that_ships_comes_out_as_it_says(demo_settings: Settings, name: str) -> None:
    found = run_scenario(load_scenario(name), open_world(demo_settings))
    assert found.met, [outcome for outcome in found.outcomes if not outcome.met]


def test_real_plays_are_brought_to_the_length_of_the_simulated_ones() -> None:
    found = calibrate(world(), config=SimulationConfig(150, 50, regret=False, measures=False))
    by_name = {one.name: one for one in found.marginals}
    assert found.plays >= 2 * found.listeners
    assert all(one.real > 0.0 and one.simulated > 0.0 for one in found.marginals if one.name != "repeats")
    assert by_name["items played"].real <= found.plays
    assert found.curve.real[0] == 0.0
    assert found.curve.real[-1] == pytest.approx(1.0)
    assert "popularity, Gini" in printed(render_calibration, found)
    with pytest.raises(NothingPlayedError, match="simulate more visits"):
        calibrate(world(), config=SimulationConfig(2, 2, regret=False, measures=False))


def test_a_report_is_one_file_with_all_pictures(tmp_path: Path) -> None:
    here = world()
    config = SimulationConfig(8, 4)
    result = here.run(here.participants(["order", "random"]), config)
    found = report(result, catalog=here.catalog)
    write_report(result, found, tmp_path / "r.html", rule_prices(here, cases=1))
    text = (tmp_path / "r.html").read_text("utf-8")
    assert text.count("<figure>") == text.count("data:image/svg+xml;base64,") >= 11
    for title in ("Cumulative regret", "Exposure by genre", "What rules cost", "Composing time", "Diversity"):
        assert title in text
    assert "http" not in text.replace("http-equiv", "")
