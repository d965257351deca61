"""The schema of rulebook files, for editors that check and complete while one types."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from home.page_context import FACTS
from home.rules.book import STANDARD_ATTRIBUTES, selector_fields
from home.rules.vocabulary import ATTRIBUTE_DOMAINS, FACT_DOMAINS, Domain
from layout.rules import RULE_KINDS, BaseRule
from layout.rules.base import FROM_0, MAX_WEIGHT

_COMMON: Mapping[str, str] = {
    "id": "Name of the rule, unique in the file.",
    "when": "To which requests the rule applies; without it to all.",
    "weight": "Makes the rule soft: what a page pays per unit by which it breaks it, in reward.",
    "relaxation": "Order in which rules are dropped when no page obeys all, lowest first; without it last.",
    "reason": "Why the rule exists, for people.",
    "owner": "Whom to ask.",
}


def rulebook_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a rulebook.

    Its shape is checked exactly; what hangs on several fields at once, and attributes that a file declares
    itself, only the loader checks.
    """
    kinds = [_rule(kind, rule_class) for kind, rule_class in sorted(RULE_KINDS.items())]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rulebook",
        "description": "What a Home page must obey.",
        "type": "object",
        "required": ["version"],
        "additionalProperties": False,
        "properties": {
            "version": {"type": "string", "minLength": 1, "description": "Of the rulebook; yours to choose."},
            "attributes": {
                "type": "array",
                "items": {"type": "string", "minLength": 1},
                "description": "Attributes of shelves beside the standard ones.",
            },
            "rule": {"type": "array", "items": {"oneOf": kinds}},
        },
        "$defs": {
            "match": _condition("match", STANDARD_ATTRIBUTES, ATTRIBUTE_DOMAINS, Domain().schema()),
            "when": _condition("when", FACTS, FACT_DOMAINS, False),
        },
    }


def _condition(
    name: str, known: Mapping[str, str], domains: Mapping[str, Domain], others: object
) -> dict[str, Any]:
    nested = {"$ref": f"#/$defs/{name}"}
    several = {"anyOf": [nested, {"type": "array", "minItems": 1, "items": nested}]}
    named = {
        key: {**domains[key].schema(), "description": _sentence(meaning)} for key, meaning in known.items()
    }
    combined = {
        "any": {**several, "description": "At least one of these conditions holds."},
        "all": {**several, "description": "Each of these conditions holds."},
        "not": {**several, "description": "None of these conditions holds."},
    }
    return {"type": "object", "properties": {**named, **combined}, "additionalProperties": others}


def _rule(kind: str, rule_class: type[BaseRule]) -> dict[str, Any]:
    hints = get_type_hints(rule_class)
    selectors = selector_fields(rule_class)
    properties: dict[str, Any] = {"kind": {"const": kind}}
    required = ["kind"]
    for field in _fields(rule_class):
        key = next((key for key, name in selectors.items() if name == field.name), field.name)
        if field.name in selectors.values():
            properties[key] = {"$ref": "#/$defs/when" if key == "when" else "#/$defs/match"}
        else:
            schema = _without_null(TypeAdapter(hints[field.name]).json_schema())
            properties[key] = schema | _limits(rule_class, field.name)
        if key in _COMMON:
            properties[key] = {**properties[key], "description": _COMMON[key]}
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            required.append(key)
    return {
        "title": kind,
        "description": " ".join((rule_class.__doc__ or "").split()),
        "type": "object",
        "required": required,
        "additionalProperties": False,
        "properties": properties,
    }


def _limits(rule_class: type[BaseRule], field: str) -> dict[str, Any]:
    """What numbers or texts a field may have."""
    if field == "id":
        return {"minLength": 1, "pattern": r"\S"}
    if field == "weight":
        return {"exclusiveMinimum": 0, "maximum": MAX_WEIGHT}
    limits = FROM_0 if field == "relaxation" else rule_class.LIMITS.get(field)
    if limits is None:
        return {"minLength": 1} if field == "attribute" else {}
    number = int if limits.whole else float
    return {"minimum": number(limits.least), "maximum": number(limits.most)}


def _fields(rule_class: type[BaseRule]) -> Iterable[dataclasses.Field[Any]]:
    hard_only = () if rule_class.MAY_BE_SOFT else ("weight",)
    return (field for field in dataclasses.fields(rule_class) if field.name not in hard_only)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of an optional field: TOML has no null, a field is left out instead."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    return options[0] if len(options) == 1 else schema


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
