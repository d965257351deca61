"""Models for people: tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bandits.policies.importance import Importances
from home.health import Health, Verdict
from home.model_diff import Difference
from home.store.models import ModelSummary, State, Transition

_STATE = {
    State.LIVE: "bold green",
    State.CANARY: "yellow",
    State.SHADOW: "cyan",
    State.CANDIDATE: "blue",
    State.RETIRED: "dim",
}
_VERDICT = {Verdict.OK: "green", Verdict.ALERT: "bold red", Verdict.UNKNOWN: "yellow"}


def show_list(found: Sequence[ModelSummary], console: Console) -> None:
    """Print models, one a line."""
    table = Table("version", "state", "parent", "made", "metrics")
    for model in found:
        table.add_row(
            str(model.version),
            f"[{_STATE[model.state]}]{_state(model)}[/]",
            "" if model.parent is None else str(model.parent),
            f"{model.created_at:%Y-%m-%d %H:%M}",
            escape(_pairs(model.metrics)),
        )
    console.print(table)


def show_model(model: ModelSummary, moves: Sequence[Transition], console: Console) -> None:
    """Print one model and its moves."""
    table = Table("what", "value", title=f"model {model.version}", show_header=False)
    facts = {
        "state": _state(model),
        "parent": model.parent or "none",
        "made": f"{model.created_at:%Y-%m-%d %H:%M:%S}",
        "arguments": model.arguments,
        "learned from": _data(model),
        "code version": model.code,
        "feature schema": model.feature_schema,
        "sha256": model.sha256,
        "metrics": _pairs(model.metrics),
    }
    for name, value in facts.items():
        table.add_row(name, escape(str(value)))
    console.print(table)
    history = Table("when", "move", "who", "why", title="moves, newest first")
    for one in moves:
        move = f"{one.before or 'new'} → {one.after}"
        history.add_row(f"{one.at:%Y-%m-%d %H:%M:%S}", move, escape(one.actor), escape(one.reason))
    console.print(history)


def show_difference(found: Difference, console: Console) -> None:
    """Print how two models differ."""
    table = Table("what", f"model {found.left}", f"model {found.right}")
    for name, (left, right) in {**found.described, **found.metrics}.items():
        table.add_row(name, escape(_text(left)), escape(_text(right)))
    console.print(table)
    if not found.decisions:
        console.print("no closed decision of this rulebook and grid to score with both")
        return
    console.print(
        f"On {found.decisions} decisions: the same optimum page on {found.same_pages:.1%}, "
        f"{found.overlap:.1%} of shelves shared, rank correlation {found.rank_correlation:.3f}, "
        f"mean change of score {found.score_change:+.4f}",
        highlight=False,
    )
    sources = Table("source", "mean change of score")
    for source, change in found.by_source:
        sources.add_row(source, f"{change:+.4f}")
    console.print(sources)


def show_features(version: int, found: Importances, console: Console) -> None:
    """Print what each feature of a model does, and how many share a weight."""
    table = Table(title=f"model {version} on {found.options} options of {found.pages} logged pages")
    table.add_column("feature")
    for name in ("importance", "terms"):
        table.add_column(name, justify="right")
    table.add_column("strongest term")
    table.add_column("its weight", justify="right")
    for one in found.features:
        numbers = f"{one.importance:.4f}", str(one.terms)
        table.add_row(escape(one.feature), *numbers, escape(one.strongest), f"{one.weight:+.4f}")
    console.print(table)
    console.print(
        f"{found.colliding} of {found.terms} terms share one of the 2^{found.bits} weights with another; "
        f"{found.expected:.1f} would by chance",
        highlight=False,
    )


def show_health(found: Health, console: Console) -> None:
    """Print every check with its verdict."""
    table = Table(title=f"{found.pages} decisions against the {found.reference} before")
    for name in ("check", "value", "expected", "verdict", "detail"):
        table.add_column(name, no_wrap=name in ("check", "value", "verdict"))
    for check in found.checks:
        value = "–" if check.value is None else f"{check.value:.4f}"
        verdict = f"[{_VERDICT[check.verdict]}]{check.verdict}[/]"
        table.add_row(check.name, value, check.expected, verdict, escape(check.detail))
    console.print(table)


def _state(model: ModelSummary) -> str:
    share = f" {model.share:.0%}" if model.share else ""
    return f"{model.state}{share}{'' if model.stored else ' (pruned)'}"


def _data(model: ModelSummary) -> str:
    if model.data_from is None or model.data_to is None:
        return "no decisions"
    return f"decisions from {model.data_from:%Y-%m-%d %H:%M} to {model.data_to:%Y-%m-%d %H:%M}"


def _pairs(metrics: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in metrics.items())


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
