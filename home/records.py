"""The decision record: everything needed to know what was decided, and with exactly which probability.

A record is stored as one compact binary value. Text and small numbers are JSON under zlib; the large float
tables follow as raw little-endian blocks, because they hardly compress and must come back bit for bit.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from bandits.position import looks_at
from bandits.types import Features, Page, Probabilities
from layout.types import PageContext
from shelves.types import Attribute, Floats

SCHEMA_VERSION = 3
"""Written into every record; `decode` refuses what it does not know."""

_HEAD = struct.Struct("<2sBI")
_MAGIC = b"HR"
_LEVEL = 1


@dataclass(frozen=True, slots=True, eq=False)
class LoggedShelf:
    """A shelf that was proposed. `item_ids` and `scores` (n,) run best first, as the source gave them."""

    id: str
    source: str
    title: str
    reason: str
    attributes: Mapping[str, Attribute]
    item_ids: tuple[str, ...]
    scores: Floats
    seed_item: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LoggedOption:
    """A shelf, as an index into the record's, in one presentation; `features` are what the policy saw.

    `prominence` is how much more often a shelf in this presentation is examined, or less.
    """

    shelf: int
    presentation: str
    features: Features
    prominence: float = 1.0


@dataclass(frozen=True, slots=True)
class LoggedSolver:
    """The solver's answer: objective, bound and what was paid by soft rule, all in integer layout units."""

    status: str
    objective: int
    bound: int
    proof: str = ""
    paid: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoggedDraw:
    """How the page was drawn: "anchored", or from a "portfolio" of `pages` with these `probabilities`.

    `regret_cap` is the share of the anchor's value that pages may lose, `least_value` what they are worth at
    least because of it, in integer layout units; both None without a cap. `size`, `weighting` and `sharpness`
    are how a portfolio was asked for.
    """

    method: str = "anchored"
    regret_cap: float | None = None
    least_value: int | None = None
    pages: tuple[Page, ...] = ()
    probabilities: tuple[float, ...] = ()
    size: int = 0
    weighting: str = ""
    sharpness: float = 0.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DecisionRecord:
    """One composed page with everything that led to it.

    With n options of the proposed shelves, K slots and a page of k ≤ K shelves:

    - `values` (n,) or (n, K) and `pmf` (n,) or (K, n): the policy's scores, as `bandits.types.Scores`.
    - `about`: what layout rules knew of the request.
    - `examination` (K,): the grid's examination probabilities, top slot first.
    - `anchor`, `page` (k,): option indices of the solver's optimum and of the page served.
    - `propensity`: exact probability of `page` under the logging policy; None when a fallback made it
      unknowable, with `fallback` saying why.
    - `conditionals` (k,): probability of each slot's option given the options above it, under the mixture;
      their product is `propensity`. `exploration_conditionals` (k,): the same under exploration alone.
    - `anchor_exploration`: probability of the anchor page under exploration alone.
    - `support_sizes` (k,): how many options each slot could have drawn.
    - `drawing`: by which draw, and what rebuilds its choices. A page from a portfolio has `epsilon` 1: all of
      them are draws, and exploration alone is the portfolio's own distribution.
    - `effective_rules` held on this page; `relaxed_rules` had to be dropped.
    - `shown` (k,): the item ids served in each slot.
    - `dropped`: source → why it contributed nothing. `seconds`: stage → wall-clock time, for people only.
    - `configuration`: "rulebook" and "grid" → SHA-256 of the text in the table of configurations.
    - `limits`: "deadline_s", "deterministic_time" of the solver and "min_items" of a shelf.
    - `software`: package → version.

    `seed` is in [0, 2⁶⁴). `at` is timezone-aware. Records are the same when they encode to the same bytes.
    """

    id: str
    listener_id: str
    surface: str
    at: datetime
    context: Features
    about: PageContext
    shelves: tuple[LoggedShelf, ...]
    options: tuple[LoggedOption, ...]
    values: NDArray[np.float64]
    pmf: Probabilities
    grid_version: str
    examination: tuple[float, ...]
    rules_version: str
    effective_rules: tuple[str, ...]
    relaxed_rules: tuple[str, ...]
    policy_version: int
    solver: LoggedSolver
    anchor: Page
    page: Page
    explored: bool
    epsilon: float
    floor: float
    seed: int
    propensity: float | None
    conditionals: tuple[float, ...]
    exploration_conditionals: tuple[float, ...]
    anchor_exploration: float
    support_sizes: tuple[int, ...]
    shown: tuple[tuple[str, ...], ...]
    fallback: str = ""
    drawing: LoggedDraw = field(default_factory=LoggedDraw)
    dropped: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    configuration: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    software: Mapping[str, str] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def shelf(self, option: int) -> LoggedShelf:
        """The shelf of an option."""
        return self.shelves[self.options[option].shelf]

    def shelf_ids(self, page: Page) -> tuple[str, ...]:
        """The ids of the shelves on a page, top first."""
        return tuple(self.shelf(option).id for option in page)

    @property
    def looks(self) -> tuple[float, ...]:
        """How likely each shelf of the page was looked at, by its slot and presentation: (k,)."""
        return looks_at(self.examination, (self.options[option].prominence for option in self.page))

    def slot_of(self, shelf_id: str) -> int | None:
        """The slot in which the page shows this shelf, counted from 0, or None."""
        ids = self.shelf_ids(self.page)
        return ids.index(shelf_id) if shelf_id in ids else None


