"""Simulated listeners on a small surface: pages from the real composer, few enough to list, truth exact.

A phone with four slots and six shelves, under the default rulebook. The logging policy is one model of Vowpal
Wabbit that explores much, the target another one that explores little. What a page earns in expectation is
known from the listener model, so the target's value is a sum over every page that it could show. Visits are
given; what is random is the page that was drawn, and what the listener did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache, cached_property

import numpy as np

from bandits.page import AnchoredMixture, Draw
from bandits.policies import VwPolicy
from bandits.types import Page, Probabilities
from home.compose import ComposedPage, LivePolicy, Placement, Tools, compose
from home.configuration import setup_here
from home.deal import deal_page
from home.draw import Exploration
from home.explain import problem_of
from home.grids import Surface
from home.logbook import record_of
from home.replay.laws import Laws
from home.replay.page_law import PageLaw, logged_law
from home.replay.pages import LoggedPage
from home.replay.what_if import Model, WhatIf
from home.settle import outcomes_of
from home.simulate.encounter import Display, Encounter, shown_rows
from home.simulate.listener import ListenerModel
from home.simulate.parameters import Dismissal
from home.simulate.responses import act
from home.simulate.run import unhurried
from home.warmup import warm_up
from layout.rules import ItemOverlap
from layout.solve import solve
from layout.types import Grid, Problem, Slot
from layout.validate import violations
from shelves.recall import RecallingBuilder
from tests.home.simulate.world import world

SLOTS, SHELVES = 4, 6
LOGGING, TARGET_EPSILON = Exploration(epsilon=0.8, floor=0.4), 0.5


@dataclass(frozen=True, eq=False)
class GivenVisit:
    """A visit that is decided once, and can be drawn and acted out again and again."""

    index: int
    page: ComposedPage
    problem: Problem
    laws: Laws
    model: ListenerModel

    @property
    def truth(self) -> float:
        """What the target earns here, exactly: over every page that it could show."""
        return self.value(self.laws.target)

    def value(self, law: PageLaw) -> float:
        """The expected reward of a page from `law`."""
        return sum(p * self.expected(page) for page, p in law.listed(10_000).items() if p > 0.0)

    def expected(self, page: Page) -> float:
        """The expected reward of a page, exact."""
        if page not in self._expected:
            met = self.meet(page)
            self._expected[page] = self.model.expectation(met, self.page.grid).reward
        return self._expected[page]

    @cached_property
    def _expected(self) -> dict[Page, float]:
        return {}

    def meet(self, page: Page) -> Encounter:
        """How the listener meets a page."""
        options = [self.page.options[index] for index in page]
        display = Display(
            [option.shelf for option in options],
            shown_rows(self.page.options, page, self.page.grid, tools().builder.min_items),
            [option.presentation for option in options],
            self.page.grid,
        )
        return self.model.meet(self.model.truth(self.page.context), self.page.context, display)

    def logged(self, draw: Draw, luck: int) -> LoggedPage:
        """The page as it is logged when drawn so, with what the listener does; `luck` seeds that."""
        served = replace(self.page, placements=self._placements(draw), draw=draw, propensity=draw.propensity)
        here = world()
        events = act(self.meet(draw.page), served, self.model.parameters, luck, self.index)
        record = record_of(served, here.catalog.items)
        return LoggedPage(record, outcomes_of(record, events, here.formula))

    def _placements(self, draw: Draw) -> tuple[Placement, ...]:
        options, items = self.page.options, world().catalog.items
        dealt = deal_page(options, draw.page, self.page.grid, tools().builder.min_items)
        return tuple(
            Placement(
                slot=slot,
                shelf=options[option].shelf,
                presentation=options[option].presentation,
                items=tuple(items[row] for row in rows),
                value=0.0,
                conditional=float(draw.conditionals[slot]),
                reason=self.page.placements[slot].reason,
            )
            for slot, (option, rows) in enumerate(zip(draw.page, dealt, strict=True))
        )


@cache
def tools() -> Tools:
    """The composer on the small surface, exploring much."""
    here = unhurried(world().tools)
    given, phone = here.builder, here.surfaces["phone"].grid
    builder = RecallingBuilder(given.sources, given.catalog, given.min_items, given.max_items, SHELVES)
    slots = tuple(Slot(slot.examination) for slot in phone.slots[:SLOTS])
    grid = Grid("phone", slots, phone.items_per_shelf)
    # Item overlap is the one rule that is slow to prove optimal; what replay needs does not depend on rules.
    rules = tuple(rule for rule in here.rules if not isinstance(rule, ItemOverlap))
    return replace(here, builder=builder, surfaces={"phone": Surface(grid)}, rules=rules, exploration=LOGGING)


@cache
def models() -> tuple[VwPolicy, VwPolicy]:
    """The logging policy's model, and the target's: the same after more visits."""
    first = _trained(VwPolicy(), visits=200, seed=5)
    return first, _trained(VwPolicy(snapshot=first.snapshot()), visits=50, seed=6)


def _trained(policy: VwPolicy, visits: int, seed: int) -> VwPolicy:
    here = world()
    warm_up(here.contexts, tools(), policy, formula=here.formula, visits=visits, seed=seed, batch=100)
    return policy


def given_visits(n: int) -> Iterator[GivenVisit]:
    """`n` visits of thirty listeners, each decided by the real composer."""
    here, (logging, target) = world(), models()
    model = here.model(dismissal=Dismissal(0.0, 0.0))
    for index in range(n):
        context = replace(
            here.contexts[index % len(here.contexts)],
            surface="phone",
            now=here.contexts[0].now + timedelta(hours=7 * index),
        )
        page = compose(context, LivePolicy(1, logging), tools(), decision_id=f"visit-{index}", seed=index)
        record = record_of(page, here.catalog.items)
        problem = problem_of(record, tools())
        judged = WhatIf("target", lambda one: setup_here(one, tools()), Model(target), epsilon=TARGET_EPSILON)
        yield GivenVisit(index, page, problem, Laws(logged_law(record, problem), judged.law(record)), model)


def drawn(visits: Sequence[GivenVisit], seed: int) -> Iterator[tuple[LoggedPage, Laws]]:
    """A log of the visits: pages drawn from the logging policy, each with its listener's answer."""
    for visit in visits:
        source = visit.laws.logging.source
        draw = source.draw(np.random.default_rng([seed, visit.index]))
        yield visit.logged(draw, seed), visit.laws


