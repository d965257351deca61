"""The battery that every kind of rule goes through. A registered kind without an entry in it fails."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layout.compiled import compiled
from layout.errors import InvalidRuleError
from layout.inputs import Inputs
from layout.objective import penalties
from layout.rules import RULE_KINDS, BaseRule
from layout.selector import EVERY
from layout.types import Pages, Problem
from tests.layout import small
from tests.layout.instances import every_page

LAW = settings(max_examples=80, deadline=None, derandomize=True)
KINDS = pytest.mark.parametrize("kind", sorted(RULE_KINDS))


def test_every_registered_kind_is_in_the_battery() -> None:
    assert set(small.RULES) == set(RULE_KINDS)


@st.composite
def inputs(draw: st.DrawFn, least: int = 1) -> Inputs:
    return Inputs(draw(small.shelves(least)), draw(small.grids(4)), draw(small.contexts()))


def pages_of(given_: Inputs) -> Pages:
    """Every page of different shelves, whether or not their presentations fit."""
    pages = every_page(given_.n, given_.slots)
    groups = np.array([hash(shelf.group) for shelf in given_.shelves])[pages]
    ordered = np.sort(groups, axis=1)
    kept: Pages = pages[(ordered[:, 1:] != ordered[:, :-1]).all(axis=1)]
    return kept


@KINDS
@LAW
@given(data=st.data())
def test_rows_and_excess_agree_on_every_page(kind: str, data: st.DataObject) -> None:
    rule, given_ = data.draw(small.RULES[kind]), data.draw(inputs())
    pages = pages_of(given_)
    excess, rows = rule.excess(given_, pages), rule.rows(given_)
    assert excess.shape == (len(pages),)
    assert excess.dtype == np.int64
    assert ((excess > 0) == (rows.excess(pages) > 0)).all()
    assert (excess >= 0).all()
    if rule.weight is not None:
        assert (excess == rows.excess(pages)).all()


@KINDS
@LAW
@given(data=st.data())
def test_the_arrays_of_a_problem_say_the_same(kind: str, data: st.DataObject) -> None:
    rule, given_ = data.draw(small.RULES[kind]), data.draw(inputs(least=2))
    values = np.zeros((given_.n, given_.slots), np.int64)
    problem = Problem(given_.shelves, given_.grid, (rule,), values, context=given_.context)
    rows, (penalty,) = compiled(problem), penalties(problem)
    fits = [
        [not slot.presentations or one.presentation in slot.presentations for slot in given_.grid.slots]
        for one in given_.shelves
    ]
    pages = pages_of(given_)
    pages = pages[np.array(fits)[pages, np.arange(given_.slots)].all(axis=1)]
    for page, excess in zip(pages.tolist(), rule.excess(given_, pages).tolist(), strict=True):
        inward = rows.inward(tuple(page))
        if rule.weight is None:
            assert rows.holds(inward) == (excess == 0)
        else:
            assert rows.worth(inward) == -penalty * excess


@KINDS
def test_the_kind_can_say_no(kind: str) -> None:
    """Some rule of the kind forbids some page and allows another, so that the laws above are not empty."""
    seen = set()

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(small.RULES[kind], inputs(least=4))
    def look(rule: BaseRule, given_: Inputs) -> None:
        seen.update((rule.excess(given_, pages_of(given_)) > 0).tolist())

    look()
    assert seen == {True, False}


@KINDS
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", " "),
        ("relaxation", -1),
        ("relaxation", True),
        ("reason", 3),
        ("weight", 0),
        ("weight", float("nan")),
        ("weight", "much"),
    ],
)
def test_common_fields_are_checked(kind: str, field: str, value: object) -> None:
    with pytest.raises(InvalidRuleError, match=field):
        RULE_KINDS[kind](**{**_any(kind), field: value})


@KINDS
def test_a_kind_without_a_linear_excess_takes_no_weight(kind: str) -> None:
    if not RULE_KINDS[kind].MAY_BE_SOFT:
        with pytest.raises(InvalidRuleError, match="always hard"):
            RULE_KINDS[kind](**{**_any(kind), "weight": 1.0, "relaxation": None})


@KINDS
def test_a_soft_rule_takes_no_relaxation(kind: str) -> None:
    if RULE_KINDS[kind].MAY_BE_SOFT:
        with pytest.raises(InvalidRuleError, match="never blocks a page"):
            RULE_KINDS[kind](**{**_any(kind), "weight": 1.0, "relaxation": 1})


def _any(kind: str) -> dict[str, Any]:
    made: list[dict[str, Any]] = []

    @settings(max_examples=1, deadline=None, derandomize=True, database=None)
    @given(small.RULES[kind])
    def take(rule: BaseRule) -> None:
        made.append({field.name: getattr(rule, field.name) for field in fields(rule)})

    take()
    return {"when": EVERY, **made[0]}
