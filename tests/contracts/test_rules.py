"""The battery that every kind of rule goes through. A registered kind without an entry in it fails."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layout.compiled import compiled
from layout.errors import InvalidRuleError
from layout.rules import RULE_KINDS
from layout.types import Ints, Mask, Pages, Problem, Row
from tests.layout import small
from tests.layout.instances import every_page, grid

LAW = settings(max_examples=60, deadline=None, derandomize=True)
KINDS = pytest.mark.parametrize("kind", sorted(RULE_KINDS))


def test_every_registered_kind_is_in_the_battery() -> None:
    assert set(small.RULES) == set(RULE_KINDS)


def holds(row: Row, pages: Pages) -> Mask:
    sums: Ints = (row.coef[pages] * row.slots).sum(axis=1)
    return (row.lo <= sums) & (sums <= row.hi)


@KINDS
@LAW
@given(data=st.data())
def test_rows_and_check_agree_on_every_page(kind: str, data: st.DataObject) -> None:
    rule, shelves = data.draw(small.RULES[kind]), data.draw(small.shelves())
    size = data.draw(st.integers(1, min(5, len(shelves))))
    where = grid(size)
    pages = every_page(len(shelves), size)
    expected = rule.check(shelves, where, pages)
    rows = rule.rows(shelves, where)
    by_rows = np.logical_and.reduce([holds(row, pages) for row in rows], axis=0, initial=True)
    assert expected.shape == (len(pages),)
    assert (expected == by_rows).all()
    assert all(row.rule_id == rule.id and row.coef.dtype == np.int64 for row in rows)


@KINDS
@LAW
@given(data=st.data())
def test_no_feasible_child_is_ruled_out(kind: str, data: st.DataObject) -> None:
    rule, shelves = data.draw(small.RULES[kind]), data.draw(small.shelves(least=2))
    size = data.draw(st.integers(1, min(4, len(shelves))))
    where = grid(size)
    rows = compiled(Problem(shelves, where, (rule,), np.zeros((len(shelves), size), np.int64)))
    pages = every_page(len(shelves), size)
    feasible = pages[rule.check(shelves, where, pages)].tolist()
    for page in feasible:
        for slot, shelf in enumerate(page):
            assert rows.children(rows.sums(tuple(page[:slot])), slot)[shelf]
            assert rows.cells[shelf, slot]
    assert [rows.holds(tuple(page)) for page in pages.tolist()] == rule.check(shelves, where, pages).tolist()


@KINDS
def test_the_kind_can_say_no(kind: str) -> None:
    """Some rule of the kind forbids some page and allows another, so that the laws above are not empty."""
    seen = set()

    @settings(max_examples=200, deadline=None, derandomize=True, database=None)
    @given(small.RULES[kind], small.shelves(least=4))
    def look(rule: object, shelves: object) -> None:
        pages = every_page(len(shelves), 4)  # type: ignore[arg-type]
        seen.update(rule.check(shelves, grid(4), pages).tolist())  # type: ignore[attr-defined]

    look()
    assert seen == {True, False}


@KINDS
@pytest.mark.parametrize(
    ("field", "value"), [("id", " "), ("relaxation", -1), ("relaxation", True), ("reason", 3)]
)
def test_common_fields_are_checked(kind: str, field: str, value: object) -> None:
    rule = _any(kind)
    with pytest.raises(InvalidRuleError, match=field):
        RULE_KINDS[kind](**{**rule, field: value})


def _any(kind: str) -> dict[str, Any]:
    made: list[dict[str, Any]] = []

    @settings(max_examples=1, deadline=None, derandomize=True, database=None)
    @given(small.RULES[kind])
    def take(rule: object) -> None:
        fields = rule.__dataclass_fields__  # type: ignore[attr-defined]
        made.append({name: getattr(rule, name) for name in fields})

    take()
    return made[0]
