"""What every rule has in common: its name, when it applies, how it yields, and why it exists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar, Final, TypeVar

import numpy as np

from layout.errors import InvalidRuleError
from layout.inputs import Inputs
from layout.rows import NO_LIMIT, Rows
from layout.selector import EVERY, Selector
from layout.types import Attribute, Ints, Mask, Pages

MAX_COUNT: Final = 1_000_000
MAX_WEIGHT: Final = 1e9


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers that a field of a rule may have: from `least` to `most`, and only `whole` ones or any."""

    least: float
    most: float = MAX_COUNT
    whole: bool = True


FROM_0: Final = Limits(0)
FROM_1: Final = Limits(1)
FROM_2: Final = Limits(2)
WINDOW: Final[Mapping[str, Limits]] = {"first": FROM_1, "last": FROM_1}
"""Of the fields that name the slots that a rule is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRule:
    """The fields of every rule.

    `id` is unique in a rulebook. `when` says to which requests the rule applies, by their facts. A rule with
    a `weight` is soft: a page may break it and pays the weight, in units of score, for each unit of excess
    (`SCALE` units of its rows). The others are hard, and `relaxation` is the order in which one may be
    dropped when no page is feasible, lowest first; None is after all others and slots. `reason` tells people
    why the rule exists, `owner` whom to ask. Raises InvalidRuleError when a field has no meaning.
    """

    MAY_BE_SOFT: ClassVar[bool] = True
    """Whether the kind's excess is linear, so that it can be paid for."""

    SCALE: ClassVar[int] = 1
    """Units of the rows' sums in one unit of what the rule's weight is paid for."""

    LIMITS: ClassVar[Mapping[str, Limits]] = {}
    """What numbers the fields of the kind may have; one whose default is None may be None."""

    id: str
    when: Selector = EVERY
    weight: float | None = None
    relaxation: int | None = None
    reason: str = ""
    owner: str = ""

    def __post_init__(self) -> None:
        self._text("id", self.id)
        self._yielding()
        for field in ("reason", "owner"):
            self._text(field, getattr(self, field), may_be_empty=True)
        for field, limits in self.LIMITS.items():
            self._within(field, limits)
        self._validate()

    def rows(self, inputs: Inputs) -> Rows:
        """The rule as linear constraints on the assignment of the inputs' options to their grid."""
        raise NotImplementedError

    def excess(self, inputs: Inputs, pages: Pages) -> Ints:
        """By how much each of the `pages` (b, K) breaks the rule: (b,) int64, 0 where it obeys."""
        raise NotImplementedError

    def _validate(self) -> None:
        """Check the fields of the kind itself."""

    def _yielding(self) -> None:
        if self.relaxation is not None:
            self._at_least("relaxation", self.relaxation, 0)
        if self.weight is None:
            return
        self._number("weight", self.weight, least=0.0, most=MAX_WEIGHT)
        if not self.MAY_BE_SOFT:
            raise InvalidRuleError(self.id, "weight", self.weight, "leave it out: this kind is always hard")
        if self.weight == 0:
            raise InvalidRuleError(self.id, "weight", self.weight, "use a number above 0")
        if self.relaxation is not None:
            raise InvalidRuleError(
                self.id,
                "relaxation",
                self.relaxation,
                "leave it out: a rule with a weight never blocks a page",
            )

    def _text(self, field: str, value: object, *, may_be_empty: bool = False) -> None:
        if not isinstance(value, str) or not (value.strip() or may_be_empty):
            raise InvalidRuleError(
                str(self.id), field, value, "use a text" + " or leave it out" * may_be_empty
            )

    def _number(
        self, field: str, value: object, *, least: float | None = None, most: float | None = None
    ) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise InvalidRuleError(self.id, field, value, "use a finite number")
        if least is not None and value < least:
            raise InvalidRuleError(self.id, field, value, f"use a number of {least:g} or more")
        if most is not None and value > most:
            raise InvalidRuleError(self.id, field, value, f"use a number of {most:g} or less")

    def _at_least(self, field: str, value: object, least: int) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MAX_COUNT:
            raise InvalidRuleError(self.id, field, value, f"use a whole number from {least} to {MAX_COUNT:,}")

    def _within(self, field: str, limits: Limits) -> None:
        value = getattr(self, field)
        if value is None and self.__dataclass_fields__[field].default is None:
            return
        if limits.whole:
            self._at_least(field, value, int(limits.least))
        else:
            self._number(field, value, least=limits.least, most=limits.most)

    def _ordered(self, first: int, last: int | None) -> None:
        if last is not None and last < first:
            raise InvalidRuleError(self.id, "last", last, f"use a slot at or below the first one, {first}")


