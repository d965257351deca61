"""What changes for listeners when one rulebook takes the place of another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from home.rules.corpus import Case
from layout.objective import page_worth
from layout.rules import BaseRule
from layout.solve import solve
from layout.types import Page, Problem, Result, Status

_DEADLINE_S = 5.0


@dataclass(frozen=True, slots=True)
class ChangedPage:
    """A context whose page is another: the titles of shelves that leave, come, and stand elsewhere."""

    context: str
    left: tuple[str, ...]
    entered: tuple[str, ...]
    moved: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many shelves are concerned."""
        return len(self.left) + len(self.entered) + len(self.moved)


@dataclass(slots=True)
class DiffReport:
    """The pages of a corpus under rulebooks A and B.

    `added`, `removed`, `changed`: ids of rules. `values` are pairs of the page's predicted value under each
    (what its shelves are worth, without payments for soft rules); `exposure` is source → examination of its
    shelves per page under A and B; `relaxed` counts pages under A and B for which rules were dropped;
    `blocked` those that obey all rules of A while no page obeys all of B.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    contexts: int = 0
    pages: list[ChangedPage] = field(default_factory=list)
    values: list[tuple[int, int]] = field(default_factory=list)
    exposure: dict[str, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0.0]))
    relaxed: list[Counter[str]] = field(default_factory=lambda: [Counter(), Counter()])
    blocked: int = 0

    @property
    def value_change(self) -> float:
        """How much predicted value the pages of B have more than those of A, as a share."""
        before, after = (sum(pair[side] for pair in self.values) for side in (0, 1))
        return (after - before) / max(1, abs(before))


def diff(first: Sequence[BaseRule], second: Sequence[BaseRule], cases: Iterable[Case]) -> DiffReport:
    """Lay out every case under both rulebooks and compare the optimal pages."""
    report = _rules_apart(first, second)
    for case in cases:
        report.contexts += 1
        problems = case.problem(first), case.problem(second)
        results = tuple(solve(problem, deadline_s=_DEADLINE_S) for problem in problems)
        _compare(report, case, problems[0], (results[0], results[1]))
    return report


def _rules_apart(first: Sequence[BaseRule], second: Sequence[BaseRule]) -> DiffReport:
    before, after = ({rule.id: rule for rule in rules} for rules in (first, second))
    both = [name for name in before if name in after]
    return DiffReport(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(name for name in both if before[name] != after[name]),
    )


def _compare(report: DiffReport, case: Case, problem: Problem, results: tuple[Result, Result]) -> None:
    before, after = results
    report.values.append((page_worth(problem.values, before.page), page_worth(problem.values, after.page)))
    report.blocked += after.status is Status.RELAXED and before.status is not Status.RELAXED
    for side, result in enumerate(results):
        report.relaxed[side].update(result.relaxed)
        for slot, option in enumerate(result.page):
            source = str(problem.shelves[option].attributes.get("source", ""))
            report.exposure[source][side] += problem.grid.slots[slot].examination
    if before.page != after.page:
        report.pages.append(_changed(case, before.page, after.page))


def _changed(case: Case, before: Page, after: Page) -> ChangedPage:
    old, new = _placed(case, before), _placed(case, after)
    return ChangedPage(
        case.name,
        left=tuple(title for title in old if title not in new),
        entered=tuple(title for title in new if title not in old),
        moved=tuple(title for title in old if title in new and old[title] != new[title]),
    )


def _placed(case: Case, page: Page) -> Mapping[str, tuple[int, str]]:
    options = [case.proposal.options[index] for index in page]
    return {one.shelf.title: (slot, one.presentation) for slot, one in enumerate(options)}