_PLAIN = tuple(
    f.name
    for f in fields(DecisionRecord)
    if f.name not in ("at", "about", "shelves", "options", "values", "pmf", "solver", "propensity", "drawing")
)
_TUPLES = (
    "examination", "effective_rules", "relaxed_rules", "anchor", "page",
    "conditionals", "exploration_conditionals", "support_sizes",
)  # fmt: skip
_SHELF_PLAIN = tuple(f.name for f in fields(LoggedShelf) if f.name != "scores")
_OPTION = tuple(f.name for f in fields(LoggedOption))
_SOLVER = tuple(f.name for f in fields(LoggedSolver))
_DRAWING = tuple(f.name for f in fields(LoggedDraw))
_ABOUT = tuple(f.name for f in fields(PageContext))


def encode(record: DecisionRecord) -> bytes:
    """Pack a record; `decode` returns it unchanged, every float bit for bit.

    Raises ValueError for a naive `at`, a number outside the score tables that is not finite, or an integer
    beyond 64 bits.
    """
    if record.at.tzinfo is None:
        raise ValueError(f"record {record.id!r}: at={record.at!r} is naive; pass a timezone-aware datetime")
    values = np.ascontiguousarray(record.values, "<f8")
    pmf = np.ascontiguousarray(record.pmf, "<f8")
    scores = [np.ascontiguousarray(shelf.scores, "<f4") for shelf in record.shelves]
    text = _to_json(record, _header(record, values, pmf, [len(s) for s in scores]))
    packed = zlib.compress(text, _LEVEL)
    head = _HEAD.pack(_MAGIC, record.schema_version, len(packed))
    return b"".join([head, packed, values.tobytes(), pmf.tobytes(), *(s.tobytes() for s in scores)])


def decode(data: bytes) -> DecisionRecord:
    """Unpack what `encode` wrote.

    Raises ValueError when `data` is damaged, or no record of a known schema version.
    """
    try:
        return _decoded(*_split(data))
    except (zlib.error, KeyError, TypeError, IndexError) as error:
        raise ValueError(f"damaged decision record: {type(error).__name__}: {error}") from error


