"""How two models differ: what they were made of, and what each makes of the same logged decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from home.compose import Tools
from home.errors import NotExplainableError
from home.records import DecisionRecord
from home.registry import LiveModel
from home.rescore import rescore
from home.store.models import ModelSummary
from layout.errors import InvalidProblemError

_FIELDS = (
    "parent", "state", "arguments", "code", "feature_schema", "data_from", "data_to",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """Two models, `left` and `right`, side by side.

    `described` and `metrics` map what differs to both values. Over `decisions` that could be scored:
    `same_pages` and `overlap` say how alike their optima are, `rank_correlation` (Spearman's, averaged) how
    alike they order shelves, and `score_change` the mean change of score, right less left; `by_source` gives
    that change for the shelves of each source, largest first.
    """

    left: int
    right: int
    described: dict[str, tuple[Any, Any]]
    metrics: dict[str, tuple[Any, Any]]
    decisions: int
    same_pages: float = 0.0
    overlap: float = 0.0
    rank_correlation: float = 0.0
    score_change: float = 0.0
    by_source: tuple[tuple[str, float], ...] = ()

    def to_json(self) -> bytes:
        """The difference as indented JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)


def diff(
    about: tuple[ModelSummary, ModelSummary],
    pair: tuple[LiveModel, LiveModel],
    records: Iterable[DecisionRecord],
    tools: Tools,
) -> Difference:
    """Compare two models on logged decisions; those of another rulebook or grid are left out."""
    same, overlaps, ranks, changes = [], [], [], []
    by_source: dict[str, list[float]] = defaultdict(list)
    for record in records:
        try:
            left, right = (rescore(record, model.policy, tools) for model in pair)
        except (NotExplainableError, InvalidProblemError):
            continue
        before, after = _flat(left.scores.values), _flat(right.scores.values)
        shelves = set(record.shelf_ids(left.page))
        same.append(left.page == right.page)
        overlaps.append(len(shelves & set(record.shelf_ids(right.page))) / len(shelves))
        ranks.append(_rank_correlation(before, after))
        changes.append(float((after - before).mean()))
        for option, change in enumerate((after - before).tolist()):
            by_source[record.shelf(option).source].append(change)
    described, metrics = _described(*about)
    if not same:
        return Difference(about[0].version, about[1].version, described, metrics, 0)
    means = {source: float(np.mean(found)) for source, found in by_source.items()}
    return Difference(
        left=about[0].version,
        right=about[1].version,
        described=described,
        metrics=metrics,
        decisions=len(same),
        same_pages=float(np.mean(same)),
        overlap=float(np.mean(overlaps)),
        rank_correlation=float(np.mean(ranks)),
        score_change=float(np.mean(changes)),
        by_source=tuple(sorted(means.items(), key=lambda entry: -abs(entry[1]))),
    )


def _described(
    left: ModelSummary, right: ModelSummary
) -> tuple[dict[str, tuple[Any, Any]], dict[str, tuple[Any, Any]]]:
    pairs = {name: (getattr(left, name), getattr(right, name)) for name in _FIELDS}
    metrics = {
        name: (left.metrics.get(name), right.metrics.get(name))
        for name in sorted(left.metrics.keys() | right.metrics.keys())
    }
    return _unequal(pairs), _unequal(metrics)


def _unequal(pairs: dict[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _flat(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """One score for each option: that of the first slot, where there are several."""
    return values if values.ndim == 1 else values[:, 0]


def _rank_correlation(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    if len(before) < 2 or not np.ptp(before) or not np.ptp(after):
        return float(np.array_equal(before, after))
    return float(np.corrcoef(_ranks(before), _ranks(after))[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rank of each value, equal ones sharing the mean of theirs."""
    ordered = np.sort(values)
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2.0
