"""The documentation cannot rot: what exists is documented, and what is documented exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from bandits.features import FEATURES, Declared
from bandits.policies import POLICIES
from home.page_context import FACTS
from home.settings import Settings
from layout.rules import RULE_KINDS
from shelves.attributes import ATTRIBUTES
from shelves.registry import FAMILIES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
COMMANDS = [
    "setup",
    "serve",
    "page",
    "listeners",
    "audit",
    "learn",
    "simulate",
    "simulate carousel",
    "simulate sweep",
    "simulate compare",
    "simulate scenario",
    "simulate calibrate",
    "replay",
    "replay export",
    "replay obd",
    "replay validate",
    "ingest lastfm",
    "rules show",
    "rules schema",
    "rules check",
    "rules diff",
    "decisions list",
    "decisions replay",
    "examination estimate",
    "examination show",
    "demo generate",
    "models list",
    "models show",
    "models promote",
    "models retire",
    "models rollback",
    "models diff",
    "models features",
    "models health",
]


def _read(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def _commands() -> list[str]:
    names = [command.name or "" for command in app.registered_commands]
    for group in app.registered_groups:
        if group.typer_instance is not None:
            names += [str(group.name)] if group.typer_instance.info.invoke_without_command is True else []
            names += [f"{group.name} {c.name}" for c in group.typer_instance.registered_commands]
    return names


def test_every_setting_is_documented_with_its_default() -> None:
    text = _read("configuration.md")
    documented = dict(re.findall(r"^\| `(HOME_\w+)` \| `([^`]*)`", text, re.MULTILINE))
    expected = {}
    for name, field in Settings.model_fields.items():
        default = field.default
        expected[f"HOME_{name.upper()}"] = str(
            default.relative_to(ROOT) if isinstance(default, Path) else default
        )
    assert documented == expected


def test_every_rule_kind_is_documented() -> None:
    documented = set(re.findall(r"^\| \[`(\w+)`\]\(rules/\1\.md\) \|", _read("rules.md"), re.MULTILINE))
    assert documented == set(RULE_KINDS)


def test_every_fact_that_rules_can_ask_is_documented() -> None:
    for name, meaning in FACTS.items():
        assert f"| {name} | {meaning} |" in _read("rules.md")


def test_every_source_and_attribute_is_documented() -> None:
    documented = set(re.findall(r"^\| `(\w+)` \|", _read("sources.md"), re.MULTILINE))
    assert documented == set(FAMILIES) | set(ATTRIBUTES)


def test_every_feature_is_documented_with_its_values() -> None:
    documented = re.findall(r"^\| (\w+)\.(\w+) \| (.+) \| (.+) \|$", _read("features.md"), re.MULTILINE)
    expected = [(one.namespace, one.name, one.meaning, _values(one)) for one in FEATURES]
    assert documented == expected


def _values(feature: Declared) -> str:
    if feature.low is not None and feature.high is not None:
        return f"{feature.low:g} to {feature.high:g}"
    return ", ".join(feature.values) or "text"


def test_every_policy_is_documented_with_when_not_to_use_it() -> None:
    sections = dict(re.findall(r"^## `(\w+)`\n\n(.+?)(?=^## |\Z)", _read("policies.md"), re.M | re.S))
    assert list(sections) == list(POLICIES)
    for name, text in sections.items():
        assert re.search(r"\bNot\b", text), name


def test_every_command_is_documented() -> None:
    assert sorted(_commands()) == sorted(COMMANDS)
    text = _read("cli.md")
    for command in _commands():
        assert f"## `home {command}`" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    usage, _, options = result.output.partition("Options")
    explanation = [line for line in usage.splitlines() if line.strip() and "Usage:" not in line]
    assert sum(len(line.split()) for line in explanation) >= 15, (
        "say what the command does and what comes out"
    )
    assert "--help" in options


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_and_named_files_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)", text)
    missing = [link for link in links if not (page.parent / link).exists()]
    named = re.findall(r"`((?:api|bandits|docs|fixtures|home|layout|shelves|tests)/[\w/.-]+)`", text)
    missing += [name for name in named if not (ROOT / name).exists()]
    assert not missing


def test_make_targets_named_in_the_documentation_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {t for page in PAGES for t in re.findall(r"`make ([a-z-]+)`", page.read_text("utf-8"))}
    assert named <= targets
