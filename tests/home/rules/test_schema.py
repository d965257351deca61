"""The schema that editors get says what the loader says, as far as a schema can."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from home.rules.schema import rulebook_schema
from home.settings import Settings
from layout.rules import RULE_KINDS

DOCS = Path(__file__).parents[3] / "docs"
RULE = {"id": "few", "kind": "max_count", "match": {"source": "trending"}, "count": 2}


def _valid(book: dict[str, Any]) -> bool:
    return bool(Draft202012Validator(rulebook_schema()).is_valid(book))


def _examples() -> list[str]:
    pages = [DOCS / "rules.md", *sorted((DOCS / "rules").glob("*.md"))]
    return [e for p in pages for e in re.findall(r"```toml\n(.*?)```", p.read_text("utf-8"), re.DOTALL)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(rulebook_schema())


def test_the_shipped_rulebook_and_every_documented_rule_are_valid() -> None:
    assert _valid(tomllib.loads(Settings().rulebook_file.read_text("utf-8")))
    seen: set[str] = set()
    for text in (text for text in _examples() if "[[rule]]" in text):
        book = {"version": "1"} | tomllib.loads(text)
        assert _valid(book), text
        seen.update(rule["kind"] for rule in book["rule"])
    assert seen == set(RULE_KINDS)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "at_most"},
        {"counts": 2},
        {"count": "two"},
        {"match": {"sauce": []}},
        {"match": {"source": {"above": 1}}},
        {"when": {"mood": "sad"}},
        {"reason": 3},
    ],
)
def test_what_the_loader_refuses_is_invalid(change: dict[str, Any]) -> None:
    assert _valid({"version": "1", "rule": [RULE]})
    assert not _valid({"version": "1", "rule": [RULE | change]})


def test_kinds_that_are_always_hard_have_no_weight() -> None:
    own = {"id": "own", "kind": "item_overlap", "min_items": 1}
    assert _valid({"version": "1", "rule": [own]})
    assert not _valid({"version": "1", "rule": [own | {"weight": 1.0}]})


def test_every_kind_is_described_for_the_tooltip() -> None:
    kinds = rulebook_schema()["properties"]["rule"]["items"]["oneOf"]
    assert {kind["title"] for kind in kinds} == set(RULE_KINDS)
    assert all(len(kind["description"]) > 20 for kind in kinds)
