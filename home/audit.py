"""Composing for many listeners and checking every page again, from the outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from home.compose import ComposedPage, Tools
from home.errors import NotExplainableError
from home.explain import problem_of
from home.logbook import record_of
from home.records import DecisionRecord, decode, encode
from home.redraw import draw_of
from layout.types import Problem
from layout.validate import violations
from shelves.types import Context, Item


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
    tools: Tools,
    advance: Callable[[], None] = lambda: None,
) -> AuditReport:
    """Compose a page for each context and look for everything that must never happen.

    `tools` are those that `compose` works with: pages are judged under their rules.
    """
    report = AuditReport()
    for context in contexts:
        _add(report, compose(context), tools)
        advance()
    return report


def faults(page: ComposedPage, tools: Tools) -> Iterator[str]:
    """Everything about a page that must never happen, one kind a string; nothing for a sound page.

    The page's own account of itself is not believed. Rules and propensity are judged on what the log would
    hold: the record is written and read, the layout problem and the mixture are put together from it again,
    the independent checker goes over the page, and the mixture is asked for its probability.
    """
    shown = [item for placement in page.placements for item in placement.items]
    if not shown:
        yield "empty page"
    if any(not placement.items for placement in page.placements):
        yield "empty shelf"
    if len({item.id for item in shown}) < len(shown):
        yield "item shown twice"
    if any(not _eligible(item, page.context) for item in shown):
        yield "ineligible item"
    if {placement.shelf.id for placement in page.placements} & page.context.dismissed_shelves:
        yield "dismissed shelf"
    if page.fallback:
        yield f"fallback: {page.fallback}"
    yield from _faults_of_record(decode(encode(record_of(page, tools.builder.catalog.items))), tools)


def _add(report: AuditReport, page: ComposedPage, tools: Tools) -> None:
    report.pages += 1
    report.explored += page.draw.explored
    report.candidates.append(len(page.shelves))
    report.statuses[page.result.status.value] += 1
    report.proofs[page.result.proof] += 1
    report.relaxed.update(page.result.relaxed)
    report.dropped.update(f"{d.source} ({d.reason})" for d in page.dropped)
    for stage, seconds in page.seconds.items():
        report.seconds.setdefault(stage, []).append(seconds)
    for fault in faults(page, tools):
        report.faults[fault] += 1
        report.examples.setdefault(fault, page.context.listener.id)


def _eligible(item: Item, context: Context) -> bool:
    return (
        (not item.markets or context.market in item.markets)
        and (context.listener.allows_explicit or not item.explicit)
        and item.id not in context.dismissed_items
    )


def _faults_of_record(record: DecisionRecord, tools: Tools) -> Iterator[str]:
    try:
        problem = problem_of(record, tools)
    except NotExplainableError as error:
        yield f"not to be put together again: {error.why}"
        return
    for violation in violations(problem, record.page):
        yield f"rule broken: {violation.rule_id}"
    if tuple(rule.id for rule in problem.rules) != record.effective_rules:
        yield "rules in effect differ from those logged"
    if not _exact(record, problem):
        yield "propensity not exact"


def _exact(record: DecisionRecord, problem: Problem) -> bool:
    """The logged probabilities are, to the last bit, what the draw rebuilt from the record gives its page.

    A page that fell back and was not drawn may have none, and must not claim one.
    """
    if record.propensity is None:
        return bool(record.fallback)
    try:
        source = draw_of(record, problem)
        return (
            0 < record.propensity == source.probability(record.page)
            and record.conditionals == tuple(source.conditionals(record.page))
            and record.exploration_conditionals == tuple(source.exploration_conditionals(record.page))
            and record.anchor_exploration == source.exploration_probability(record.anchor)
        )
    except ValueError:
        return False
