"""What to give up when no page obeys every hard rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from layout.compiled import Compiled
from layout.completion import dived, ranked
from layout.conflict import conflict
from layout.errors import SolverError
from layout.growing import Growing
from layout.rows import NO_LIMIT
from layout.types import Page, Problem
from layout.validate import inputs_of

_PER_ATTEMPT: Final = 0.5
"""Deterministic time to find a page; an attempt that takes longer counts as having none, but not as proof."""


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """A problem that has a feasible page, that page, and what it took: dropped rules or a shorter page.

    `page` is of the options in order of ids. `altered` is False when the shelves alone limited its length.
    `cut` is True when the least altered version was not found: time ran out, or a search gave up.
    """

    problem: Problem
    growing: Growing
    page: Page
    dropped: tuple[str, ...]
    altered: bool
    cut: bool = False

    @property
    def rows(self) -> Compiled:
        """The problem's rows, as far as they are known."""
        return self.growing.rows


def relaxed(problem: Problem, left: Callable[[], float], hint: Page | None = None) -> Relaxed | None:
    """The least altered version of a problem that has a feasible page.

    First hard rules go in order of `relaxation`, lowest first, then in rulebook order. Of rules that never
    yield, those that forbid something hold as long as any shelf can be shown, at the cost of slots from the
    bottom. Those that only demand something do not cost more than half of the page, because a page cut so
    short would not do what they ask for either. Where not even one slot can be filled, a rule is dropped for
    it, because an empty page is worse, or where it takes several rules to forbid all shelves, as few as can
    be are dropped on the whole page. Afterwards each dropped rule is taken back, the last dropped first, if a
    page remains feasible with it. None when nothing fits the first slot at all.

    `left` gives the seconds until the caller wants an answer. After that the answer is `cut`: rules and slots
    are given up where a page is not found at once. `hint` is a page of the options in order of ids; where it
    obeys all rules, no other is looked for for long.
    """
    growing = Growing(problem)
    rows = growing.rows
    full = min(rows.groups, len(problem.grid.slots))
    if hint is not None and rows.holds(hint) and growing.lets(hint):
        first = dived(growing.rows, ranked(rows.values))
        page = hint if first is None or not growing.lets(first) else first
        return Relaxed(problem, growing, page, (), altered=False)
    unsure = False
    try:
        if found := _attempt(problem, full, (), left):
            return replace(found, altered=False)
    except SolverError:
        unsure = True
    return _Relaxation(problem, full, left, unsure).run()


def variant(problem: Problem, size: int, dropped: tuple[str, ...]) -> Problem:
    """The problem on its first `size` slots without the `dropped` rules; itself when that changes nothing."""
    if size == len(problem.grid.slots) and not dropped:
        return problem
    return replace(
        problem,
        grid=replace(problem.grid, slots=problem.grid.slots[:size]),
        rules=tuple(rule for rule in problem.rules if rule.id not in dropped),
        values=problem.values[:, :size],
    )


