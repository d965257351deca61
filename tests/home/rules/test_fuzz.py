"""Rulebook files made up at random: refused with a reason, or obeyed as the checker sees it."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from home.errors import ConfigurationError
from home.rules.book import parse_rulebook, selector_fields
from home.rules.schema import rulebook_schema
from layout.objective import page_values
from layout.rules import RULE_KINDS, BaseRule
from layout.solve import effective, solve
from layout.types import Problem, Status
from layout.validate import misreported, violations
from tests.home.rules.toml import rulebook_text
from tests.layout import small

LAW = settings(max_examples=150, deadline=None, derandomize=True)
DECLARED = ("colour", "loud")
SCHEMA = Draft202012Validator(rulebook_schema())

_texts = st.sampled_from(
    ["red", "blue", "no such", " ", "", "\u2028", '"', "colour", "size", "loud", "genre"]
)
_numbers = st.sampled_from([0, 1, 2, 3, 7, 0.5, -1, 1e7, float("nan"), float("inf"), True])
_ranges = st.dictionaries(st.sampled_from(["at_least", "at_most", "above"]), _numbers, max_size=2)
_allowed = _texts | _numbers | st.lists(_texts | _numbers, max_size=2) | _ranges
_names = st.sampled_from(["colour", "loud", "size", "content_type", "fresh", "hour", "surface", "sauce"])
_flat = st.dictionaries(_names, _allowed, max_size=2)
_conditions = st.recursive(
    _flat,
    lambda inner: st.fixed_dictionaries(
        {}, optional={"any": inner | st.lists(inner, max_size=2), "not": inner, "colour": _allowed}
    ),
    max_leaves=3,
)


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """A rule of some kind with fields that may be right, wrong, missing or unknown."""
    kind = draw(st.sampled_from(sorted(RULE_KINDS)))
    selectors = selector_fields(RULE_KINDS[kind])
    plain = sorted({*RULE_KINDS[kind].__dataclass_fields__} - {"id", *selectors.values()})
    entry: dict[str, Any] = {"id": "one", "kind": kind}
    for name in plain:
        if draw(st.booleans()):
            entry[name] = draw(_numbers | _texts if draw(st.booleans()) else st.integers(1, 3))
    for key in selectors:
        if key != "when" or draw(st.integers(0, 3)) == 0:
            entry[key] = draw(_conditions)
    if draw(st.integers(0, 9)) == 0:
        entry[draw(_names)] = draw(_numbers)
    return entry


def _accepted(text: str) -> tuple[BaseRule, ...] | None:
    try:
        return parse_rulebook(text).rules
    except ConfigurationError as error:
        if "rule 'one'" not in str(error):
            raise
        return None


@LAW
@given(entries())
def test_any_rule_is_accepted_or_refused_by_name_and_the_schema_allows_what_is_accepted(
    entry: dict[str, Any],
) -> None:
    text = rulebook_text([entry], DECLARED)
    if _accepted(text) is not None:
        SCHEMA.validate(tomllib.loads(text))


def test_rules_made_up_at_random_are_both_accepted_and_refused() -> None:
    seen = set()

    @settings(max_examples=200, deadline=None, derandomize=True, database=None)
    @given(entries())
    def look(entry: dict[str, Any]) -> None:
        seen.add(_accepted(rulebook_text([entry], DECLARED)) is not None)

    look()
    assert seen == {True, False}


_right_conditions = st.sampled_from(
    [
        {},
        {"colour": "red"},
        {"colour": ["red", "blue"]},
        {"loud": True},
        {"size": {"at_least": 1}},
        {"any": [{"colour": "green"}, {"loud": False}]},
        {"not": {"colour": "red"}},
        {"id": ["s0", "s1"]},
        {"presentation": "hero"},
    ]
)


@st.composite
def right_entries(
    draw: st.DrawFn, number: int, unit: float, kinds: Sequence[str] = tuple(sorted(RULE_KINDS))
) -> dict[str, Any]:
    """A rule whose fields are right one by one, hard or soft, with weights in units of `unit`."""
    kind = draw(st.sampled_from(kinds))
    rule_class = RULE_KINDS[kind]
    entry: dict[str, Any] = {"id": f"{kind} {number}", "kind": kind}
    for name, limits in rule_class.LIMITS.items():
        if name not in ("last", "window", "at_least") or draw(st.booleans()):
            entry[name] = draw(st.integers(max(1, int(limits.least)), 3) if limits.whole else _shares)
    for key, field in selector_fields(rule_class).items():
        if field != "when":
            entry[key] = draw(_right_conditions)
    if "attribute" in rule_class.__dataclass_fields__:
        entry["attribute"] = draw(st.sampled_from(["content_type"] if kind == "calibration" else DECLARED))
    if rule_class.MAY_BE_SOFT and (kind == "calibration" or draw(st.booleans())):
        entry["weight"] = unit * draw(st.sampled_from([0.01, 0.3, 4.0]))
    elif draw(st.booleans()):
        entry["relaxation"] = draw(st.integers(0, 2))
    return entry


_shares = st.sampled_from([0.0, 0.25, 0.5, 1.0])


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e6])
@settings(max_examples=80, deadline=None, derandomize=True)
@given(data=st.data())
def test_solver_and_checker_agree_under_any_rulebook(unit: float, data: st.DataObject) -> None:
    """Hard, soft and relaxed, with and without time: what is laid out is what the checker counts."""
    rules: list[BaseRule] = []
    for number in range(data.draw(st.integers(1, 4))):
        text = rulebook_text([data.draw(right_entries(number, unit))], DECLARED)
        with suppress(ConfigurationError):
            rules += parse_rulebook(text).rules
    shelves, where = data.draw(small.shelves()), data.draw(small.grids())
    each = st.lists(st.floats(-1.0, 1.0), min_size=len(shelves), max_size=len(shelves))
    scores = unit * np.array(data.draw(each))
    worth = page_values(scores, where, tuple(shelf.id for shelf in shelves))
    problem = Problem(shelves, where, tuple(rules), worth.values, worth.unit, data.draw(small.contexts()))
    for deadline in (60.0, 0.0):
        result = solve(problem, deadline_s=deadline)
        if result.status is not Status.INFEASIBLE:
            kept = effective(problem, result)
            assert violations(kept, result.page) == ()
            assert misreported(kept, result) == ()


@pytest.mark.parametrize("kind", sorted(RULE_KINDS))
def test_the_rulebooks_that_they_agree_under_have_rules_of_all_kinds(kind: str) -> None:
    seen: list[BaseRule] = []

    @settings(max_examples=10, deadline=None, derandomize=True, database=None)
    @given(right_entries(0, 1.0, (kind,)))
    def look(entry: dict[str, Any]) -> None:
        with suppress(ConfigurationError):
            seen.extend(parse_rulebook(rulebook_text([entry], DECLARED)).rules)

    look()
    assert seen