def repaired(visits: Sequence[GivenVisit], seed: int) -> Iterator[tuple[LoggedPage, Laws]]:
    """A log of the same visits by a server that samples slot by slot, and has the solver repair the sample.

    It logs the probability with which sampling gives the page that was shown, as such servers do.
    """
    for visit in visits:
        rng = np.random.default_rng([seed, visit.index])
        law = visit.laws.logging
        free = _Free(law)
        page = _repair(visit.problem, free.sample(rng)) if rng.random() < law.epsilon else law.anchor
        conditionals = free.conditionals(page)
        draw = Draw(page, True, float(np.prod(conditionals)), conditionals, conditionals, 0.0, (0,) * SLOTS)
        yield visit.logged(draw, seed), visit.laws


@dataclass(frozen=True, eq=False)
class _Free:
    """Sampling slot by slot without a look at the rules, mixed with the anchor."""

    law: PageLaw

    def sample(self, rng: np.random.Generator) -> Page:
        page: Page = ()
        while len(page) < SLOTS:
            page = (*page, int(rng.choice(self.law.n, p=self._slot(page))))
        return page

    def conditionals(self, page: Page) -> Probabilities:
        """Of each shelf given those above, under the mixture with the anchor, as if nothing were repaired."""
        explored = np.cumprod([self._slot(page[:slot])[option] for slot, option in enumerate(page)])
        agrees = np.logical_and.accumulate(np.equal(page, self.law.anchor))
        prefixes = (1.0 - self.law.epsilon) * agrees + self.law.epsilon * explored
        return np.asarray(prefixes / np.concatenate(([1.0], prefixes[:-1])), dtype=np.float64)

    def _slot(self, above: Page) -> Probabilities:
        source = self.law.source
        assert isinstance(source, AnchoredMixture)
        mass = source.pmf.copy() if source.pmf.ndim == 1 else source.pmf[len(above)].copy()
        left = np.ones(self.law.n)
        left[list(above)] = mass[list(above)] = 0.0
        mixed: Probabilities = (1.0 - source.floor) * mass / mass.sum() + source.floor * left / left.sum()
        return mixed


def _repair(problem: Problem, page: Page) -> Page:
    """The best valid arrangement of the sampled shelves; where there is none, the best page of all."""
    if not violations(problem, page):
        return page
    kept = replace(
        problem, shelves=tuple(problem.shelves[option] for option in page), values=problem.values[list(page)]
    )
    arranged = tuple(page[option] for option in solve(kept, deadline_s=60.0).page)
    if len(arranged) == len(page) and not violations(problem, arranged):
        return arranged
    return solve(problem, deadline_s=60.0).page
