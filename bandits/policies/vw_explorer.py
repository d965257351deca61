"""What Vowpal Wabbit's explorers share: values from one model, probabilities from another.

Layout needs values, which most explorers of `cb_explore_adf` do not tell. So each policy here keeps two
learners on the same examples: the softmax policy of `bandits.policies.vw`, whose values it answers with, and
the explorer itself, whose printed pmf it answers with. Both regress the same costs with the same features.

The examples show one shelf each, as a page's feedback comes shelf by shelf with the conditional probability
of that shelf. The explorers therefore learn their regressors only; nothing of a shelf that was not shown.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from typing import ClassVar, Generic, TypeVar

import numpy as np

from bandits.policies.encoding import encode, encode_slot, slot_bucket
from bandits.policies.vw import VwConfig, VwPolicy, VwWorkspace, training_lines
from bandits.policy import check_request
from bandits.snapshot import pack, unpack
from bandits.types import Example, Features, Probabilities, Scores

Config = TypeVar("Config", bound=VwConfig)

_LENGTH_BYTES = 8


class VwExplorer(ABC, Generic[Config]):
    """A policy of two learners; a subclass says which explorer the second one is.

    Scoring costs about twice that of `VwPolicy`. Thread-safe: scoring, learning and snapshots take turns.
    """

    name: ClassVar[str]

    def __init__(self, config: Config, snapshot: bytes | None = None) -> None:
        """Start from nothing, or from a `snapshot`; ValueError when it was made with another config."""
        self.config = config
        values, explorer = (None, None) if snapshot is None else self._states(snapshot)
        self._lock = threading.Lock()
        self._values = VwPolicy(_value_config(config), values)
        self._explorer = VwWorkspace(self.arguments(), explorer)

    @property
    def value_learner(self) -> VwPolicy:
        """The learner whose values it answers with."""
        return self._values

    @abstractmethod
    def exploration(self) -> list[str]:
        """The explorer's own part of the command line."""

    def arguments(self) -> list[str]:
        """The explorer's command line."""
        return ["--cb_explore_adf", *self.exploration(), *self.config.regression()]

    def score(self, context: Features, actions: Sequence[Features], slots: int) -> Scores:
        """Values (n,) and pmf (n,); with `position`, values (n, slots) and pmf (slots, n).

        ValueError without actions or slots, or for an unknown feature namespace.
        """
        check_request(actions, slots)
        lines = [encode(action) for action in actions]
        with self._lock:
            values = self._values.score(context, actions, slots).values
            return Scores(values=values, pmf=self._pmf(encode(context), lines, slots))

    def learn(self, examples: Iterable[Example]) -> int:
        """One update of both learners per example, in order; returns the number of examples."""
        count = 0
        for example in examples:
            with self._lock:
                self._values.learn([example])
                self._explorer.learn(self._training_lines(example))
            count += 1
        return count

    def snapshot(self) -> bytes:
        """The configuration and the weights of both learners."""
        with self._lock:
            values, explorer = self._values.snapshot(), self._explorer.serialize()
        length = len(values).to_bytes(_LENGTH_BYTES, "big")
        return pack(self.name, asdict(self.config), length + values + explorer)

    def describe(self) -> str:
        """The explorer's command line."""
        return " ".join([self.name, *self.arguments(), "min_probability", f"{self.config.min_probability:g}"])

    def _pmf(self, shared: str, lines: list[str], slots: int) -> Probabilities:
        """The explorer's pmf: (n,), or (slots, n) where it sees the slot."""
        if not self.config.position:
            return self._row(["shared " + shared, *lines], len(lines))
        return self._by_bucket(
            slots, lambda slot: self._row([f"shared {shared} {encode_slot(slot)}", *lines], len(lines))
        )

    def _row(self, request: list[str], n: int) -> Probabilities:
        return read_pmf(self._explorer.predict(request), n)

    def _training_lines(self, example: Example) -> tuple[str, ...]:
        return training_lines(self.config, example)

    def _by_bucket(self, slots: int, row_of: Callable[[int], Probabilities]) -> Probabilities:
        """Rows (slots, n), asking once for the slots that share a bucket."""
        rows: dict[str, Probabilities] = {}
        for slot in range(slots):
            bucket = slot_bucket(slot)
            if bucket not in rows:
                rows[bucket] = row_of(slot)
        return np.array([rows[slot_bucket(slot)] for slot in range(slots)])

    def _states(self, snapshot: bytes) -> tuple[bytes, bytes]:
        state = unpack(snapshot, self.name, asdict(self.config))
        end = _LENGTH_BYTES + int.from_bytes(state[:_LENGTH_BYTES], "big")
        return state[_LENGTH_BYTES:end], state[end:]


def read_pmf(pairs: Iterable[tuple[int, float]], n: int) -> Probabilities:
    """A pmf (n,) from the learner's pairs of action and probability, which it prints in float32."""
    raw = np.zeros(n)
    for action, probability in pairs:
        raw[action] = probability
    pmf: Probabilities = raw / raw.sum()
    return pmf


def check_option(name: str, value: float, low: float, high: float) -> None:
    """Raise ValueError unless an option is within its range."""
    if not low <= value <= high:
        raise ValueError(f"{name} = {value}: must be between {low:g} and {high:g}")


def _value_config(config: VwConfig) -> VwConfig:
    return VwConfig(**{field.name: getattr(config, field.name) for field in fields(VwConfig)})
