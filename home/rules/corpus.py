"""A corpus of real contexts: what rulebooks are checked and compared on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from bandits.policy import Policy
from home.compose import Proposal, Tools, propose
from home.ingest.progress import Progress
from home.sampling import sample_contexts
from home.service import Home
from layout.relax import variant
from layout.rules import BaseRule
from layout.solve import solve
from layout.types import Problem
from shelves.types import Context

_DAY_HOURS = 24
_DEADLINE_S = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A context of the corpus, and what a page for it can be made of."""

    context: Context
    proposal: Proposal

    def problem(self, rules: Sequence[BaseRule]) -> Problem:
        """The layout problem under the rules that apply; as short as the shelves make it."""
        problem = self.proposal.problem(rules)
        shelves = len({option.index for option in self.proposal.options})
        return variant(problem, min(shelves, len(problem.grid.slots)), ())

    @property
    def name(self) -> str:
        """Who, where and when."""
        context = self.context
        return f"{context.listener.id} on {context.surface} at {context.now:%H}:00"


def corpus(home: Home, size: int, surfaces: Sequence[str], seed: int, progress: Progress) -> Iterator[Case]:
    """Up to `size` cases, shared out among `surfaces` (all, when none is named) and the hours of a day.

    They are on the day after the catalogue's, and every listener is laid out a page of the day before first,
    under the live rulebook, for rules that look at the previous page. The same seed and database give the
    same cases. Raises UnknownSurfaceError.
    """
    contexts = _contexts(home, size, surfaces or tuple(home.tools.surfaces), seed)
    policy = home.models.current().policy
    progress.start("Laying out", len(contexts))
    for context in contexts:
        yield _case(context, policy, home.tools)
        progress.advance()
    progress.finish()


def _contexts(home: Home, size: int, surfaces: Sequence[str], seed: int) -> list[Context]:
    for surface in surfaces:
        home.tools.surface(surface)
    start = datetime.combine(home.catalog.as_of + timedelta(days=1), time(), UTC)
    found: list[Context] = []
    for i, surface in enumerate(surfaces):
        share = size // len(surfaces) + (i < size % len(surfaces))
        found += sample_contexts(home.engine, share, surface, seed + i, start)
    return [replace(context, now=_hour(start, i)) for i, context in enumerate(found)]


def _hour(start: datetime, index: int) -> datetime:
    # 7 is prime to 24: few contexts already lie all over the day.
    return start + timedelta(hours=7 * index % _DAY_HOURS)


def _case(context: Context, policy: Policy, tools: Tools) -> Case:
    yesterday = replace(context, now=context.now - timedelta(days=1))
    before = Case(yesterday, propose(yesterday, policy, tools))
    problem = before.problem(tools.rules)
    page = solve(problem, deadline_s=_DEADLINE_S).page
    returning = replace(context, previous_page=tuple(problem.shelves[option].group for option in page))
    return Case(returning, propose(returning, policy, tools))