class _Relaxation:
    """What to give up of a problem of which no page of `full` length is found.

    A search that gave up, or that there was no time for, counts as one that found nothing. `unsure` says that
    the one for a page of the problem itself did.
    """

    def __init__(self, problem: Problem, full: int, left: Callable[[], float], unsure: bool) -> None:
        self._problem, self._full, self._left, self._unsure = problem, full, left, unsure
        hard = [rule for rule in problem.rules if rule.weight is None]
        yielding = sorted((r for r in hard if r.relaxation is not None), key=lambda r: r.relaxation or 0)
        self._yielding = tuple(rule.id for rule in yielding)
        never = [rule.id for rule in hard if rule.relaxation is None]
        demanding = _demanding(problem)
        self._demands = tuple(rule for rule in never if rule in demanding)
        self._never = tuple(rule for rule in never if rule not in demanding)

    def run(self) -> Relaxed | None:
        half = (self._full + 1) // 2
        found = (
            self._with_fewer_rules()
            or self._shorter(self._full - 1, half, self._yielding)
            or self._without_demands()
            or self._overruled()
        )
        if found is None:
            return None
        found = self._taken_back(found)
        return replace(found, cut=self._late or self._unsure)

    @property
    def _late(self) -> bool:
        return self._left() <= 0.0

    def _with_fewer_rules(self) -> Relaxed | None:
        """The whole page without as many rules, in their order, as it takes.

        With more rules dropped there are no fewer pages, so that bisection finds the number.
        """
        found = self._attempt(self._full, self._yielding) if self._yielding else None
        too_few, enough = 0, len(self._yielding)
        while found and enough - too_few > 1 and not self._late:
            count = (too_few + enough) // 2
            closer = self._attempt(self._full, self._yielding[:count])
            found, too_few, enough = (closer, too_few, count) if closer else (found, count, enough)
        return found

    def _without_demands(self) -> Relaxed | None:
        """The longest page without any rule that yields or only demands something."""
        return self._shorter(self._full, 1, self._yielding + self._demands)

    def _shorter(self, most: int, least: int, dropped: tuple[str, ...]) -> Relaxed | None:
        """The longest page of `most` to `least` slots without the rules."""
        for size in range(most, least - 1, -1):
            if self._late:
                return self._shorter_at_once(size, least, dropped)
            if found := self._attempt(size, dropped):
                return found
        return None

    def _shorter_at_once(self, most: int, least: int, dropped: tuple[str, ...]) -> Relaxed | None:
        """A page of `most` to `least` slots, as long as bisection makes it."""
        if found := self._attempt(most, dropped):
            return found
        found = self._attempt(least, dropped)
        while found and least < most:
            size = (least + most + 1) // 2
            longer = self._attempt(size, dropped)
            found, least, most = (longer, size, most) if longer else (found, least, size - 1)
        return found

    def _overruled(self) -> Relaxed | None:
        """A page without any hard rule, to which most are to be taken back."""
        every = self._yielding + self._demands + self._never
        whole = self._attempt(self._full, every) if self._contradicts() else None
        return whole or self._attempt(1, every)

    def _contradicts(self) -> bool:
        """Whether it takes several rules to forbid every shelf in a single slot."""
        try:
            return len(conflict(variant(self._problem, 1, self._yielding + self._demands)) or ()) > 1
        except SolverError:
            return False

    def _taken_back(self, found: Relaxed) -> Relaxed:
        """With each dropped rule taken back, the last dropped first, if a page remains feasible with it.

        The page in hand may be that page already, which costs no search, and when it is late only then.
        """
        whole = variant(self._problem, len(found.page), ())
        rules = {rule.id: rule for rule in whole.rules}
        dropped = found.dropped
        for rule_id in reversed(found.dropped):
            fewer = tuple(one for one in dropped if one != rule_id)
            page = np.array([found.rows.outward(found.page)], dtype=np.int64)
            if not rules[rule_id].excess(inputs_of(whole), page).any():
                dropped = fewer
            elif not self._late and (closer := self._attempt(len(found.page), fewer)):
                found, dropped = closer, fewer
        return found if dropped == found.dropped else self._kept(found, dropped)

    def _kept(self, found: Relaxed, dropped: tuple[str, ...]) -> Relaxed:
        """The same page, when no more than the `dropped` rules are."""
        trial = variant(self._problem, len(found.page), dropped)
        growing = Growing(trial)
        page = growing.rows.inward(found.rows.outward(found.page))
        return Relaxed(trial, growing, page, dropped, altered=True)

    def _attempt(self, size: int, dropped: tuple[str, ...]) -> Relaxed | None:
        try:
            return _attempt(self._problem, size, dropped, self._left)
        except SolverError:
            self._unsure = True
            return None


def _attempt(
    problem: Problem, size: int, dropped: tuple[str, ...], left: Callable[[], float]
) -> Relaxed | None:
    """The problem on its first slots without the `dropped` rules, with a page, if one is found.

    Raises SolverError.
    """
    trial = variant(problem, size, dropped)
    growing = Growing(trial)
    page = growing.completion(
        ranked(growing.rows.values), deterministic_time=_PER_ATTEMPT, seconds=max(0.0, left())
    )
    return None if page is None else Relaxed(trial, growing, page, dropped, altered=True)


def _demanding(problem: Problem) -> set[str]:
    """The rules that no shelf breaks by being there: all their rows have lower limits only."""
    inputs = inputs_of(problem)
    rows = {rule.id: rule.rows(inputs) for rule in problem.rules}
    return {name for name, own in rows.items() if not own.partial and (own.hi >= NO_LIMIT).all()}
