"""Why each shelf stands where it stands, in words: cheap enough for every page that is served."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.inputs import Inputs
from layout.objective import page_worth, penalties
from layout.rules.pinned import Pinned
from layout.types import Ints, Mask, Page, Problem
from layout.validate import inputs_of


@dataclass(frozen=True, slots=True)
class SlotReason:
    """Why a shelf is in its slot (counted from 0).

    `value` is its worth there, in units of `Problem.values`. `rival` is the id of the option worth most there
    of those whose shelves are not placed above and that are worth more, if any, with its `rival_value`.
    `kept_out_by` are the ids of the hard rules that the page would break with the rival in this slot: instead
    of the shelf where the rival is not on the page, or after changing places with it. `pinned_by` is the rule
    that fixes the slot. `text` says it all in one sentence.
    """

    slot: int
    shelf_id: str
    value: int
    rival: str | None
    rival_value: int | None
    kept_out_by: tuple[str, ...]
    pinned_by: str | None
    text: str


def why(problem: Problem, page: Page) -> tuple[SlotReason, ...]:
    """One reason per slot of a feasible `page`. A page that was drawn to explore may say so in some slots."""
    inputs = inputs_of(problem)
    options = _Options(problem)
    rivals = [options.rival(page, slot) for slot in range(len(page))]
    changed = [page if r is None else options.exchanged(page, k, r) for k, r in enumerate(rivals)]
    broken = broken_rules(problem, inputs, changed)
    dearer = _dearer_rules(problem, inputs, page, changed)
    pins = _pins(problem, inputs)
    return tuple(
        _reason(problem, page, slot, rivals[slot], changed[slot], broken[slot], dearer[slot], pins.get(slot))
        for slot in range(len(page))
    )


def broken_rules(problem: Problem, inputs: Inputs, pages: list[Page | None]) -> list[tuple[str, ...]]:
    """The ids of the hard rules that each of the pages breaks, in rulebook order; none for no page."""
    known = [i for i, page in enumerate(pages) if page is not None]
    found: list[list[str]] = [[] for _ in pages]
    if known:
        batch = np.array([pages[i] for i in known], dtype=np.int64)
        for rule in problem.rules:
            if rule.weight is None:
                for i in np.flatnonzero(rule.excess(inputs, batch)).tolist():
                    found[known[i]].append(rule.id)
    return [tuple(names) for names in found]


def exchanges(problem: Problem, page: Page, shelf: str) -> list[Page]:
    """The pages with an option of an absent shelf in place of another shelf, slot by slot."""
    fits = _fits(problem)
    mine = [option for option, one in enumerate(problem.shelves) if one.group == shelf]
    return [(*page[:k], s, *page[k + 1 :]) for s in mine for k in range(len(page)) if fits[s, k]]


def gaining(problem: Problem, page: Page, shelf: str) -> list[Page]:
    """Those exchanges that are of more value than the page, the best first."""
    worth = page_worth(problem.values, page)
    each = [(page_worth(problem.values, one), one) for one in exchanges(problem, page, shelf)]
    return [one for value, one in sorted(each, key=lambda pair: -pair[0]) if value > worth]


class _Options:
    """Which options there are, and how they change places."""

    def __init__(self, problem: Problem) -> None:
        self._values = problem.values
        names = {shelf.group: number for number, shelf in enumerate(problem.shelves)}
        self._group = np.array([names[shelf.group] for shelf in problem.shelves], dtype=np.int64)
        self._fits = _fits(problem)

    def rival(self, page: Page, slot: int) -> int | None:
        """The option worth most in the slot of those not placed above, if worth more than the one there."""
        above = np.isin(self._group, self._group[list(page[:slot])])
        worth: Ints = np.where(above | ~self._fits[:, slot], np.iinfo(np.int64).min, self._values[:, slot])
        best = int(worth.argmax())
        return best if worth[best] > worth[page[slot]] else None

    def exchanged(self, page: Page, slot: int, rival: int) -> Page | None:
        """The page with the rival in the slot; where its shelf is placed below, the two change places.

        None when no presentation of the displaced shelf fits there.
        """
        changed = list(page)
        placed = np.flatnonzero(self._group[list(page)] == self._group[rival])
        if len(placed) and placed[0] != slot:
            below = int(placed[0])
            fitting = np.flatnonzero((self._group == self._group[page[slot]]) & self._fits[:, below])
            if not len(fitting):
                return None
            changed[below] = int(fitting[self._values[fitting, below].argmax()])
        changed[slot] = rival
        return tuple(changed)


def _fits(problem: Problem) -> Mask:
    """Which slots can hold each option's presentation: (n, K)."""
    shown = [shelf.presentation for shelf in problem.shelves]
    columns = [[not s.presentations or name in s.presentations for name in shown] for s in problem.grid.slots]
    return np.array(columns, dtype=np.bool_).reshape(len(problem.grid.slots), len(shown)).T


