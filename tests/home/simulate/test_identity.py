"""Marks tell values apart, and are the same in every process."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from home.simulate.identity import mark


@dataclass(frozen=True)
class Pair:
    a: object
    b: object


_VALUES: tuple[object, ...] = (
    None, "", "a", b"a", 0, False, 0.0, date(2024, 1, 2), (), ("a",), ("a", "b"), ("ab",), (("a",), "b"),
    {"a": 1}, {"a": 2}, {"b": 1}, frozenset(), frozenset({"a"}), frozenset({"a", "b"}), Pair(1, 2),
    Pair(2, 1), Pair((1,), 2), np.zeros(2), np.zeros(3), np.zeros(2, np.float32), np.zeros((2, 1)),
    np.ones(2), np.int64(7), np.int64(8), np.float32(0.5),
)  # fmt: skip


def test_different_values_have_different_marks() -> None:
    assert len({mark(value) for value in _VALUES}) == len(_VALUES)


def test_what_cannot_be_compared_is_refused_by_its_type() -> None:
    class Knob:
        def __init__(self) -> None:
            self.turned = 3

    with pytest.raises(TypeError, match="Knob decides the result: make it a dataclass"):
        mark((1, Knob()))


def test_order_counts_where_there_is_one() -> None:
    assert mark({"a": 1, "b": 2}) == mark({"b": 2, "a": 1})
    assert mark(["a", "b"]) == mark(("a", "b")) != mark(("b", "a"))


@pytest.mark.parametrize("seed", ["0", "1"])
def test_marks_do_not_depend_on_the_process(seed: str) -> None:
    script = "from home.simulate.identity import mark; print(mark(({'a', 'b', 'c'}, {'x': 1.5})), end='')"
    other = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
    )
    assert other.stdout == mark(({"a", "b", "c"}, {"x": 1.5}))