def _decoded(header: dict[str, Any], tables: bytes) -> DecisionRecord:
    at = datetime.fromisoformat(header.pop("at"))
    solver = LoggedSolver(**header.pop("solver"))
    about = header.pop("about")
    value_shape, pmf_shape = header.pop("value_shape"), header.pop("pmf_shape")
    lengths = header.pop("score_lengths")
    pmf_at = 8 * math.prod(value_shape)
    scores_at = pmf_at + 8 * math.prod(pmf_shape)
    scores = np.frombuffer(tables, "<f4", offset=scores_at)
    header.update({name: tuple(header[name]) for name in _TUPLES})
    return DecisionRecord(
        at=at,
        about=PageContext(about["facts"], tuple(about["previous"]), about["taste"]),
        solver=solver,
        values=np.frombuffer(tables, "<f8", math.prod(value_shape)).reshape(value_shape),
        pmf=np.frombuffer(tables, "<f8", math.prod(pmf_shape), pmf_at).reshape(pmf_shape),
        shelves=tuple(_shelves(header.pop("shelves"), scores, lengths)),
        options=tuple(LoggedOption(**option) for option in header.pop("options")),
        shown=tuple(map(tuple, header.pop("shown"))),
        propensity=header.pop("propensity", None),
        drawing=_drawing(header.pop("drawing")),
        **header,
    )


def _header(
    record: DecisionRecord, values: NDArray[np.float64], pmf: NDArray[np.float64], lengths: Sequence[int]
) -> dict[str, Any]:
    header = {name: getattr(record, name) for name in _PLAIN}
    header["at"] = record.at.isoformat()
    header["solver"] = {name: getattr(record.solver, name) for name in _SOLVER}
    drawing = {name: getattr(record.drawing, name) for name in _DRAWING}
    header["drawing"] = {name: value for name, value in drawing.items() if value is not None}
    header["about"] = {name: getattr(record.about, name) for name in _ABOUT}
    header["shelves"] = [{name: getattr(s, name) for name in _SHELF_PLAIN} for s in record.shelves]
    header["options"] = [{name: getattr(option, name) for name in _OPTION} for option in record.options]
    header["value_shape"], header["pmf_shape"], header["score_lengths"] = values.shape, pmf.shape, lengths
    if record.propensity is not None:
        header["propensity"] = record.propensity
    return header


def _to_json(record: DecisionRecord, header: dict[str, Any]) -> bytes:
    try:
        text = orjson.dumps(header, default=_plain)
    except orjson.JSONEncodeError as error:
        raise ValueError(f"record {record.id!r} cannot be stored: {error}") from error
    # JSON writes NaN and infinities as null, and nothing else here is null: look closer only when one occurs.
    if b"null" in text:
        for path, number in _numbers(header, "record"):
            if not math.isfinite(number):
                raise ValueError(f"{path} of record {record.id!r} is {number!r}; log finite numbers only")
    return text


def _drawing(logged: dict[str, Any]) -> LoggedDraw:
    logged["pages"] = tuple(map(tuple, logged["pages"]))
    logged["probabilities"] = tuple(logged["probabilities"])
    return LoggedDraw(**logged)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no text, number, mapping or sequence")


def _numbers(value: object, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, float | np.floating):
        yield path, float(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _numbers(inner, f"{path}[{index}]")


def _split(data: bytes) -> tuple[dict[str, Any], bytes]:
    if len(data) < _HEAD.size or data[:2] != _MAGIC:
        raise ValueError(f"no decision record: {len(data)} bytes starting with {data[:4]!r}")
    _, version, length = _HEAD.unpack_from(data)
    if version != SCHEMA_VERSION:
        raise ValueError(f"decision record of schema version {version}; this release reads {SCHEMA_VERSION}")
    end = _HEAD.size + length
    header: dict[str, Any] = orjson.loads(zlib.decompress(data[_HEAD.size : end]))
    return header, data[end:]


def _shelves(
    logged: Sequence[dict[str, Any]], scores: Floats, lengths: Sequence[int]
) -> Iterator[LoggedShelf]:
    bounds = pairwise(accumulate(lengths, initial=0))
    for shelf, (start, stop) in zip(logged, bounds, strict=True):
        shelf["item_ids"] = tuple(shelf["item_ids"])
        yield LoggedShelf(scores=scores[start:stop], **shelf)
