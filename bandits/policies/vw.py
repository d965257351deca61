"""The learning policy: a Vowpal Wabbit contextual bandit over context × shelf features.

Only this module and `deltas` import vowpal_wabbit_next; the explorers in `vw_*.py` reach it by `VwWorkspace`.

`cb_explore_adf` with softmax answers with probabilities only, yet layout needs values. They are therefore
read off the learner's weights (`bandits.policies.hashed`), without a constant and with the shared namespaces
taking part in interactions only; the softmax of λ times the values is what the learner would have answered.

Learning is cost regression with importance weights (`cb_type mtr`; Bietti, Agarwal and Langford, "A
Contextual Bandit Bake-off", JMLR 2021, section 3.2) on the shown action alone, with the probability of the
page draw.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import vowpal_wabbit_next as vw
from numpy.typing import NDArray

from bandits.feature_table import FeatureTable, table_of
from bandits.policies.encoding import LETTERS, SHARED, encode, encode_slot, slot_bucket
from bandits.policies.hashed import HashedModel
from bandits.policy import check_request
from bandits.snapshot import pack, unpack
from bandits.types import Example, Features, Scores

_DEFAULT_INTERACTIONS = (
    "context*kind",
    "leanings*kind",
    "responses*numbers",
    "presentation*kind",
)
_POSITION_INTERACTIONS = ("position*kind", "position*numbers")


@dataclass(frozen=True, slots=True)
class VwConfig:
    """Settings of the learner. A snapshot can only be read back with the settings that made it.

    `bits`: 2^bits weights. `learning_rate`: step size; each feature's own step falls with the sum of its
    squared gradients to the power `decay`: 0 never forgets how to move and stays noisy, 0.5 settles.
    `sharpness`: λ of the softmax over values; at most 40, beyond which it hardly explores any more.
    `interactions`: pairs "a*b" of different namespaces whose features are crossed.
    `position`: let the slot interact with the shelf, at the price of one prediction per slot bucket.
    `min_probability`: probabilities below it are taken for it, so that no example weighs more than
    1 / min_probability; at 1 all weigh the same. The weights only matter where the model cannot fit the
    rewards, and then make it follow what was shown rarely; the price is more noise from single clicks.
    """

    bits: int = 18
    learning_rate: float = 0.02
    decay: float = 0.35
    sharpness: float = 10.0
    interactions: tuple[str, ...] = _DEFAULT_INTERACTIONS
    position: bool = False
    min_probability: float = 1.0
    seed: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "interactions", tuple(self.interactions))
        _check_range("bits", self.bits, 8, 28)
        _check_range("learning_rate", self.learning_rate, 1e-6, 10.0)
        _check_range("decay", self.decay, 0.0, 1.0)
        _check_range("sharpness", self.sharpness, 1e-3, 40.0)
        _check_range("min_probability", self.min_probability, 1e-6, 1.0)
        _check_interactions(self._pairs())

    def crossed(self) -> tuple[tuple[str, str], ...]:
        """The pairs of namespaces whose features are crossed."""
        left_right = (pair.partition("*") for pair in self._pairs())
        return tuple((left, right) for left, _, right in left_right)

    def arguments(self) -> list[str]:
        """The learner's command line."""
        return ["--cb_explore_adf", "--softmax", "--lambda", f"{self.sharpness:g}", *self.regression()]

    def regression(self) -> list[str]:
        """The part of the command line that every kind of exploration shares: costs by regression."""
        arguments = ["--cb_type", "mtr", "--noconstant", "--quiet"]
        arguments += ["-b", f"{self.bits}", "--random_seed", f"{self.seed}"]
        arguments += ["-l", f"{self.learning_rate:g}", "--power_t", f"{self.decay:g}"]
        arguments += [word for pair in self._pairs() for word in ("-q", _letters(pair))]
        return arguments + [word for name in SHARED for word in ("--ignore_linear", LETTERS[name])]

    def _pairs(self) -> tuple[str, ...]:
        return self.interactions + (_POSITION_INTERACTIONS if self.position else ())