def _reason(
    problem: Problem,
    page: Page,
    slot: int,
    rival: int | None,
    changed: Page | None,
    kept_out_by: tuple[str, ...],
    dearer: tuple[str, ...],
    pin: str | None,
) -> SlotReason:
    value = int(problem.values[page[slot], slot])
    shelf = problem.shelves[page[slot]].id
    if rival is None:
        text = f"worth most in slot {slot + 1} of what is left" + (f"; pinned by {pin!r}" if pin else "")
        return SlotReason(slot, shelf, value, None, None, (), pin, text)
    name, worth = problem.shelves[rival].id, int(problem.values[rival, slot])
    text = _text(problem, page, name, changed, kept_out_by, dearer, pin)
    return SlotReason(slot, shelf, value, name, worth, kept_out_by, pin, text)


def _text(
    problem: Problem,
    page: Page,
    name: str,
    changed: Page | None,
    rules: tuple[str, ...],
    dearer: tuple[str, ...],
    pin: str | None,
) -> str:
    if pin:
        return f"pinned by {pin!r}, ahead of {name!r}"
    if changed is None:
        return f"{name!r} would be worth more here, but the shelf here fits no slot that it leaves"
    if rules:
        return f"{name!r} would be worth more here, but {_listed(rules)} keep{'s' * (len(rules) == 1)} it out"
    if dearer:
        return f"{name!r} would be worth more here, but the page would pay more for {_listed(dearer)}"
    if page_worth(problem.values, changed) > page_worth(problem.values, page):
        return f"drawn to explore: {name!r} would be worth more here"
    return f"{name!r} would be worth more here, but the page is worth more with it elsewhere"


def _listed(rules: tuple[str, ...]) -> str:
    return " and ".join(repr(rule) for rule in rules)


def _dearer_rules(
    problem: Problem, inputs: Inputs, page: Page, pages: list[Page | None]
) -> list[tuple[str, ...]]:
    """The soft rules for which each of the pages pays more than `page`, where that eats up what it gains."""
    soft = [(r, price) for r, price in zip(problem.rules, penalties(problem), strict=True) if price]
    worth = page_worth(problem.values, page)
    gains = [0 if one is None else page_worth(problem.values, one) - worth for one in pages]
    known = [i for i, gain in enumerate(gains) if gain > 0]
    found: list[tuple[str, ...]] = [() for _ in pages]
    if not known or not soft:
        return found
    batch = np.array([page, *(pages[i] for i in known)], dtype=np.int64)
    paid = np.stack([price * rule.excess(inputs, batch) for rule, price in soft], axis=1)
    for i, more in zip(known, (paid[1:] - paid[0]).tolist(), strict=True):
        if gains[i] <= sum(more):
            found[i] = tuple(rule.id for (rule, _), extra in zip(soft, more, strict=True) if extra > 0)
    return found


def _pins(problem: Problem, inputs: Inputs) -> dict[int, str]:
    """Which slot which hard rule pins, where an option matches."""
    each: tuple[object, ...] = problem.rules
    pinned = [rule for rule in each if isinstance(rule, Pinned) and rule.weight is None]
    return {rule.slot - 1: rule.id for rule in pinned if inputs.mask(rule.selector).any()}
