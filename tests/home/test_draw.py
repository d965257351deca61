"""Pages drawn as the settings say: within their limits, and with propensities that the log rebuilds."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from bandits.policies import VwPolicy
from bandits.portfolio import Weighting
from home.audit import faults
from home.bootstrap import open_tools
from home.compose import ComposedPage, LivePolicy, Tools, compose
from home.draw import Exploration, PortfolioDraw
from home.explain import problem_of
from home.logbook import record_of
from home.records import DecisionRecord, decode, encode
from home.redraw import draw_of
from home.replay.targets import Target
from home.settings import Settings
from home.simulate.run import unhurried
from layout.objective import page_worth
from tests.home.simulate.world import world

EXPLORATIONS = {
    "anchored": Exploration(0.5, 0.1),
    "capped": Exploration(1.0, 0.3, regret_cap=0.05),
    "portfolio": Exploration(0.1, 0.5, None, PortfolioDraw(6, Weighting.INVERSE_GAP, 100.0)),
    "capped portfolio": Exploration(0.1, 0.9, 0.02, PortfolioDraw(6, Weighting.SOFTMAX, 10.0)),
}
DRAWS = pytest.mark.parametrize("draw", EXPLORATIONS)


@cache
def composed(draw: str) -> tuple[tuple[ComposedPage, DecisionRecord], ...]:
    """Pages of some listeners, with their records as they come back from the log."""
    here = world()
    tools, live = _tools(EXPLORATIONS[draw]), LivePolicy(1, VwPolicy())
    pages = [compose(here.contexts[i % 5], live, tools, decision_id=f"d{i}", seed=i) for i in range(15)]
    return tuple((page, decode(encode(record_of(page, here.catalog.items)))) for page in pages)


def _tools(exploration: Exploration) -> Tools:
    return replace(unhurried(world().tools), exploration=exploration)


@DRAWS
def test_pages_are_sound_and_their_propensity_can_be_rebuilt_from_the_log(draw: str) -> None:
    explored = 0
    for page, record in composed(draw):
        assert list(faults(page, world().tools)) == []
        source = draw_of(record, problem_of(record, world().tools))
        assert source.probability(record.page) == record.propensity
        assert Target(None).probability(record) == record.propensity
        explored += record.page != record.anchor
    assert explored >= 3


@pytest.mark.parametrize("draw", ["capped", "capped portfolio"])
def test_no_page_loses_more_than_the_cap(draw: str) -> None:
    cap = EXPLORATIONS[draw].regret_cap
    assert cap is not None
    for _, record in composed(draw):
        values = problem_of(record, world().tools).values
        assert record.drawing.regret_cap == cap
        assert record.drawing.least_value is not None
        assert page_worth(values, record.page) >= record.drawing.least_value
        assert page_worth(values, record.page) >= (1.0 - cap) * page_worth(values, record.anchor)


def test_without_the_cap_some_pages_lose_more() -> None:
    losses = []
    for _, record in composed("anchored"):
        values = problem_of(record, world().tools).values
        losses.append(1.0 - page_worth(values, record.page) / page_worth(values, record.anchor))
        assert record.drawing.least_value is None
    assert max(losses) > 0.05


@pytest.mark.parametrize("draw", ["portfolio", "capped portfolio"])
def test_a_portfolio_is_logged_and_replayed_within_itself(draw: str) -> None:
    for page, record in composed(draw):
        drawing = record.drawing
        assert (drawing.method, record.epsilon, drawing.pages[0]) == ("portfolio", 1.0, record.anchor)
        assert record.page in drawing.pages
        assert page.portfolio is not None
        for epsilon in (0.0, 0.25, 1.0):
            each = [replace(record, page=one) for one in drawing.pages]
            probabilities = [Target(epsilon).probability(one) for one in each]
            assert sum(probabilities) == pytest.approx(1.0, abs=1e-12)
            assert Target(epsilon).likelihood(record).outside == 0.0
            expected = (1.0 - epsilon) * np.eye(len(each))[0] + epsilon * np.array(drawing.probabilities)
            np.testing.assert_array_equal(probabilities, expected)


def test_a_draw_that_is_not_what_was_logged_is_not_rebuilt() -> None:
    _, record = composed("capped portfolio")[0]
    problem, drawing = problem_of(record, world().tools), record.drawing
    assert drawing.least_value is not None
    least = replace(record, drawing=replace(drawing, least_value=drawing.least_value - 1))
    with pytest.raises(ValueError, match=f"but {drawing.least_value - 1} was logged"):
        draw_of(least, problem)
    turned = replace(record, drawing=replace(drawing, pages=drawing.pages[::-1]))
    with pytest.raises(ValueError, match="the portfolio is"):
        draw_of(turned, problem)


def test_settings_choose_the_draw() -> None:
    def chosen(**values: object) -> Exploration:
        return open_tools(Settings(**values), world().catalog).exploration  # type: ignore[arg-type]

    assert chosen() == Exploration(0.1, 0.1)
    assert chosen(regret_cap=0.2, epsilon=0.3).regret_cap == 0.2
    asked = chosen(draw="portfolio", portfolio_size=5, portfolio_weighting="softmax", portfolio_sharpness=3)
    assert asked.portfolio == PortfolioDraw(5, Weighting.SOFTMAX, 3.0)


def test_a_portfolio_that_breaks_a_rule_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("home.draw.broken_rules_of", lambda *_: ("some-rule",))
    tools = _tools(EXPLORATIONS["portfolio"])
    page = compose(world().contexts[0], LivePolicy(1, VwPolicy()), tools, decision_id="d", seed=1)
    assert page.propensity is None
    assert page.portfolio is None
    assert "a page of the portfolio breaks some-rule" in page.fallback
