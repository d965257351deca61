"""Logged pages as slate rounds, on decisions whose pages can all be listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from bandits.ope.cascade import cascade_dr, cascade_ips
from bandits.ope.estimators import Estimate
from bandits.ope.independent_ips import independent_ips
from bandits.ope.page_ips import page_ips
from bandits.ope.pseudo_inverse import pseudo_inverse
from bandits.page import AnchoredMixture
from bandits.portfolio import Portfolio
from bandits.rewards import ShelfOutcome
from bandits.types import Page
from home.draw import Exploration
from home.errors import NotExplainableError
from home.explain import whole_problem
from home.records import DecisionRecord
from home.redraw import draw_of
from home.replay.laws import Laws, laws_of
from home.replay.page_law import PageLaw, TooManyPagesError, logged_law
from home.replay.pages import LoggedPage, Studied, studied
from home.replay.what_if import WhatIf
from tests.home.replay.test_what_if import ANCHORED, CAPPED, OLD, PAGES, PORTFOLIO, TARGETS, decide

EXACT = 1e-10
EXPLORATIONS = {"anchored": ANCHORED, "capped": CAPPED, "portfolio": PORTFOLIO}
DRAWS = pytest.mark.parametrize("draw", EXPLORATIONS)


def law_of(record: DecisionRecord) -> PageLaw:
    return logged_law(record, whole_problem(record, OLD))


def other(law: PageLaw) -> PageLaw:
    """Another model in the same decision: another anchor and other choices, exploring less."""
    pages = [page for page, p in law.listed(1000).items() if p > 0.0]
    if isinstance(law.source, Portfolio):
        return replace(law, anchor=pages[-1], epsilon=0.3)
    source = replace(law.source, anchor=pages[-1], pmf=np.array([0.1, 0.4, 0.1, 0.1, 0.3]))
    return replace(law, anchor=pages[-1], epsilon=0.3, source=source)


def shown(record: DecisionRecord, page: Page) -> DecisionRecord:
    """The same decision, had it shown this page."""
    source = draw_of(record, whole_problem(record, OLD))
    return replace(
        record,
        page=page,
        propensity=source.probability(page),
        conditionals=tuple(source.conditionals(page)),
        exploration_conditionals=tuple(source.exploration_conditionals(page)),
    )


def outcomes(rewards: tuple[float, ...]) -> tuple[ShelfOutcome, ...]:
    return tuple(ShelfOutcome(str(slot), True, reward) for slot, reward in enumerate(rewards))


def every_page(record: DecisionRecord, reward: Callable[[Page], tuple[float, ...]]) -> Iterator[LoggedPage]:
    for page, p in law_of(record).listed(1000).items():
        if p > 0.0:
            yield LoggedPage(shown(record, page), outcomes(reward(page)))


def study(record: DecisionRecord, target: PageLaw, reward: Callable[[Page], tuple[float, ...]]) -> Studied:
    laws = Laws(law_of(record), target)
    return studied(((page, laws) for page in every_page(record, reward)), np.random.default_rng(0))


@DRAWS
def test_a_law_is_the_distribution_that_was_drawn_from(draw: str) -> None:
    record = decide(OLD, EXPLORATIONS[draw])
    law, source = law_of(record), draw_of(record, whole_problem(record, OLD))
    listed = law.listed(1000)
    assert sum(listed.values()) == pytest.approx(1.0, abs=EXACT)
    for page in PAGES:
        assert listed.get(page, 0.0) == pytest.approx(source.probability(page), abs=EXACT)
        assert law.probability(page) == pytest.approx(source.probability(page), abs=EXACT)


@DRAWS
def test_choices_are_ratios_of_beginnings(draw: str) -> None:
    law = other(law_of(decide(OLD, EXPLORATIONS[draw])))
    listed = law.listed(1000)
    for page in permutations(range(5), 3):
        choices = law.choices(page)
        for slot in range(3):
            begun = {one: p for one, p in listed.items() if one[:slot] == page[:slot]}
            total = sum(begun.values())
            for option in range(5):
                joint = sum(p for one, p in begun.items() if one[slot] == option)
                expected = joint / total if total > 0.0 else 0.0
                assert choices[slot, option] == pytest.approx(expected, abs=EXACT)


@DRAWS
@pytest.mark.parametrize("name", TARGETS)
def test_laws_of_targets_are_what_they_say_of_each_page(name: str, draw: str) -> None:
    record, target = decide(OLD, EXPLORATIONS[draw]), TARGETS[name]
    laws = laws_of(record, target)
    assert sum(laws.target.listed(1000).values()) == pytest.approx(1.0, abs=EXACT)
    for page in PAGES:
        expected = target.likelihood(replace(record, page=page)).prefixes
        np.testing.assert_allclose(laws.target.prefixes(page), expected, atol=EXACT)
        assert laws.logging.probability(page) == pytest.approx(law_of(record).probability(page), abs=EXACT)


def test_a_decision_that_cannot_be_put_together_has_no_law() -> None:
    record = replace(decide(OLD, ANCHORED), limits={})
    with pytest.raises(NotExplainableError, match="cannot be decided again"):
        laws_of(record, TARGETS["another model"])


def test_lists_that_would_be_too_long_are_refused() -> None:
    law = law_of(decide(OLD, ANCHORED))
    with pytest.raises(TooManyPagesError, match="more than 10 pages"):
        law.listed(10)
    assert len(replace(law, epsilon=0.0).listed(1)) == 1


@DRAWS
def test_rounds_hold_what_targets_say_of_beginnings(draw: str) -> None:
    record = decide(OLD, EXPLORATIONS[draw])
    target = WhatIf("target", lambda _: OLD, epsilon=0.2)
    page = LoggedPage(record, outcomes((1.0, 0.0, 0.5)))
    rounds = studied([(page, laws_of(record, target))] * 2, np.random.default_rng(0)).rounds
    np.testing.assert_allclose(rounds.prefix_target[0], target.likelihood(record).prefixes)
    np.testing.assert_array_equal(rounds.reward, [1.5, 1.5])
    np.testing.assert_array_equal(rounds.group, [0, 0])
    np.testing.assert_allclose(rounds.propensity, np.prod(record.conditionals))


def test_shorter_pages_are_padded() -> None:
    record = decide(OLD, ANCHORED)
    short = replace(
        record,
        page=record.page[:2],
        anchor=record.anchor[:2],
        conditionals=record.conditionals[:2],
        examination=record.examination[:2],
    )
    law = law_of(record)
    assert isinstance(law.source, AnchoredMixture)
    cut = replace(law, anchor=short.anchor, source=replace(law.source, anchor=short.anchor))
    pages = [
        (LoggedPage(record, outcomes((1.0, 0.0, 0.5))), Laws(law, law)),
        (LoggedPage(short, outcomes((1.0, 1.0))), Laws(cut, cut)),
    ]
    rounds = studied(pages, np.random.default_rng(0)).rounds
    np.testing.assert_array_equal(rounds.filled, [[True, True, True], [True, True, False]])
    np.testing.assert_allclose(rounds.prefix_weights, [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
    np.testing.assert_allclose(rounds.slot_weights, [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])


def test_shelves_that_were_not_examined_earn_nothing() -> None:
    seen = (ShelfOutcome("a", True, 1.0), ShelfOutcome("b", False, 7.0), ShelfOutcome("c", True, 0.5))
    record = decide(OLD, ANCHORED)
    laws = Laws(law_of(record), law_of(record))
    rounds = studied([(LoggedPage(record, seen), laws)], np.random.default_rng(0)).rounds
    np.testing.assert_array_equal(rounds.slot_reward, [[1.0, 0.0, 0.5]])
    np.testing.assert_array_equal(rounds.examined, [[True, False, True]])


def test_an_empty_log_is_refused() -> None:
    with pytest.raises(ValueError, match="no pages"):
        studied([], np.random.default_rng(0))


def additive(page: Page) -> tuple[float, ...]:
    """What each shelf earns in its slot, whatever else there is."""
    return tuple((1.0 + option) / (1.0 + slot) for slot, option in enumerate(page))


def cascading(page: Page) -> tuple[float, ...]:
    """Less below good shelves."""
    return tuple(reward / (1.0 + sum(page[:slot])) for slot, reward in enumerate(additive(page)))


def dr(found: Studied) -> Estimate:
    """Cascade-DR with arbitrary coefficients: unbiased if the means over the target's choices are exact."""
    q = np.random.default_rng(1).normal(size=found.features.shown.shape[1:])
    shown, expected = (
        np.einsum("mkd,kd->mk", each, q) for each in (found.features.shown, found.features.expected)
    )
    return cascade_dr(found.rounds, shown, expected)


