"""Reading the rulebook: a TOML file of layout rules, validated field by field when it is loaded."""

from __future__ import annotations

import dataclasses
import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from home.errors import ConfigurationError
from home.page_context import TASTES
from home.rules.conditions import Names, parse_condition
from home.rules.vocabulary import ATTRIBUTE_DOMAINS, FACT_DOMAINS, Domain
from layout.errors import LayoutError
from layout.rules import RULE_KINDS, BaseRule, Calibration
from layout.selector import Selector
from shelves.build import ATTRIBUTES

STANDARD_ATTRIBUTES: Mapping[str, str] = {
    **ATTRIBUTES,
    "id": "id of the shelf (text)",
    "presentation": "how the shelf is shown, by the grid's names (text)",
    "height": "how high the shelf is in that presentation (number)",
}
"""Attribute → what it means: what a rule can ask of a shelf, besides those that a file declares."""

SELECTOR_KEYS = {"selector": "match"}
"""Selector field of a rule class → what the file calls it, where that differs."""


_TASTES = Names("attribute", "a listener's taste has", dict.fromkeys(TASTES, Domain()))
_FACTS = Names("fact", "requests have", FACT_DOMAINS)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of a page. `version` is the file's own version and a digest of its `text`."""

    rules: tuple[BaseRule, ...]
    version: str
    text: str = ""


def load_rulebook(path: Path) -> Rulebook:
    """Read a rulebook.

    Raises ConfigurationError naming the file, the rule, the field, the value and the fix.
    """
    try:
        text = path.read_text("utf-8")
        return parse_rulebook(text)
    except (OSError, UnicodeDecodeError, ConfigurationError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def kind_of(rule: BaseRule) -> str:
    """The name of a rule's kind in a rulebook file."""
    return next(kind for kind, rule_class in RULE_KINDS.items() if isinstance(rule, rule_class))


def selector_fields(rule_class: type[BaseRule]) -> Mapping[str, str]:
    """The fields of a kind that are selectors, by what the file calls them."""
    hints = get_type_hints(rule_class)
    return {SELECTOR_KEYS.get(name, name): name for name, hint in hints.items() if hint is Selector}


def parse_rulebook(text: str) -> Rulebook:
    """Parse a rulebook's TOML text. Raises ConfigurationError naming the rule, field, value and fix."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"not valid TOML: {error}") from error
    _only(data, {"version", "attributes", "rule"}, "the rulebook")
    version = data.get("version")
    if not isinstance(version, str) or not version:
        raise ConfigurationError(
            f'version is {version!r}; give the rulebook a version, such as version = "1"'
        )
    known = Names(
        "attribute", "shelves have", {**dict.fromkeys(_declared(data), Domain()), **ATTRIBUTE_DOMAINS}
    )
    entries = data.get("rule", [])
    if not isinstance(entries, list):
        raise ConfigurationError("rule is a table; write [[rule]] with two brackets, once for each rule")
    rules = tuple(_parse_rule(entry, known, at) for at, entry in enumerate(entries, start=1))
    _distinct(rule.id for rule in rules)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Rulebook(rules, f"{version}+{digest}", text)


def _declared(data: Mapping[str, Any]) -> list[str]:
    """The shelf attributes that a file declares beside the standard ones."""
    names = data.get("attributes", [])
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise ConfigurationError(f'attributes is {names!r}; give a list of names, such as ["cost"]')
    return names


def _parse_rule(entry: Mapping[str, Any], known: Names, position: int) -> BaseRule:
    name = f"rule {entry.get('id', f'number {position}')!r}"
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in RULE_KINDS:
        raise ConfigurationError(f"{name}: kind is {kind!r}; choose one of: {', '.join(sorted(RULE_KINDS))}")
    rule_class = RULE_KINDS[kind]
    selectors = selector_fields(rule_class)
    fields = {field.name: field for field in dataclasses.fields(rule_class)}
    keys = {key: key for key in fields if key not in selectors.values()} | dict(selectors)
    _only(entry, {"kind", *keys}, name)
    missing = sorted(key for key, field in keys.items() if _required(fields[field]) and key not in entry)
    if missing:
        raise ConfigurationError(f"{name}: {', '.join(missing)} missing; a {kind} rule needs it")
    values = {keys[key]: value for key, value in entry.items() if key != "kind"}
    for key, field in selectors.items():
        if field in values:
            names = _FACTS if key == "when" else known
            values[field] = parse_condition(values[field], f"{name}: {key}", names)
    return _construct(rule_class, values, set(selectors.values()), known, name)


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _construct(
    rule_class: type[BaseRule], values: dict[str, Any], selectors: set[str], known: Names, name: str
) -> BaseRule:
    hints = get_type_hints(rule_class)
    for key in values.keys() - selectors:
        try:
            TypeAdapter(hints[key], config=ConfigDict(strict=True)).validate_python(values[key])
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise ConfigurationError(f"{name}: {key} is {values[key]!r}: {reason}") from error
    try:
        rule = rule_class(**values)
    except LayoutError as error:
        raise ConfigurationError(str(error)) from error
    if "attribute" in hints:
        asked = _TASTES if rule_class is Calibration else known
        asked.check(getattr(rule, "attribute"), name)  # noqa: B009 - only some kinds have it
    return rule


def _only(entry: Mapping[str, Any], allowed: set[str], name: str) -> None:
    unknown = sorted(entry.keys() - allowed)
    if unknown:
        raise ConfigurationError(
            f"{name}: unknown field {', '.join(map(repr, unknown))}; allowed: {', '.join(sorted(allowed))}"
        )


def _distinct(ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for rule_id in ids:
        if rule_id in seen:
            raise ConfigurationError(f"rule {rule_id!r} occurs twice; give each rule an id of its own")
        seen.add(rule_id)
