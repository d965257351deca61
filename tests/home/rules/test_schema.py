"""The schema that editors get says what the loader says, as far as a schema can."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from home.errors import ConfigurationError
from home.page_context import FACTS
from home.rules.book import STANDARD_ATTRIBUTES, parse_rulebook
from home.rules.schema import rulebook_schema
from home.rules.vocabulary import ATTRIBUTE_DOMAINS, FACT_DOMAINS
from home.settings import Settings
from layout.rules import RULE_KINDS
from tests.home.rules.toml import rulebook_text

DOCS = Path(__file__).parents[3] / "docs"
RULE = {"id": "few", "kind": "max_count", "match": {"source": "trending"}, "count": 2}


def _valid(book: dict[str, Any]) -> bool:
    return bool(Draft202012Validator(rulebook_schema()).is_valid(book))


@pytest.mark.parametrize("kind", sorted(RULE_KINDS))
def test_numbers_out_of_a_fields_limits_are_invalid_and_those_on_them_are_not(kind: str) -> None:
    schemas = {one["title"]: one for one in rulebook_schema()["properties"]["rule"]["items"]["oneOf"]}
    for field, limits in RULE_KINDS[kind].LIMITS.items():
        found = Draft202012Validator(schemas[kind]["properties"][field])
        for on, beyond in ((limits.least, -1), (limits.most, 1)):
            edge = int(on) if limits.whole else on
            assert found.is_valid(edge)
            assert not found.is_valid(edge + beyond)


def test_every_fact_and_attribute_has_values_of_the_type_that_its_description_says() -> None:
    for described, domains in ((STANDARD_ATTRIBUTES, ATTRIBUTE_DOMAINS), (FACTS, FACT_DOMAINS)):
        assert described.keys() == domains.keys()
        for name, domain in domains.items():
            assert described[name].endswith(f"({domain.type})"), name


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
        {"id": " "},
        {"count": -1},
        {"count": 2_000_000},
        {"first": 0},
        {"window": 0},
        {"weight": 0},
        {"weight": 2e9},
        {"relaxation": -1},
        {"when": {"hour": 99}},
        {"when": {"hour": {"at_least": 24}}},
        {"when": {"weekday": -1}},
        {"when": {"market": "Germany"}},
        {"match": {"content_type": "podcasts"}},
        {"match": {"fresh": "yes"}},
        {"match": {"popularity": [0.2, 30]}},
        {"match": {"source": {"at_least": 1}}},
    ],
)
def test_what_the_loader_refuses_is_invalid(change: dict[str, Any]) -> None:
    assert _valid({"version": "1", "rule": [RULE]})
    with pytest.raises(ConfigurationError):
        parse_rulebook(rulebook_text([RULE | change]))
    assert not _valid({"version": "1", "rule": [RULE | change]})


def test_kinds_that_are_always_hard_have_no_weight() -> None:
    own = {"id": "own", "kind": "item_overlap", "min_items": 1}
    assert _valid({"version": "1", "rule": [own]})
    assert not _valid({"version": "1", "rule": [own | {"weight": 1.0}]})


def test_every_kind_is_described_for_the_tooltip() -> None:
    kinds = rulebook_schema()["properties"]["rule"]["items"]["oneOf"]
    assert {kind["title"] for kind in kinds} == set(RULE_KINDS)
    assert all(len(kind["description"]) > 20 for kind in kinds)