@DRAWS
@pytest.mark.parametrize(
    ("estimate", "reward"),
    [
        (lambda found: page_ips(found.rounds), cascading),
        (lambda found: cascade_ips(found.rounds), cascading),
        (dr, cascading),
        (lambda found: independent_ips(found.rounds), additive),
        (lambda found: pseudo_inverse(found.rounds, found.weights), additive),
    ],
    ids=["page_ips", "cascade_ips", "cascade_dr", "independent_ips", "pseudo_inverse"],
)
def test_studied_decisions_give_unbiased_estimates(
    draw: str, estimate: Callable[[Studied], Estimate], reward: Callable[[Page], tuple[float, ...]]
) -> None:
    """Exactly, over every page that the decision could have logged."""
    record = decide(OLD, EXPLORATIONS[draw])
    target = other(law_of(record))
    found = study(record, target, reward)
    assert found.exact.all()
    assert found.missing.max() < 1e-6
    truth = sum(p * sum(reward(page)) for page, p in target.listed(1000).items())
    value = float(found.rounds.propensity @ estimate(found).numerator)
    assert value == pytest.approx(truth, abs=EXACT)


def test_draws_stand_for_pages_that_are_not_listed() -> None:
    record = decide(OLD, Exploration(0.8, 0.5))
    law = law_of(record)
    target, page = other(law), LoggedPage(record, outcomes(additive(record.page)))
    exact = studied([(page, Laws(law, target))], np.random.default_rng(0))
    for draws, whole in ((5, False), (2000, True)):
        found = studied([(page, Laws(law, target, limit=3, draws=draws))], np.random.default_rng(0))
        assert found.exact.all() == whole
        np.testing.assert_array_equal(found.rounds.prefix_target, exact.rounds.prefix_target)
        if whole:
            np.testing.assert_allclose(found.weights, exact.weights, rtol=1e-6)
            np.testing.assert_allclose(found.rounds.slot_target, exact.rounds.slot_target, rtol=1e-6)