class VwPolicy:
    """Learns what is worth showing to whom; registered as "vw".

    Use it when there is feedback to learn from. Before the first example every value is 0 and the pmf
    uniform. Each crossed pair of namespaces costs data: with a few thousand examples, contexts crossed with
    more than the shelf's family made it worse than no crossing at all. A listener's own weights
    ("user*kind") need a few dozen of their decisions; what they did before is in the features already.
    Thread-safe: scoring, learning and snapshots take turns on one lock.
    """

    name: ClassVar[str] = "vw"

    def __init__(self, config: VwConfig | None = None, snapshot: bytes | None = None) -> None:
        """Start from nothing, or from a `snapshot`; ValueError when it was made with another config."""
        self.config = config or VwConfig()
        state = None if snapshot is None else unpack(snapshot, self.name, asdict(self.config))
        self._lock = threading.Lock()
        self._workspace: vw.Workspace[Any] = vw.Workspace(self.config.arguments(), model_data=state)
        self._parser: vw.TextFormatParser = vw.TextFormatParser(self._workspace)
        weights = self._workspace.weights()[:, 0, 0]
        self._model = HashedModel(weights, self.config.crossed(), self._hash_of)

    def score(self, context: Features, actions: Sequence[Features], slots: int) -> Scores:
        """Values (n,) and pmf (n,); with `position`, values (n, slots) and pmf (slots, n).

        The pmf is the learner's own softmax. ValueError without actions or slots, or for an unknown feature
        namespace.
        """
        check_request(actions, slots)
        table = table_of(actions)
        with self._lock:
            if not self.config.position:
                return self._scores(self._model.values(context, table))
            return self._scores(self._by_slot(context, table, slots))

    def learn(self, examples: Iterable[Example]) -> int:
        """One update per example, in order; returns their number."""
        count = 0
        for example in examples:
            lines = training_lines(self.config, example)
            with self._lock:
                self._workspace.learn_one([self._parser.parse_line(line) for line in lines])
                self._model.stale = True
            count += 1
        return count

    def snapshot(self) -> bytes:
        """The configuration and the learner's weights."""
        with self._lock:
            return pack(self.name, asdict(self.config), self._workspace.serialize())

    def hash_of(self, namespace: str, name: str, value: str | float) -> int:
        """Where the weight of a feature is, or would be if the namespace were not only crossed."""
        with self._lock:
            return self._hash_of(namespace, name, value)

    def weight(self, index: int) -> float:
        """The weight at an index: what a feature adds to the cost."""
        with self._lock:
            return float(self._workspace.weights()[index, 0, 0])

    def describe(self) -> str:
        """The learner's command line."""
        return " ".join(
            ["vw", *self.config.arguments(), "min_probability", f"{self.config.min_probability:g}"]
        )

    def _hash_of(self, namespace: str, name: str, value: str | float) -> int:
        example = self._parser.parse_line(encode({namespace: {name: value}}))
        # The learner cuts the hash of a feature without a name only when it looks up the weight.
        return int(example[LETTERS[namespace]].indices[0]) & ((1 << self.config.bits) - 1)

    def _by_slot(self, context: Features, table: FeatureTable, slots: int) -> NDArray[np.float64]:
        """Values (slots, n), asking once for the slots that share a bucket."""
        buckets = [slot_bucket(slot) for slot in range(slots)]
        known = {
            bucket: self._model.values({**context, "position": {"slot": bucket}}, table)
            for bucket in dict.fromkeys(buckets)
        }
        return np.array([known[bucket] for bucket in buckets])

    def _scores(self, values: NDArray[np.float64]) -> Scores:
        """Values, as `Scores` has them, and their softmax, from values (..., n)."""
        weights = np.exp(self.config.sharpness * (values - values.max(axis=-1, keepdims=True)))
        pmf = weights / weights.sum(axis=-1, keepdims=True)
        return Scores(values=np.ascontiguousarray(values.T), pmf=pmf)


class VwWorkspace:
    """A learner by its command line, fed lines of text: what explorers other than the softmax are made of.

    Not thread-safe: the caller's lock guards it.
    """

    def __init__(self, arguments: Sequence[str], state: bytes | None = None) -> None:
        """Start from nothing, or from the `state` of one with the same arguments."""
        # A model keeps how far its random numbers have come, and refuses a seed that would set them back.
        words = list(arguments) if state is None else _without_seed(arguments)
        self._workspace: vw.Workspace[Any] = vw.Workspace(words, model_data=state)
        self._parser: vw.TextFormatParser = vw.TextFormatParser(self._workspace)

    def predict(self, lines: Sequence[str]) -> Any:
        """What the learner answers to one request."""
        return self._workspace.predict_one([self._parser.parse_line(line) for line in lines])

    def learn(self, lines: Sequence[str]) -> None:
        """Learn from one labelled request."""
        self._workspace.learn_one([self._parser.parse_line(line) for line in lines])

    def serialize(self) -> bytes:
        """The state, which the same arguments read back."""
        return self._workspace.serialize()


def training_lines(config: VwConfig, example: Example) -> tuple[str, str]:
    """An example as the two lines of a labelled request that shows one shelf."""
    position = f" {encode_slot(example.slot)}" if config.position else ""
    probability = max(example.probability, config.min_probability)
    label = f"0:{-example.reward:.9g}:{probability:.9g}"
    return f"shared {encode(example.context)}{position}", f"{label} {encode(example.action)}"


def _without_seed(arguments: Sequence[str]) -> list[str]:
    words = list(arguments)
    at = words.index("--random_seed")
    return words[:at] + words[at + 2 :]


def _letters(interaction: str) -> str:
    left, _, right = interaction.partition("*")
    if left not in LETTERS or right not in LETTERS:
        known = ", ".join(LETTERS)
        raise ValueError(f"interactions: {interaction!r} must be 'a*b' with a and b among {known}")
    return LETTERS[left] + LETTERS[right]


def _check_interactions(interactions: tuple[str, ...]) -> None:
    known = set[frozenset[str]]()
    for interaction in interactions:
        pair = frozenset(_letters(interaction))
        if len(pair) < 2:
            raise ValueError(f"interactions: {interaction!r} must cross two different namespaces")
        if pair in known:
            raise ValueError(f"interactions: {interaction!r} crosses what another one has crossed already")
        known.add(pair)


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} = {value}: must be between {low:g} and {high:g}")
