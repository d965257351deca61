"""What a Vowpal Wabbit model's features weigh, and which of them share a weight.

A model of 2^bits weights knows features by hash alone. Their names are those that occur in logged requests:
each is hashed by the learner itself, and a crossed pair by its rule h = (16777619 · a) xor b, cut to the
bits, so that features which share a weight are counted exactly.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandits.policies.encoding import SHARED, slot_bucket
from bandits.policies.places import FNV_PRIME
from bandits.policies.vw import VwPolicy
from bandits.policies.vw_explorer import VwExplorer
from bandits.policy import Policy
from bandits.types import Features

Page = tuple[Features, Sequence[Features]]
"""A context, and the actions that were scored in it."""


@dataclass(frozen=True, slots=True)
class FeatureImportance:
    """A feature, or a pair of crossed namespaces.

    `importance`: standard deviation, among the options of a page and on average over pages, of what it adds
    to their values: what it does to the ranking. `terms`: how many weights it has been seen with, one for
    each category or pair of them. `strongest`: the term of the greatest weight, and `weight` that weight,
    positive where it makes an option worth more.
    """

    feature: str
    importance: float
    terms: int
    strongest: str
    weight: float


@dataclass(frozen=True, slots=True)
class Importances:
    """The features of a model over `pages` pages with `options` options, the most important first.

    Of `terms` distinct terms `colliding` share their weight with another one; chance alone would let about
    `expected` of them, terms · (1 − (1 − 2^−bits)^(terms − 1)).
    """

    pages: int
    options: int
    bits: int
    terms: int
    colliding: int
    features: tuple[FeatureImportance, ...]

    @property
    def expected(self) -> float:
        """How many terms would share a weight if hashes were drawn uniformly."""
        return float(-self.terms * np.expm1((self.terms - 1) * np.log1p(-(2.0**-self.bits))))


def learner_of(policy: Policy) -> VwPolicy:
    """The learner of a policy's values. Raises ValueError for a policy without Vowpal Wabbit."""
    if isinstance(policy, VwPolicy):
        return policy
    if isinstance(policy, VwExplorer):
        return policy.value_learner
    raise ValueError(f"policy {policy.name!r} has no weights by feature: only vw and the vw_* policies do")


def importances(learner: VwPolicy, pages: Iterable[Page]) -> Importances:
    """What each feature adds to the values of the options of some pages; as in the first slot.

    It assumes that the pages are like those to come: a feature that none of them has is not reported, and
    correlated features share between them what either could do alone.
    """
    terms = _Terms(learner)
    spread: dict[str, float] = defaultdict(float)
    number = options = 0
    for context, actions in pages:
        number, options = number + 1, options + len(actions)
        for feature, added in terms.contributions(context, actions).items():
            spread[feature] += float(added.std())
    features = [
        FeatureImportance(feature, total / number, *terms.summary(feature))
        for feature, total in spread.items()
    ]
    return Importances(
        pages=number,
        options=options,
        bits=learner.config.bits,
        terms=len(terms.index),
        colliding=_sharing(terms.index.values()),
        features=tuple(sorted(features, key=lambda one: (-one.importance, one.feature))),
    )


def contributions(learner: VwPolicy, page: Page) -> Mapping[str, NDArray[np.float64]]:
    """Feature → what it adds to the value (n,) of each action of a page. All together are the values."""
    return _Terms(learner).contributions(*page)


class _Terms:
    """The terms of a learner that have been seen so far. `index` maps each to the index of its weight."""

    def __init__(self, learner: VwPolicy) -> None:
        self.index: dict[str, int] = {}
        self._learner = learner
        self._mask = (1 << learner.config.bits) - 1
        self._weights: dict[str, float] = {}
        self._of: dict[str, list[str]] = defaultdict(list)
        self._hashes: dict[tuple[str, str], int] = {}

    def contributions(
        self, context: Features, actions: Sequence[Features]
    ) -> Mapping[str, NDArray[np.float64]]:
        if self._learner.config.position:
            context = {**context, "position": {"slot": slot_bucket(0)}}
        added: dict[str, NDArray[np.float64]] = defaultdict(lambda: np.zeros(len(actions)))
        for row, action in enumerate(actions):
            for feature, term, index, value in self._terms(context, action):
                if value != 0.0:
                    added[feature][row] += self._weight(feature, term, index) * value
        return added

    def summary(self, feature: str) -> tuple[int, str, float]:
        """How many terms a feature has, and the strongest with its weight."""
        terms = self._of[feature]
        strongest = max(terms, key=lambda term: abs(self._weights[term]))
        return len(terms), strongest, self._weights[strongest]

    def _weight(self, feature: str, term: str, index: int) -> float:
        if term not in self._weights:
            self.index[term] = index
            self._weights[term] = -self._learner.weight(index)
            self._of[feature].append(term)
        return self._weights[term]

    def _terms(self, context: Features, action: Features) -> Iterator[tuple[str, str, int, float]]:
        """Feature, term, index and value of all that the learner sees of an action."""
        known = {name: list(self._hashed(name, values)) for name, values in {**context, **action}.items()}
        for namespace, found in known.items():
            if namespace not in SHARED:
                for name, term, index, value in found:
                    yield f"{namespace}.{name}", f"{namespace}.{term}", index, value
        for left, right in self._learner.config.crossed():
            for _, first, a, x in known.get(left, ()):
                for _, second, b, y in known.get(right, ()):
                    term = f"{left}.{first} × {right}.{second}"
                    yield f"{left} × {right}", term, (FNV_PRIME * a ^ b) & self._mask, x * y

    def _hashed(
        self, namespace: str, values: Mapping[str, str | float]
    ) -> Iterator[tuple[str, str, int, float]]:
        """Name, term, hash and value of each feature in a namespace."""
        for name, value in values.items():
            term, amount = (f"{name}={value}", 1.0) if isinstance(value, str) else (name, value)
            key = (namespace, term)
            if key not in self._hashes:
                known = value if isinstance(value, str) else 1.0
                self._hashes[key] = self._learner.hash_of(namespace, name, known)
            yield name, term, self._hashes[key], amount


def _sharing(indices: Iterable[int]) -> int:
    return sum(count for count in Counter(indices).values() if count > 1)
