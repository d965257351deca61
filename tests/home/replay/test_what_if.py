"""Other models and rulebooks on logged decisions, where every page can be enumerated."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from bandits.ope.diagnostics import Verdict
from bandits.ope.rounds import Rounds
from bandits.policies import FixedPolicy, VwPolicy
from bandits.portfolio import Weighting
from bandits.types import Page
from home.compose import lay_out
from home.configuration import Setup
from home.draw import Exploration, PortfolioDraw, draw_page
from home.errors import NotExplainableError
from home.explain import whole_problem
from home.logbook import drawing_of
from home.records import DecisionRecord, LoggedSolver
from home.redraw import draw_of
from home.replay.estimators import View
from home.replay.judgement import Evidence, judged
from home.replay.options import Options
from home.replay.show import limits_in_words
from home.replay.tally import Tally
from home.replay.targets import Target
from home.replay.what_if import Model, WhatIf
from home.sampling import sample_contexts
from home.service import Home
from layout.rules import SlotRange
from layout.selector import Selector
from layout.solve import effective
from layout.types import Grid, Slot
from tests.home.loop import make_record

GRID = Grid("phone", tuple(Slot(e) for e in (1.0, 0.8, 0.6)), items_per_shelf=2)
HIGH = SlotRange(id="high", selector=Selector({"id": "b"}), first=1, last=2)
LOW = SlotRange(id="low", selector=Selector({"id": "a"}), first=2, last=3)
OLD, LOOSE, OTHER = (
    Setup((HIGH, LOW), GRID),
    Setup((LOW,), GRID),
    Setup((LOW, replace(HIGH, first=2, last=3)), GRID),
)
PAGES: tuple[Page, ...] = tuple(permutations(range(5), 3))
ANCHORED = Exploration(0.5, 0.25)
CAPPED = Exploration(0.5, 0.25, regret_cap=0.3)
PORTFOLIO = Exploration(1.0, 0.5, portfolio=PortfolioDraw(4, Weighting.SOFTMAX, 1.0))


def decide(setup: Setup, exploration: Exploration, seed: int = 1, **changes: Any) -> DecisionRecord:
    """A record of a page that was laid out and drawn under `setup`, as the service would have logged it."""
    limits = {"deadline_s": 60.0, "deterministic_time": 1.0, "min_items": 1}
    plain = make_record("d", limits=limits, grid_version="phone@1", seed=seed, **changes)
    record = replace(plain, options=tuple(replace(one, presentation="") for one in plain.options))
    problem = whole_problem(record, setup)
    result, fault = lay_out(problem, 60.0, 1.0)
    assert not fault
    drawn = draw_page(effective(problem, result), result, record.pmf, exploration, seed)
    draw = drawn.draw
    assert drawn.propensity is not None
    return replace(
        record,
        solver=LoggedSolver(result.status.value, result.objective, result.bound, result.proof),
        anchor=result.page,
        page=draw.page,
        explored=draw.explored,
        epsilon=exploration.epsilon,
        floor=exploration.floor,
        propensity=draw.propensity,
        conditionals=tuple(draw.conditionals),
        exploration_conditionals=tuple(draw.exploration_conditionals),
        anchor_exploration=draw.anchor_exploration,
        drawing=drawing_of(exploration, drawn.least_value, drawn.portfolio),
    )


def _propensity(record: DecisionRecord, page: Page) -> float:
    return draw_of(record, effective_problem(record)).probability(page)


def effective_problem(record: DecisionRecord) -> Any:
    return whole_problem(record, OLD)


TARGETS: dict[str, WhatIf] = {
    "the same": WhatIf("same", lambda _: OLD, model=None, rules=OLD.rules),
    "fewer rules": WhatIf("loose", lambda _: OLD, rules=LOOSE.rules),
    "other rules": WhatIf("other", lambda _: OLD, rules=OTHER.rules),
    "another model": WhatIf("model", lambda _: OLD, model=Model(FixedPolicy())),
    "both, seldom exploring": WhatIf(
        "both", lambda _: OLD, model=Model(FixedPolicy()), rules=LOOSE.rules, epsilon=0.1
    ),
}


@pytest.mark.parametrize(
    "exploration", [ANCHORED, CAPPED, PORTFOLIO], ids=["anchored", "capped", "portfolio"]
)
@pytest.mark.parametrize("name", TARGETS)
def test_probabilities_over_all_pages_and_the_share_outside_the_log_are_exact(
    name: str, exploration: Exploration
) -> None:
    target, record = TARGETS[name], decide(OLD, exploration)
    logged = {page: _propensity(record, page) for page in PAGES}
    theirs = {page: target.likelihood(replace(record, page=page)).page for page in PAGES}
    assert sum(logged.values()) == pytest.approx(1.0, abs=1e-12)
    assert sum(theirs.values()) == pytest.approx(1.0, abs=1e-12)
    outside = sum(p for page, p in theirs.items() if logged[page] == 0.0)
    found = replace(target, draws=2000).likelihood(record).outside
    # 4 standard errors of 2,000 draws are at most 0.045.
    assert found == pytest.approx(outside, abs=0.045)
    if name == "the same":
        assert outside == found == 0.0
        assert theirs == pytest.approx(logged, abs=1e-12)
    if name == "fewer rules" and exploration is not PORTFOLIO:
        assert 0.01 < outside < 0.5
    if exploration is PORTFOLIO:
        assert found == pytest.approx(outside, abs=1e-12)


def test_beginnings_have_the_probability_of_the_pages_that_begin_so() -> None:
    target, record = TARGETS["fewer rules"], decide(OLD, ANCHORED)
    theirs = {page: target.likelihood(replace(record, page=page)) for page in PAGES}
    for page, found in theirs.items():
        for k in (1, 2):
            whole = sum(other.page for its, other in theirs.items() if its[:k] == page[:k])
            assert found.prefixes[k - 1] == pytest.approx(whole, abs=1e-12)


def test_a_log_without_exploration_holds_its_anchor_alone() -> None:
    record = decide(OLD, Exploration(0.0, 0.25))
    target = WhatIf("loose", lambda _: OLD, rules=LOOSE.rules, epsilon=0.5)
    assert target.likelihood(record).outside == 1.0 - target.likelihood(record).page
    assert Target(0.5).likelihood(record).outside == 0.5 * (1.0 - record.anchor_exploration)


def test_what_cannot_be_decided_again_says_why() -> None:
    record = replace(decide(OLD, ANCHORED), limits={})
    with pytest.raises(NotExplainableError, match="before pages could be computed again"):
        TARGETS["another model"].likelihood(record)
    with pytest.raises(ValueError, match="draws = 0"):
        replace(TARGETS["the same"], draws=0)
    with pytest.raises(ValueError, match="epsilon = 2"):
        replace(TARGETS["the same"], epsilon=2.0)


def test_served_pages_keep_their_propensity_under_the_model_and_rules_that_served_them(home: Home) -> None:
    """Decided again from the record alone, by a model that claims to be another."""
    live = home.models.current().policy
    same = WhatIf("same", home.setup_of, model=Model(live))
    other = WhatIf("other", home.setup_of, model=Model(VwPolicy()))
    explored = 0
    for seed, context in enumerate(sample_contexts(home.engine, 6, "phone", 3, home.clock())):
        record = home.decision(home.compose(context.listener.id, "phone", seed=seed).decision_id)
        found = same.likelihood(record)
        assert found.page == pytest.approx(record.propensity, rel=1e-9, abs=0.0)
        assert found.prefixes == pytest.approx(np.cumprod(record.conditionals), rel=1e-9, abs=0.0)
        assert found.outside == 0.0
        assert other.likelihood(record).page != pytest.approx(record.propensity, rel=1e-3, abs=0.0)
        explored += record.explored
    assert explored


def test_a_rulebook_is_worth_what_the_log_says_but_for_what_it_could_not_hold() -> None:
    """3,000 logged pages of one decision; what each earns is known, and so is what the looser rules would."""
    target, record = TARGETS["fewer rules"], decide(OLD, ANCHORED)
    rng = np.random.default_rng(5)
    source = draw_of(record, effective_problem(record))
    theirs = {page: target.likelihood(replace(record, page=page)).page for page in PAGES}
    worth = {page: float(rng.random()) for page in PAGES}
    shown = [source.draw(rng) for _ in range(3000)]
    rounds = Rounds(
        np.array([worth[draw.page] for draw in shown]),
        np.array([draw.propensity for draw in shown]),
        np.array([theirs[draw.page] for draw in shown]),
    )
    outside = np.array(
        [replace(target, draws=4, seed=seed).likelihood(record).outside for seed in range(300)] * 10
    )
    tally = Tally()
    tally.add(rounds, {}, outside)
    options = Options(interval="normal", level=0.999)
    found = judged(Evidence("rules", tally, View(rounds), (0.0, 1.0)), options)
    held = sum(p * worth[page] for page, p in theirs.items() if source.probability(page) > 0.0)
    lost = sum(p for page, p in theirs.items() if source.probability(page) == 0.0)
    ips = found.interval("ips")
    assert ips is not None
    assert not ips.excludes(held)
    assert found.support is not None
    assert not found.support.outside.excludes(lost)
    whole = sum(p * worth[page] for page, p in theirs.items())
    assert found.support.low < whole < found.support.high
    assert found.support.high - found.support.low >= ips.high - ips.low + lost * 0.5
    assert found.diagnostics.verdict is Verdict.DO_NOT_TRUST


def test_pages_that_were_looked_for_and_not_found_outside_are_not_proof_that_none_is() -> None:
    """The rule of three: none of n draws outside leaves 3 / n, and all of it where little was drawn."""
    rng = np.random.default_rng(6)
    rounds = Rounds((rng.random(300) < 0.5).astype(np.float64), np.full(300, 0.5), np.full(300, 0.5))
    found = {}
    for drawn in (60, 6000):
        tally = Tally(drawn=drawn, reach=0.4)
        tally.add(rounds, {}, np.zeros(300))
        found[drawn] = judged(Evidence("rules", tally, View(rounds), (0.0, 1.0)), Options(interval="normal"))
        support = found[drawn].support
        assert support is not None
        assert (support.outside.low, support.outside.value, support.decisions) == (0.0, 0.0, 0)
        assert support.outside.high == pytest.approx(0.4 * 3.0 / drawn, rel=0.03)
        ips = found[drawn].interval("ips")
        assert ips is not None
        assert support.high == pytest.approx(ips.high + support.outside.high)
    assert found[60].diagnostics.verdict is Verdict.THIN_SUPPORT
    assert "none of 60 drawn pages lies outside" in found[60].diagnostics.reason
    assert found[6000].diagnostics.verdict is Verdict.TRUST
    said = "\n".join(limits_in_words(found[6000], "page"))
    assert "none of 6,000 drawn pages lies outside what could be logged: at most 0.02% of the target" in said


def test_the_rule_of_three_holds_as_often_as_it_says() -> None:
    # None of 100 draws hits 3 % in one log of twenty, and then the bound must still be above it.
    rng, share = np.random.default_rng(7), 0.03
    none = rng.binomial(100, share, 20_000) == 0
    bound = Tally(drawn=100, reach=1.0).unseen(0.95).high
    assert bound == pytest.approx(0.0295, abs=1e-4)
    assert none.mean() == pytest.approx((1.0 - share) ** 100, abs=0.007)
    assert (1.0 - bound) ** 100 == pytest.approx(0.05)


def test_shares_that_are_drawn_say_how_many_pages_they_rest_on() -> None:
    record = decide(OLD, ANCHORED)
    drawn = replace(TARGETS["fewer rules"], draws=7).likelihood(record)
    assert (drawn.drawn, drawn.reach) == (7, record.epsilon)
    exact = TARGETS["the same"].likelihood(record)
    assert (exact.drawn, exact.reach) == (0, 0.0)


@pytest.mark.parametrize(("logged", "judged_by"), [(0.5, 0.2), (0.5, 0.9), (1.0, 0.3), (0.0, 0.4)])
def test_no_weight_is_above_the_bound_that_shares_of_exploration_give(
    logged: float, judged_by: float
) -> None:
    record = decide(OLD, Exploration(logged, 0.25))
    shown = [page for page in PAGES if _propensity(record, page) > 0.0]
    bounds, weights = set(), []
    for page in shown:
        explored = draw_of(record, effective_problem(record)).exploration_conditionals(page)
        drawn = replace(record, page=page, exploration_conditionals=tuple(explored.tolist()))
        found = Target(judged_by).likelihood(drawn)
        bounds.add(found.weight_bound)
        weights.append(found.page / _propensity(record, page))
    (bound,) = bounds
    assert max(weights) <= bound * (1.0 + 1e-12)
    assert max(weights) > 0.5 * bound