def beyond(count: Ints, lo: int, hi: int | None = None) -> Ints:
    """By how much each `count` (b, …) lies below `lo` or above `hi`: (b, …)."""
    short = np.maximum(lo - count, 0)
    return short if hi is None else short + np.maximum(count - hi, 0)


def in_stretches(hits: Mask, width: int | None) -> Ints:
    """How many hits (b, K) each run of `width` neighbouring slots counts: (b, w). None is all slots.

    Where there are fewer slots, they are the only run.
    """
    size = hits.shape[1]
    width = size if width is None else min(width, size)
    if width == size:
        whole: Ints = hits.sum(axis=1, keepdims=True)
        return whole
    upto = np.concatenate([np.zeros((len(hits), 1), dtype=np.int64), hits.cumsum(axis=1)], axis=1)
    counts: Ints = upto[:, width:] - upto[:, : size - width + 1]
    return counts


def proposed(inputs: Inputs, matches: Mask) -> int:
    """How many different shelves the matching options (n,) show."""
    groups = inputs.groups
    return len({groups[s] for s in matches.nonzero()[0].tolist()})


def crowding(hits: Mask, gap: int) -> Ints:
    """How many hits (b, K) beyond one in each the runs of gap + 1 slots count together: (b,)."""
    total: Ints = beyond(in_stretches(hits, gap + 1), 0, 1).sum(axis=1)
    return total


def value_masks(inputs: Inputs, attribute: str, *, more_than: int = 0) -> Mask:
    """Which options have each non-empty value that `more_than` so many options have: (v, n)."""
    column = inputs.column(attribute)
    frequent = np.bincount(column.codes, minlength=len(column.values)) > more_than
    for code, value in enumerate(column.values):
        if value == (False, ""):
            frequent[code] = False
    masks: Mask = np.flatnonzero(frequent)[:, None] == column.codes
    return masks


def shown_values(inputs: Inputs, attribute: str, pages: Pages) -> Ints:
    """A number for the value in each slot of the pages (b, K), −1 where it is empty: (b, K)."""
    column = inputs.column(attribute)
    numbers = np.array([-1 if v == (False, "") else i for i, v in enumerate(column.values)], dtype=np.int64)
    shown: Ints = numbers[column.codes][pages]
    return shown


def guarded(trigger: Mask, at: Ints, forbidden: Mask, where: Mask) -> Rows:
    """Row i: with a `trigger` option (n,) in slot `at[i]`, slots `where[i]` (K,) hold no `forbidden` one.

    As m·[trigger at the slot] + Σ forbidden ≤ m, where m is the number of those slots.
    """
    m, size = where.shape
    count = where.sum(axis=1)
    alone = np.zeros((m, size), dtype=np.int64)
    alone[np.arange(m), at] = count
    row = np.arange(m)
    terms = np.stack([row, np.zeros_like(row), row, row, np.ones_like(row), m + row], axis=1).reshape(-1, 3)
    weights = np.concatenate([alone, where.astype(np.int64)])
    return Rows(np.stack([trigger, forbidden]).astype(np.int64), weights, terms, np.full(m, -NO_LIMIT), count)


AnyRule = TypeVar("AnyRule", bound=BaseRule)


def applicable(rules: Iterable[AnyRule], facts: Mapping[str, Attribute]) -> tuple[AnyRule, ...]:
    """The rules that apply to a request with these facts."""
    return tuple(rule for rule in rules if rule.when is EVERY or rule.when.holds(facts))
