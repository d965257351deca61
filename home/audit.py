"""Composing for many listeners and checking every page again, from the outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import isclose, prod

import numpy as np

from home.compose import ComposedPage
from shelves.types import Context, Item

_TOLERANCE = 1e-9


@dataclass(slots=True)
class AuditReport:
    """What an audit found. `faults` maps each kind of fault to how many pages had it; none is the goal.

    `seconds` holds wall-clock samples by stage, `statuses` and `proofs` count pages, `relaxed` counts the
    rules that were dropped to make pages feasible, `candidates` the candidate shelves of each page.
    """

    pages: int = 0
    explored: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    proofs: Counter[str] = field(default_factory=Counter)
    relaxed: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    candidates: list[int] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def percentile_ms(self, stage: str, percent: float) -> float:
        """A percentile of a stage's wall-clock time in milliseconds."""
        return 1000 * float(np.percentile(self.seconds[stage], percent))


def audit(
    contexts: Sequence[Context],
    compose: Callable[[Context], ComposedPage],
    advance: Callable[[], None] = lambda: None,
) -> AuditReport:
    """Compose a page for each context and look for everything that must never happen."""
    report = AuditReport()
    for context in contexts:
        _add(report, compose(context))
        advance()
    return report


def faults(page: ComposedPage) -> Iterator[str]:
    """Everything about a page that must never happen, one kind a string; nothing for a sound page."""
    shown = [item for placement in page.placements for item in placement.items]
    if not shown:
        yield "empty page"
    if any(not placement.items for placement in page.placements):
        yield "empty shelf"
    if len({item.id for item in shown}) < len(shown):
        yield "item shown twice"
    for violation in page.violations:
        yield f"rule broken: {violation.rule_id}"
    if any(not _eligible(item, page.context) for item in shown):
        yield "ineligible item"
    if {placement.shelf.id for placement in page.placements} & page.context.dismissed_shelves:
        yield "dismissed shelf"
    if not _exact(page):
        yield "propensity not exact"
    if page.fallback:
        yield f"fallback: {page.fallback}"


def _add(report: AuditReport, page: ComposedPage) -> None:
    report.pages += 1
    report.explored += page.draw.explored
    report.candidates.append(len(page.shelves))
    report.statuses[page.result.status.value] += 1
    report.proofs[page.result.proof] += 1
    report.relaxed.update(page.result.relaxed)
    report.dropped.update(f"{d.source} ({d.reason})" for d in page.dropped)
    for stage, seconds in page.seconds.items():
        report.seconds.setdefault(stage, []).append(seconds)
    for fault in faults(page):
        report.faults[fault] += 1
        report.examples.setdefault(fault, page.context.listener.id)


def _eligible(item: Item, context: Context) -> bool:
    return (
        (not item.markets or context.market in item.markets)
        and (context.listener.allows_explicit or not item.explicit)
        and item.id not in context.dismissed_items
    )


def _exact(page: ComposedPage) -> bool:
    """The propensity is a probability, the product of its conditionals, and the draw's own formula."""
    drawn = page.draw
    epsilon = page.exploration.epsilon if page.portfolio is None else 1.0
    anchor = page.result.page == drawn.page
    formula = (1 - epsilon) * anchor + epsilon * prod(drawn.exploration_conditionals)
    return (
        0 < drawn.propensity <= 1
        and isclose(drawn.propensity, prod(drawn.conditionals), rel_tol=_TOLERANCE)
        and isclose(drawn.propensity, formula, rel_tol=_TOLERANCE)
    )
