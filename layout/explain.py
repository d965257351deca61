"""Why each shelf stands where it stands, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layout.compiled import Compiled, compiled
from layout.objective import page_worth
from layout.rules.pinned import Pinned
from layout.types import Ints, Page, Problem


@dataclass(frozen=True, slots=True)
class SlotReason:
    """Why a shelf is in its slot (counted from 0).

    `value` is its worth there, in units of `Problem.values`. `rival` is the id of the shelf worth most there
    of those that are not placed above and are worth more, if any, with its `rival_value`. `kept_out_by` are
    the ids of the rules that the page would break with the rival in this slot: instead of the shelf where
    the rival is not on the page, or after changing places with it. `pinned_by` is the rule that fixes the
    slot. `text` says it all in one sentence.
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
    rows = compiled(problem)
    sums = rows.sums(page)
    pins = _pins(problem)
    return tuple(_reason(problem, rows, sums, page, slot, pins.get(slot)) for slot in range(len(page)))


def _reason(
    problem: Problem, rows: Compiled, sums: Ints, page: Page, slot: int, pin: str | None
) -> SlotReason:
    value = int(problem.values[page[slot], slot])
    shelf = problem.shelves[page[slot]].id
    rival = _rival(problem.values[:, slot], page, slot)
    if rival is None:
        text = f"worth most in slot {slot + 1} of what is left" + (f"; pinned by {pin!r}" if pin else "")
        return SlotReason(slot, shelf, value, None, None, (), pin, text)
    name = problem.shelves[rival].id
    kept_out_by = _broken(problem, rows, sums, page, slot, rival)
    text = _text(problem, page, slot, rival, kept_out_by, pin)
    return SlotReason(slot, shelf, value, name, int(problem.values[rival, slot]), kept_out_by, pin, text)


def _rival(worth: Ints, page: Page, slot: int) -> int | None:
    """The shelf worth most in the slot of those not placed above, if worth more than the one there."""
    worth = worth.copy()
    worth[list(page[:slot])] = np.iinfo(np.int64).min
    best = int(worth.argmax())
    return best if worth[best] > worth[page[slot]] else None


def _broken(
    problem: Problem, rows: Compiled, sums: Ints, page: Page, slot: int, rival: int
) -> tuple[str, ...]:
    """Ids of the rules broken once the rival is in the slot, in rulebook order."""
    changed = rows.exchange(sums, slot, page[slot], rival)
    if rival in page:
        changed = rows.exchange(changed, page.index(rival), rival, page[slot])
    broken = rows.owner[(changed < rows.lo) | (changed > rows.hi)]
    return tuple(problem.rules[i].id for i in np.unique(broken).tolist())


def _text(
    problem: Problem, page: Page, slot: int, rival: int, rules: tuple[str, ...], pin: str | None
) -> str:
    name = problem.shelves[rival].id
    if pin:
        return f"pinned by {pin!r}, ahead of {name!r}"
    if rules:
        return (
            f"{name!r} would be worth more here, but {' and '.join(repr(rule) for rule in rules)} keep it out"
        )
    if _gain(problem, page, slot, rival) > 0:
        return f"drawn to explore: {name!r} would be worth more here"
    elsewhere = page.index(rival) + 1
    return f"{name!r} would be worth more here, but the page is worth more with it in slot {elsewhere}"


def _gain(problem: Problem, page: Page, slot: int, rival: int) -> int:
    changed = list(page)
    if rival in page:
        changed[page.index(rival)] = page[slot]
    changed[slot] = rival
    return page_worth(problem.values, tuple(changed)) - page_worth(problem.values, page)


def _pins(problem: Problem) -> dict[int, str]:
    """Which slot which rule pins, where a shelf matches."""
    pinned = [rule for rule in problem.rules if isinstance(rule, Pinned)]
    return {rule.slot - 1: rule.id for rule in pinned if rule.selector.mask(problem.shelves).any()}
