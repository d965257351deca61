"""Who listens to what: interactions by listener and by item, and the charts made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from shelves.columns import CONTENT_TYPES, Columns
from shelves.ragged import Ragged, group, ranked
from shelves.types import Floats, Listener, Rows

RECENT_DAYS = 90
BASELINE_DAYS = 365
CHART_LENGTH = 120
_PRIOR = 3.0
_MIN_RECENT = 20


@dataclass(frozen=True, slots=True)
class Interactions:
    """Interactions as columns of one length: weight > 0 is a play count or its equivalent.

    `last_at` holds dates or datetimes, `None` where unknown.
    """

    listener_id: Sequence[str] = ()
    item_id: Sequence[str] = ()
    weight: Sequence[float] | NDArray[np.floating] = ()
    last_at: Sequence[date | None] = ()

    def __post_init__(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in ("listener_id", "item_id", "weight", "last_at")}
        if len(set(lengths.values())) != 1:
            raise ValueError(
                f"interactions: columns differ in length ({lengths}); give every column one entry each"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Listening:
    """Interactions indexed both ways, with charts.

    `by_listener` holds item rows and log(1 + weight), strongest first; `by_item` the listeners of each item.
    `trending` and `charts[market]` have one row of item rows per content type, best first. `newest` (4,) is
    the last day up to the catalogue's own on which each content type was heard, 0 where no day is known.
    """

    listener_row: Mapping[str, int]
    by_listener: Ragged
    by_item: Ragged
    trending: Ragged
    charts: Mapping[str, Ragged]
    newest: Rows


def index_listening(
    interactions: Interactions,
    listeners: Sequence[Listener],
    row_of: Mapping[str, int],
    cols: Columns,
    as_of: date,
) -> Listening:
    """Index the interactions whose item is in the catalogue; the others are left out."""
    listener_row: dict[str, int] = {}
    who = [listener_row.setdefault(name, len(listener_row)) for name in interactions.listener_id]
    what = np.fromiter((row_of.get(name, -1) for name in interactions.item_id), np.int32, len(who))
    known = what >= 0
    listener, item = np.array(who, dtype=np.int32)[known], what[known]
    weight = np.log1p(np.asarray(interactions.weight, dtype=np.float64)[known]).astype(np.float32)
    days = (0 if at is None else at.toordinal() for at in interactions.last_at)
    day = np.fromiter(days, np.int32, len(who))[known]
    strongest = np.argsort(-weight, kind="stable")
    listener, item, weight, day = listener[strongest], item[strongest], weight[strongest], day[strongest]
    market_of = {person.id: person.market for person in listeners}
    return Listening(
        listener_row=listener_row,
        by_listener=group(listener, len(listener_row), item, weight),
        by_item=group(item, len(cols.kind), listener, weight),
        trending=_chart(trends(item, day, cols, as_of.toordinal()), cols),
        charts=_charts(listener, item, [market_of.get(name, "") for name in listener_row], cols),
        newest=newest_days(np.where(day <= as_of.toordinal(), day, 0), cols.content_type[item]),
    )


def newest_days(day: Rows, codes: NDArray[np.int8]) -> Rows:
    """The greatest of the days (n,) of each content type (4,); 0 where there is none."""
    newest = np.zeros(len(CONTENT_TYPES), dtype=np.int32)
    np.maximum.at(newest, codes, day)
    return newest


def trends(item: Rows, day: Rows, cols: Columns, as_of: int) -> Floats:
    """How much faster each item (n,) is picked up lately than in the year before; 0 where it is not.

    With r interactions in the 90 days up to the anchor and b in the year before those, the score is
    log(1 + r) · (r + 3) / (90/365 · b + 3). The anchor is `as_of`, or the last date of the content type
    where fewer than 20 interactions are recent: a catalogue that ended earlier still has its last season.
    """
    scores = np.zeros(len(cols.kind), dtype=np.float32)
    type_of = cols.content_type[item]
    for code in range(len(CONTENT_TYPES)):
        dated = (type_of == code) & (day > 0) & (day <= as_of)
        if dated.any():
            scores += _growth(item[dated], day[dated], len(scores), as_of)
    return scores


def _growth(item: Rows, day: Rows, n: int, as_of: int) -> Floats:
    recent = day > as_of - RECENT_DAYS
    anchor = as_of if recent.sum() >= _MIN_RECENT else int(day.max())
    age = anchor - day
    lately = np.bincount(item[age < RECENT_DAYS], minlength=n)
    before = np.bincount(item[(age >= RECENT_DAYS) & (age < RECENT_DAYS + BASELINE_DAYS)], minlength=n)
    expected = before * (RECENT_DAYS / BASELINE_DAYS)
    growth: Floats = (np.log1p(lately) * (lately + _PRIOR) / (expected + _PRIOR)).astype(np.float32)
    return growth


def _charts(listener: Rows, item: Rows, market_of_row: Sequence[str], cols: Columns) -> Mapping[str, Ragged]:
    """Charts by market: listeners in the market, and the overall percentile among equals."""
    market_of = np.array(market_of_row, dtype=np.str_)
    charts = {}
    for market in sorted(set(market_of_row) - {""}):
        heard = np.bincount(item[market_of[listener] == market], minlength=len(cols.kind))
        scores = np.where(heard > 0, heard + 0.5 * cols.popularity, 0).astype(np.float32)
        charts[market] = _chart(scores, cols)
    return charts


def _chart(scores: Floats, cols: Columns) -> Ragged:
    """The best rows of each content type with a positive score."""
    best = [_best(cols.by_type.row(code), scores) for code in range(len(CONTENT_TYPES))]
    starts = np.concatenate(([0], np.cumsum([len(rows) for rows in best])))
    rows = np.concatenate(best)
    return Ragged(starts, rows, scores[rows])


def _best(rows: Rows, scores: Floats) -> Rows:
    rows = rows[scores[rows] > 0]
    return ranked(rows, scores[rows], CHART_LENGTH)[0]
