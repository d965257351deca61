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
from layout.errors import LayoutError
from layout.rules import RULE_KINDS, BaseRule
from layout.selector import Selector
from shelves.build import ATTRIBUTES

_MATCH = TypeAdapter(
    dict[str, str | bool | float | list[str | bool | float]], config=ConfigDict(allow_inf_nan=False)
)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of a page. `version` is the file's own version and a digest of its content."""

    rules: tuple[BaseRule, ...]
    version: str


def load_rulebook(path: Path) -> Rulebook:
    """Read a rulebook.

    Raises ConfigurationError naming the file, the rule, the field, the value and the fix.
    """
    try:
        text = path.read_text("utf-8")
        return parse_rulebook(text)
    except (OSError, ConfigurationError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def kind_of(rule: BaseRule) -> str:
    """The name of a rule's kind in a rulebook file."""
    return next(kind for kind, rule_class in RULE_KINDS.items() if isinstance(rule, rule_class))


def parse_rulebook(text: str) -> Rulebook:
    """Parse a rulebook's TOML text. Raises ConfigurationError naming the rule, field, value and fix."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"not valid TOML: {error}") from error
    _only(data, {"version", "rule"}, "the rulebook")
    version = data.get("version")
    if not isinstance(version, str) or not version:
        raise ConfigurationError(
            f'version is {version!r}; give the rulebook a version, such as version = "1"'
        )
    rules = tuple(
        _parse_rule(entry, position) for position, entry in enumerate(data.get("rule", []), start=1)
    )
    _distinct(rule.id for rule in rules)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Rulebook(rules, f"{version}+{digest}")


def _parse_rule(entry: Mapping[str, Any], position: int) -> BaseRule:
    name = f"rule {entry.get('id', f'number {position}')!r}"
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in RULE_KINDS:
        raise ConfigurationError(f"{name}: kind is {kind!r}; choose one of: {', '.join(sorted(RULE_KINDS))}")
    rule_class = RULE_KINDS[kind]
    fields = {field.name: field for field in dataclasses.fields(rule_class)}
    values = {key: value for key, value in entry.items() if key not in ("kind", "match")}
    _only(
        entry, {"kind", *(("match",) if "selector" in fields else ()), *(fields.keys() - {"selector"})}, name
    )
    required = {
        key
        for key, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    missing = sorted(required - {"selector"} - values.keys())
    if "selector" in required and "match" not in entry:
        missing.append("match")
    if missing:
        raise ConfigurationError(f"{name}: {', '.join(missing)} missing; a {kind} rule needs it")
    if "match" in entry:
        values["selector"] = _selector(entry["match"], name)
    return _construct(rule_class, fields, values, name)


def _construct(
    rule_class: type[BaseRule],
    fields: Mapping[str, dataclasses.Field[Any]],
    values: dict[str, Any],
    name: str,
) -> BaseRule:
    hints = get_type_hints(rule_class)
    for key in values.keys() - {"selector"}:
        try:
            TypeAdapter(hints[key], config=ConfigDict(strict=True)).validate_python(values[key])
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise ConfigurationError(f"{name}: {fields[key].name} is {values[key]!r}: {reason}") from error
    if "attribute" in values:
        _known_attribute(values["attribute"], name)
    try:
        return rule_class(**values)
    except LayoutError as error:
        raise ConfigurationError(str(error)) from error


def _selector(match: object, name: str) -> Selector:
    try:
        conditions = _MATCH.validate_python(match, strict=True)
    except ValidationError as error:
        raise ConfigurationError(
            f"{name}: match is {match!r}; give a table of attribute = value or list of values"
        ) from error
    for attribute in conditions:
        _known_attribute(attribute, name)
    return Selector({key: tuple(v) if isinstance(v, list) else v for key, v in conditions.items()})


def _known_attribute(attribute: object, name: str) -> None:
    if attribute not in ATTRIBUTES:
        raise ConfigurationError(
            f"{name}: attribute {attribute!r} is unknown; shelves have: {', '.join(sorted(ATTRIBUTES))}"
        )


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
