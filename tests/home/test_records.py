from __future__ import annotations

import dataclasses
import math
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from home.records import DecisionRecord, LoggedDraw, LoggedOption, LoggedShelf, LoggedSolver, decode, encode
from layout.types import PageContext
from tests.home.loop import NOON, make_record

_floats = st.floats(allow_nan=False, allow_infinity=False)
_text = st.text(max_size=8)
_features = st.dictionaries(_text, st.dictionaries(_text, st.one_of(_text, _floats), max_size=4), max_size=3)
_instants = st.datetimes(
    min_value=datetime(1980, 1, 1),
    max_value=datetime(2100, 1, 1),
    timezones=st.sampled_from([timezone(timedelta(hours=h)) for h in (-9, 0, 5)]),
)


@st.composite
def _shelves(draw: st.DrawFn) -> LoggedShelf:
    n = draw(st.integers(0, 4))
    return LoggedShelf(
        id=draw(_text),
        source=draw(_text),
        title=draw(_text),
        reason=draw(_text),
        attributes=draw(st.dictionaries(_text, st.one_of(_text, st.booleans(), _floats), max_size=4)),
        item_ids=tuple(draw(_text) for _ in range(n)),
        scores=draw(hnp.arrays(np.float32, n, elements=st.floats(width=32))),
        seed_item=draw(_text),
    )


@st.composite
def _records(draw: st.DrawFn) -> DecisionRecord:
    shelves = tuple(draw(st.lists(_shelves(), min_size=1, max_size=4)))
    options = tuple(
        LoggedOption(shelf, name, draw(_features))
        for shelf in range(len(shelves))
        for name in draw(st.lists(_text, min_size=1, max_size=2))
    )
    n, slots = len(options), draw(st.integers(1, 3))
    page = tuple(draw(st.permutations(range(n))))[:slots]
    per_slot = st.tuples(*[_floats for _ in page])
    cells = st.floats()
    return DecisionRecord(
        id=draw(_text),
        listener_id=draw(_text),
        surface=draw(_text),
        at=draw(_instants),
        context=draw(_features),
        about=PageContext(
            draw(st.dictionaries(_text, _text | st.booleans() | _floats, max_size=2)),
            tuple(draw(st.lists(_text, max_size=2))),
            {draw(_text): draw(st.dictionaries(_text, _floats, max_size=2))},
        ),
        shelves=shelves,
        options=options,
        values=draw(hnp.arrays(np.float64, st.sampled_from([(n,), (n, slots)]), elements=cells)),
        pmf=draw(hnp.arrays(np.float64, st.sampled_from([(n,), (slots, n)]), elements=cells)),
        grid_version=draw(_text),
        examination=tuple(draw(_floats) for _ in range(slots)),
        rules_version=draw(_text),
        effective_rules=tuple(draw(st.lists(_text, max_size=3))),
        relaxed_rules=tuple(draw(st.lists(_text, max_size=3))),
        policy_version=draw(st.integers(1, 2**31)),
        solver=LoggedSolver(
            draw(_text),
            draw(st.integers(-(2**60), 2**60)),
            draw(st.integers(-(2**60), 2**60)),
            draw(_text),
            {"x": 1},
        ),
        anchor=page,
        page=page,
        explored=draw(st.booleans()),
        epsilon=draw(_floats),
        floor=draw(_floats),
        seed=draw(st.integers(0, 2**64 - 1)),
        propensity=draw(st.none() | _floats),
        conditionals=draw(per_slot),
        exploration_conditionals=draw(per_slot),
        anchor_exploration=draw(_floats),
        support_sizes=tuple(draw(st.integers(0, n)) for _ in page),
        shown=tuple(shelves[options[i].shelf].item_ids for i in page),
        fallback=draw(_text),
        drawing=LoggedDraw(
            draw(_text),
            draw(st.none() | _floats),
            draw(st.none() | st.integers(-(2**60), 2**60)),
            tuple(tuple(draw(st.permutations(page))) for _ in range(draw(st.integers(0, 2)))),
            tuple(draw(st.lists(_floats, max_size=2))),
            draw(st.integers(0, 9)),
            draw(_text),
            draw(_floats),
        ),
        dropped=draw(st.dictionaries(_text, _text, max_size=2)),
        seconds=draw(st.dictionaries(_text, _floats, max_size=2)),
    )


def _plain(value: object) -> object:
    """Something that compares, floats by their bits."""
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return value


@settings(max_examples=150, deadline=None, derandomize=True)
@given(_records())
def test_what_was_encoded_comes_back_bit_for_bit(record: DecisionRecord) -> None:
    assert _plain(decode(encode(record))) == _plain(record)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(_records())
def test_equal_records_encode_to_equal_bytes(record: DecisionRecord) -> None:
    assert encode(decode(encode(record))) == encode(record)


def test_the_comparison_of_these_tests_sees_one_bit() -> None:
    record = make_record("d")
    nudged = dataclasses.replace(record, epsilon=math.nextafter(record.epsilon, 1))
    assert _plain(record) != _plain(nudged)
    pmf = record.pmf.copy()
    pmf[0, 0] = np.nextafter(pmf[0, 0], 1)
    assert _plain(record) != _plain(dataclasses.replace(record, pmf=pmf))


def test_numpy_numbers_are_logged_as_numbers() -> None:
    conditionals = np.array([0.1, 0.2, 0.7])
    record = make_record(
        "d", conditionals=tuple(conditionals), propensity=conditionals[0], anchor=(np.int64(2), 0, 4)
    )
    back = decode(encode(record))
    assert back.conditionals == (0.1, 0.2, 0.7)
    assert back.propensity == 0.1
    assert back.anchor == (2, 0, 4)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"epsilon": math.nan}, "epsilon.*nan"),
        ({"conditionals": (0.5, math.inf, 0.5)}, r"conditionals\[1\].*inf"),
        ({"context": {"user": {"age": math.nan}}}, r"context\.user\.age.*nan"),
        ({"propensity": np.float64("nan")}, "propensity.*nan"),
        ({"at": NOON.replace(tzinfo=None)}, "naive"),
        ({"seed": 2**64}, "cannot be stored"),
        ({"dropped": {"x": object()}}, "cannot be stored"),
    ],
)
def test_what_would_not_come_back_is_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        encode(make_record("d", **changes))


def test_the_word_null_is_an_ordinary_word() -> None:
    assert decode(encode(make_record("d", fallback='"null"'))).fallback == '"null"'


def test_foreign_bytes_and_unknown_versions_are_refused() -> None:
    data = encode(make_record("d"))
    with pytest.raises(ValueError, match="no decision record"):
        decode(b"")
    with pytest.raises(ValueError, match="no decision record"):
        decode(b"PK" + data[2:])
    with pytest.raises(ValueError, match="schema version 9; this release reads 3"):
        decode(data[:2] + b"\x09" + data[3:])


@pytest.mark.parametrize("length", [7, 8, 40, 200])
def test_a_damaged_record_is_refused_as_that(length: int) -> None:
    with pytest.raises(ValueError, match=r"record|buffer|JSON"):
        decode(encode(make_record("d"))[:length])


def test_a_shelf_is_found_in_its_slot() -> None:
    record = make_record("d")
    assert [record.slot_of(name) for name in "cae"] == [0, 1, 2]
    assert record.slot_of("b") is None
