"""What an explanation says: of the shelves on a page, of those that are not, and of its rules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from layout.types import Page
from layout.why import SlotReason


class Absence(StrEnum):
    """Why a shelf is not on a page.

    KEPT_OUT: without the rules named the best page has it. WORTH_LESS: no rule keeps it out; the best page
    does without it also when no rule holds at all. IMPOSSIBLE: no page with it obeys the rules named
    together. BY_CHANCE: a best page has it, but the page was drawn to explore or is one of several that are
    worth as much. UNKNOWN: time ran out before the question was settled.
    """

    KEPT_OUT = "kept out"
    WORTH_LESS = "worth less"
    IMPOSSIBLE = "impossible"
    BY_CHANCE = "by chance"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PlacedShelf:
    """A shelf on the page. All worths are in units of `Problem.values`.

    `loss` is what the best page loses when the shelf may not be on it, `instead` the option that then stands
    in its slot. Where `needed`, no full page obeys the rules without the shelf. Without either, time ran out.
    """

    slot: int
    shelf: str
    presentation: str
    value: int
    loss: int | None
    instead: str | None
    needed: bool
    reason: SlotReason
    proven: bool

    @property
    def computed(self) -> bool:
        """Whether there was time for it."""
        return self.needed or self.loss is not None


@dataclass(frozen=True, slots=True)
class AbsentShelf:
    """A shelf that is not on the page.

    `page` is the best page that has it, `cost` what the best page of all is worth more, `slot` (from 0) where
    the shelf then stands. All are None when no page has it, and when there was no time to find one. Where
    time ran out for the best, `page` is the page explained with the shelf in the place where it costs least,
    and the cost at most that: `proven` is False then, as it is where a page that `absence` rests on may not
    be the best under its rules. `kept_out_by` are rules, hard and soft, as `absence` says: a minimal set
    without which the best page has the shelf, or one that no page with it obeys. Minimal: as soon as one of
    the set holds again, it is no longer so.
    """

    shelf: str
    absence: Absence
    page: Page | None
    cost: int | None
    slot: int | None
    kept_out_by: tuple[str, ...]
    proven: bool

    @property
    def computed(self) -> bool:
        """Whether there was time for all of it."""
        settled = self.absence is not Absence.UNKNOWN
        return settled and (self.page is not None or self.absence is Absence.IMPOSSIBLE)


@dataclass(frozen=True, slots=True)
class RulePrice:
    """What a rule does to the page.

    `price` is what the best page gains when the rule is dropped, None where time ran out; a rule with a price
    is binding. `slack` is how far the page is from the rule's nearest limit, in the units of its rows,
    negative where a soft rule is broken, None where nothing could break it. `paid` is what the page pays for
    breaking it.
    """

    rule: str
    price: int | None
    slack: int | None
    paid: int
    proven: bool

    @property
    def binding(self) -> bool:
        """Whether the best page would be another without the rule."""
        return bool(self.price)

    @property
    def computed(self) -> bool:
        """Whether there was time for its price."""
        return self.price is not None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A page explained: its objective, that of the best page, its shelves, the absent ones, the rules.

    `contradicting` is a minimal set of rules that no page of full length obeys together, where for that
    reason rules were dropped or the page was cut short.
    """

    objective: int
    best: int
    placed: tuple[PlacedShelf, ...]
    absent: tuple[AbsentShelf, ...]
    rules: tuple[RulePrice, ...]
    contradicting: tuple[str, ...] = ()

    @property
    def left_out(self) -> tuple[str, ...]:
        """The ids of rules and shelves about which there was no time to find out everything."""
        rules = (one.rule for one in self.rules if not one.computed)
        placed = (one.shelf for one in self.placed if not one.computed)
        absent = (one.shelf for one in self.absent if not one.computed)
        return (*rules, *placed, *absent)
