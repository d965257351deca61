"""Every kind of rule has a page whose example is a rulebook and whose fields are the kind's."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from home.rules.book import kind_of, parse_rulebook, selector_fields
from layout.rules import RULE_KINDS, BaseRule

PAGES = Path(__file__).parents[2] / "docs" / "rules"


def _text(kind: str) -> str:
    return (PAGES / f"{kind}.md").read_text("utf-8")


def _example(kind: str) -> str:
    (example,) = re.findall(r"```toml\n(.*?)```", _text(kind), re.DOTALL)
    return f'version = "1"\n{example}'


def test_there_is_a_page_for_each_kind_and_no_other() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == set(RULE_KINDS)


@pytest.mark.parametrize("kind", sorted(RULE_KINDS))
def test_the_example_is_a_rulebook_of_the_kind(kind: str) -> None:
    rules = parse_rulebook(_example(kind)).rules
    assert {kind_of(rule) for rule in rules} == {kind}
    assert all(rule.reason and rule.owner for rule in rules)


@pytest.mark.parametrize("kind", sorted(RULE_KINDS))
def test_the_fields_are_those_of_the_kind(kind: str) -> None:
    documented = set(re.findall(r"^\| `(\w+)` \|", _text(kind), re.MULTILINE))
    names = {field: key for key, field in selector_fields(RULE_KINDS[kind]).items()}
    fields = {names.get(field.name, field.name) for field in dataclasses.fields(RULE_KINDS[kind])}
    assert documented == fields - {field.name for field in dataclasses.fields(BaseRule)}


@pytest.mark.parametrize("kind", sorted(RULE_KINDS))
def test_the_page_says_truly_whether_the_kind_may_be_soft(kind: str) -> None:
    yields = _text(kind).split("## Hard or soft")[1]
    assert ("Always hard" in yields) != RULE_KINDS[kind].MAY_BE_SOFT
