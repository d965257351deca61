"""Explaining logged pages: the layout problem is put together again exactly, or the fault is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from bandits.policies import UniformPolicy
from home.bootstrap import open_home
from home.compose import ComposedPage, LivePolicy, compose, propose
from home.errors import NotExplainableError
from home.explain import explain_decision, problem_under
from home.logbook import record_of
from home.records import DecisionRecord, decode, encode
from home.sampling import sample_contexts
from home.service import Home
from home.settings import Settings
from layout.rules import Pinned, SlotRange
from layout.selector import Selector
from layout.solve import solve
from layout.types import Problem
from shelves.types import Context


@pytest.fixture
def home(demo_settings: Settings) -> Iterator[Home]:
    opened = open_home(demo_settings.model_copy(update={"layout_deadline_ms": 10_000.0}), background=False)
    yield opened
    opened.close()


def _logged(home: Home, page: ComposedPage) -> DecisionRecord:
    """As it comes back from the log."""
    return decode(encode(record_of(page, home.catalog.items)))


def _problem(home: Home, page: ComposedPage) -> Problem:
    record = _logged(home, page)
    return problem_under(record, home.setup_of(record))


def _contexts(home: Home, surface: str) -> list[Context]:
    first, *others = sample_contexts(home.engine, 3, surface, 5, home.clock())
    before = home.compose_for(first, 1)
    returning = replace(first, previous_page=tuple(p.shelf.id for p in reversed(before.placements)))
    return [returning, *others]


@pytest.mark.parametrize("surface", ["phone", "desktop", "tv"])
def test_the_layout_problem_of_a_logged_page_is_the_one_that_was_solved(home: Home, surface: str) -> None:
    for seed, context in enumerate(_contexts(home, surface)):
        page = home.compose_for(context, seed)
        logged = _problem(home, page)
        solved = propose(context, home.models.current().policy, home.tools).problem(home.tools.rules)
        assert np.array_equal(logged.values, solved.values)
        assert logged.context == solved.context
        assert logged.rules == solved.rules
        assert [one.id for one in logged.shelves] == [one.id for one in solved.shelves]
        assert solve(logged, deadline_s=10.0).page == page.result.page


def test_an_explanation_covers_every_shelf_and_every_rule(home: Home) -> None:
    context = _contexts(home, "phone")[0]
    page = home.compose_for(context, 7)
    record = _logged(home, page)
    found = home.explain(record)
    placed, absent = {one.shelf for one in found.placed}, {one.shelf for one in found.absent}
    assert placed == set(record.shelf_ids(record.page))
    assert placed | absent == {shelf.id for shelf in record.shelves}
    assert tuple(price.rule for price in found.rules) == record.effective_rules
    assert found.best == record.solver.objective
    assert {one.rule: one.paid for one in found.rules if one.paid} == dict(record.solver.paid)


def test_a_rules_price_is_what_the_page_gains_without_it(home: Home) -> None:
    context = _contexts(home, "desktop")[0]
    page = home.compose_for(context, 7)
    found = home.explain(_logged(home, page))
    dearest = max(found.rules, key=lambda one: one.price or 0)
    assert dearest.price
    fewer = replace(home.tools, rules=tuple(rule for rule in home.tools.rules if rule.id != dearest.rule))
    freer = compose(context, LivePolicy(*home.models.current()), fewer, decision_id="d", seed=7)
    assert freer.result.objective == found.best + dearest.price


def test_a_page_for_which_a_rule_was_dropped_names_the_rules_that_contradict_each_other(home: Home) -> None:
    rules = (
        *home.tools.rules,
        Pinned(id="talk-first", selector=Selector({"content_type": "podcast"}), slot=2, relaxation=1),
        SlotRange(id="talk-below", selector=Selector({"content_type": "podcast"}), first=5),
    )
    context = _contexts(home, "phone")[1]
    tools = replace(home.tools, rules=rules)
    page = compose(context, LivePolicy(*home.models.current()), tools, decision_id="d", seed=1)
    assert page.result.relaxed == ("talk-first",)
    record = _logged(home, page)
    setup = replace(home.setup_of(record), rules=rules)
    assert explain_decision(record, setup, 10.0).contradicting == ("talk-first", "talk-below")
    assert home.explain(_logged(home, home.compose_for(context, 1))).contradicting == ()


def test_another_rulebook_or_grid_is_refused_by_name(home: Home) -> None:
    record = _logged(home, home.compose_for(_contexts(home, "phone")[0], 1))
    with pytest.raises(NotExplainableError, match=r"rules_version is '1\+old', but its configuration is"):
        home.explain(replace(record, rules_version="1+old"))
    with pytest.raises(NotExplainableError, match="grid_version is 'phone@0', but its configuration is"):
        home.explain(replace(record, grid_version="phone@0"))
    with pytest.raises(NotExplainableError, match="surface is 'car', but"):
        home.explain(replace(record, surface="car"))
    with pytest.raises(NotExplainableError, match="its grid 0000 is not stored"):
        home.explain(replace(record, configuration={**record.configuration, "grid": "0000"}))


def test_a_record_that_values_its_page_otherwise_is_refused(home: Home) -> None:
    record = _logged(home, home.compose_for(_contexts(home, "phone")[0], 1))
    with pytest.raises(NotExplainableError, match="values its page otherwise"):
        home.explain(replace(record, values=record.values[::-1].copy()))


def test_a_page_that_broke_a_rule_is_refused_with_its_name(home: Home) -> None:
    record = _logged(home, home.compose_for(_contexts(home, "phone")[0], 1))
    slots = home.tools.surface("phone").grid.slots
    shown = [record.options[option].presentation for option in record.page]
    below = next(
        k
        for k in range(1, len(slots))
        if all(one in (slots[at].presentations or (one,)) for one, at in ((shown[0], k), (shown[k], 0)))
    )
    page = list(record.page)
    page[0], page[below] = page[below], page[0]
    with pytest.raises(NotExplainableError, match=r"breaks .*resume-first"):
        home.explain(replace(record, page=tuple(page)))


def test_a_fallback_page_is_explained_as_far_as_it_goes(home: Home) -> None:
    context = _contexts(home, "phone")[0]
    hurried = replace(home.tools, layout_deadline_s=0.0)
    page = compose(context, LivePolicy(1, UniformPolicy()), hurried, decision_id="d", seed=1)
    found = home.explain(_logged(home, page))
    assert found.best >= found.objective
