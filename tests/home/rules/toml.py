"""Rulebooks as TOML, for tests that make them up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def rulebook_text(rules: Sequence[Mapping[str, object]], attributes: Sequence[str] = ()) -> str:
    """A rulebook file with these entries."""
    lines = ['version = "1"', f"attributes = {_value(list(attributes))}"]
    for rule in rules:
        lines += ["[[rule]]", *(f"{key} = {_value(value)}" for key, value in rule.items())]
    return "\n".join(lines)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value).lower()
