"""Slate rounds: logged pages with the reward of each slot and the probabilities of their beginnings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from bandits.ope.rounds import Column, Groups, Rounds, check_rows
from bandits.types import Probabilities

Table = NDArray[np.float64]
"""(m, K): a number for each slot of each page."""

Mask = NDArray[np.bool_]
_NO_TABLE, _NO_MASK = np.empty((0, 0)), np.empty((0, 0), dtype=np.bool_)
_NO_GROUP = np.empty(0, dtype=np.int64)
_ROUNDING = 1e-9
"""Relative difference between two ways of computing the same probability that is taken for rounding."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SlateRounds:
    """m logged pages of up to K slots, with what a target policy would have done.

    A page is a_1 … a_k, top slot first; its context is part of every probability below.

    - `slot_reward` (m, K): reward of each slot; the page's reward is their sum. Unitless, finite.
    - `propensity` (m,): P(a_1 … a_k) of the whole page under the logging policy, in (0, 1]; `target` (m,):
      the same under the target policy, in [0, 1].
    - `prefix_propensity`, `prefix_target` (m, K): P(a_1 … a_j) for j = 1 … k, the last being the page's.
    - `slot_propensity`, `slot_target` (m, K): P(a_j in slot j), whatever the other slots show; empty where
      nobody worked them out.
    - `filled` (m, K): which slots the page has; shorter pages have theirs first. All, if empty. What stands
      in other slots counts for nothing.
    - `examined` (m, K): which slots were seen; empty where unknown.
    - `group` (m,): pages that share a number are dependent; each its own if empty.

    Raises ValueError naming the field and the rows that cannot be.
    """

    slot_reward: Table
    propensity: Probabilities
    prefix_propensity: Table
    target: Probabilities
    prefix_target: Table
    slot_propensity: Table = field(default_factory=lambda: _NO_TABLE)
    slot_target: Table = field(default_factory=lambda: _NO_TABLE)
    filled: Mask = field(default_factory=lambda: _NO_MASK)
    examined: Mask = field(default_factory=lambda: _NO_MASK)
    group: Groups = field(default_factory=lambda: _NO_GROUP)

    def __post_init__(self) -> None:
        if self.slot_reward.ndim != 2 or not self.slot_reward.size:
            raise ValueError(
                f"slot_reward has shape {self.slot_reward.shape}: give one row of slots per page"
            )
        if not self.filled.size:
            object.__setattr__(self, "filled", np.ones(self.slot_reward.shape, dtype=np.bool_))
        if not self.group.size:
            object.__setattr__(self, "group", np.arange(len(self), dtype=np.int64))
        self._check_shapes()
        self._check_filled()
        self._check_numbers()

    def __len__(self) -> int:
        return len(self.slot_reward)

    @property
    def slots(self) -> int:
        """K, the slots of the longest page."""
        return int(self.slot_reward.shape[1])

    @property
    def reward(self) -> Column:
        """The reward of each page (m,): the sum over its slots."""
        total: Column = self.filled_reward.sum(axis=1)
        return total

    @property
    def filled_reward(self) -> Table:
        """`slot_reward` (m, K), 0 outside the page."""
        return np.where(self.filled, self.slot_reward, 0.0)

    @property
    def page_weights(self) -> Column:
        """Importance weights of whole pages (m,)."""
        return self.target / self.propensity

    @property
    def prefix_weights(self) -> Table:
        """Importance weights of a_1 … a_j (m, K), 0 outside the page."""
        return self._ratio(self.prefix_target, self.prefix_propensity)

    @property
    def slot_weights(self) -> Table:
        """Importance weights of a_j in slot j (m, K), 0 outside the page.

        Raises ValueError without `slot_propensity` and `slot_target`.
        """
        if not (self.slot_propensity.size and self.slot_target.size):
            raise ValueError(
                "slot_propensity and slot_target are missing: give the probability of each shelf in its slot"
                " under both policies, or use an estimator that needs prefixes or pages alone"
            )
        return self._ratio(self.slot_target, self.slot_propensity)

    @property
    def weights_above(self) -> Table:
        """Importance weights of a_1 … a_{j−1} (m, K): 1 in the top slot, 0 outside the page."""
        above = np.concatenate((np.ones((len(self), 1)), self.prefix_weights[:, :-1]), axis=1)
        return np.where(self.filled, above, 0.0)

    def as_rounds(self) -> Rounds:
        """The pages as rounds of one action each: what diagnoses weights and needs no slots."""
        return Rounds(self.reward, self.propensity, self.target, self.group)

    def take(self, rows: Mask) -> SlateRounds:
        """The pages where `rows` (m,) is True."""
        if rows.all():
            return self
        columns = {one.name: getattr(self, one.name) for one in fields(self)}
        return SlateRounds(**{name: table[rows] if table.size else table for name, table in columns.items()})

    def _ratio(self, target: Table, propensity: Table) -> Table:
        return np.divide(target, propensity, out=np.zeros(target.shape), where=self.filled)

    def _tables(self) -> Iterator[tuple[str, NDArray[np.generic]]]:
        yield "prefix_propensity", self.prefix_propensity
        yield "prefix_target", self.prefix_target
        yield "filled", self.filled
        for name in ("slot_propensity", "slot_target", "examined"):
            if getattr(self, name).size:
                yield name, getattr(self, name)

    def _check_shapes(self) -> None:
        shapes = {"propensity": self.propensity.shape, "target": self.target.shape, "group": self.group.shape}
        wrong = {name: shape for name, shape in shapes.items() if shape != (len(self),)}
        wrong |= {
            name: table.shape for name, table in self._tables() if table.shape != self.slot_reward.shape
        }
        if wrong:
            raise ValueError(f"{len(self)} pages of {self.slots} slots, but columns of other shapes: {wrong}")

    def _check_filled(self) -> None:
        gaps = self.filled[:, 1:] & ~self.filled[:, :-1]
        starts: Mask = self.filled[:, 0] & ~gaps.any(axis=1)
        check_rows("filled", self.filled.sum(axis=1), starts, "a page has at least its top slot, and no gap")

    def _check_numbers(self) -> None:
        _check_table("slot_reward", self.slot_reward, self.filled, np.isfinite, "must be finite")
        for name in ("prefix_propensity", "slot_propensity"):
            shown = "what was shown had a probability in (0, 1]"
            _check_table(name, getattr(self, name), self.filled, lambda p: (p > 0.0) & (p <= 1.0), shown)
        for name in ("prefix_target", "slot_target"):
            meaning = "must be a probability"
            _check_table(name, getattr(self, name), self.filled, lambda p: (p >= 0.0) & (p <= 1.0), meaning)
        _check_prefixes("propensity", self.propensity, self.prefix_propensity, self.filled)
        _check_prefixes("target", self.target, self.prefix_target, self.filled)


def _check_table(
    name: str, table: Table, filled: Mask, valid: Callable[[Table], NDArray[np.bool_]], meaning: str
) -> None:
    if not table.size:
        return
    wrong: Mask = filled & ~valid(table)
    worst = np.where(wrong, table, 0.0)[np.arange(len(table)), wrong.argmax(axis=1)]
    right = np.asarray(~wrong.any(axis=1))
    check_rows(name, worst, right, meaning)


def _check_prefixes(name: str, page: Column, prefixes: Table, filled: Mask) -> None:
    """Longer beginnings are never likelier, and the longest is the page."""
    slack = 1.0 + _ROUNDING
    grows = filled[:, 1:] & (prefixes[:, 1:] > prefixes[:, :-1] * slack)
    shrinks = np.asarray(~grows.any(axis=1))
    check_rows(
        f"prefix_{name}", page, shrinks, "a longer beginning of a page cannot be likelier than a shorter"
    )
    last = prefixes[np.arange(len(page)), filled.sum(axis=1) - 1]
    same = np.isclose(page, last, rtol=_ROUNDING, atol=0.0)
    check_rows(name, page, same, f"must be the last prefix_{name} of the page")
