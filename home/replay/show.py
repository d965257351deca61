"""A replay for people: the verdict on each target with its reason, its estimates, and what they rest on."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bandits.ope.diagnostics import Verdict
from bandits.ope.intervals import Interval
from home.replay.report import Judgement, ReplayReport, Segment

STYLE = {Verdict.TRUST: "green", Verdict.THIN_SUPPORT: "yellow", Verdict.DO_NOT_TRUST: "red"}
_ROWS = 12


def render(report: ReplayReport, console: Console, *, breakdowns: bool = False) -> None:
    """Print the report: the log, each target with its verdict first, and with `breakdowns` those too."""
    for note in report.notes:
        console.print(f"[bold yellow]{note}[/]", highlight=False)
    console.print(log_in_words(report), highlight=False, markup=False, soft_wrap=True)
    for judgement in report.judgements:
        console.print(verdict_in_words(judgement), highlight=False)
        for line in limits_in_words(judgement, report.unit):
            console.print(f"  {line}", highlight=False, markup=False)
    console.print(_table(report))
    for line in notes_in_words(report):
        console.print(f"  {line}", highlight=False, markup=False)
    if breakdowns:
        for judgement in report.judgements:
            for table in _breakdowns(judgement, report.unit):
                console.print(table)
    for line in rejects_in_words(report):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def log_in_words(report: ReplayReport) -> str:
    """What was read, and what was left out."""
    left = report.excluded
    parts = [f"{report.rounds:,} {report.unit}s of {report.groups:,} independent groups from {report.source}"]
    if report.streamed:
        parts.append("more than fit in memory, so summed up as they were read")
    counts = {
        "with an open horizon": left.open,
        "without an exact propensity": left.inexact,
        "with a damaged record": left.damaged,
        "faulty rows": sum(one.count for one in report.rejected if one.dropped == "row"),
        "slates that lack a slot": report.broken_slates,
    }
    out = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    return "; ".join([*parts, f"left out: {out or 'nothing'}"])


def verdict_in_words(judgement: Judgement) -> str:
    """The verdict on a target with its reason, in the console's markup."""
    found = judgement.diagnostics
    return f"[bold]{judgement.target}[/]: [{STYLE[found.verdict]}]{found.verdict}[/]: {found.reason}"


def limits_in_words(judgement: Judgement, unit: str) -> Iterator[str]:
    """What nobody can know of a target."""
    if judgement.support is not None:
        support = judgement.support
        yield (
            "counting all that could not be logged, its value lies in"
            f" [{support.low:.3f}, {support.high:.3f}] per {unit}; the estimates are of the rest"
        )
    for why, count in judgement.unknowable.items():
        yield f"{count} decisions left out of its estimates: {why}"


def notes_in_words(report: ReplayReport) -> Iterator[str]:
    """What there is to say of single estimates, each thing once."""
    said: dict[str, list[str]] = {}
    for judgement in report.judgements:
        for one in judgement.estimates:
            if one.note:
                said.setdefault(one.note, []).append(f"{judgement.target} {one.estimator}")
    yield from (f"{', '.join(names)}: {note}" for note, names in said.items())


def rejects_in_words(report: ReplayReport) -> Iterator[str]:
    """A line for each kind of fault: how often, where first, and what stood there."""
    for kind in report.rejected:
        key = (kind.file, kind.field, kind.reason)
        seen = [one for one in report.samples if (one.file, one.field, one.reason) == key]
        lines = ", ".join(f"{one.line}" for one in seen) + (", …" if kind.count > len(seen) else "")
        value = seen[0].value if seen else ""
        yield f"  {kind.file} line {lines}: {kind.field} {value!r} {kind.reason} ({kind.count:,} rows)"


def _table(report: ReplayReport) -> Table:
    table = Table(
        title=f"Reward per {report.unit}, {report.level:.0%} intervals"
        + (", propensities estimated" if report.estimated_propensities else ""),
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for header in (
        "policy",
        "estimator",
        "value",
        "interval",
        f"effective\n{report.unit}s",
        "largest\nweight",
    ):
        table.add_column(
            header, justify="left" if header in ("policy", "estimator") else "right", no_wrap=True
        )
    table.add_row("as it was", "mean", *_cells(report.on_policy), f"{report.rounds:,}", "")
    for judgement in report.judgements:
        found = judgement.diagnostics
        for number, one in enumerate(judgement.estimates):
            first = number == 0
            table.add_row(
                judgement.target if first else "",
                one.estimator,
                *(_cells(one.interval) if one.interval else ("–", "–")),
                f"{found.effective_sample_size:,.0f}" if first else "",
                f"{found.max_weight:.2f}" if first else "",
            )
    return table


def _cells(interval: Interval) -> tuple[str, str]:
    return f"{interval.value:.4f}", f"[{interval.low:.4f}, {interval.high:.4f}]"


def _breakdowns(judgement: Judgement, unit: str) -> Iterator[Table]:
    if judgement.slots:
        yield _segments(f"{judgement.target}, slot by slot", "slot", judgement.slots, unit)
    for name, segments in judgement.breakdowns.items():
        if len(segments) > 1:
            yield _segments(f"{judgement.target}, by {name}", name, segments, unit)


def _segments(title: str, name: str, segments: tuple[Segment, ...], unit: str) -> Table:
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for header in (name, f"{unit}s", "effective", "as it was", "interval", "target", "interval"):
        table.add_column(header, justify="left" if header == name else "right", no_wrap=True)
    for one in segments[:_ROWS]:
        target = _cells(one.target) if one.target else ("–", "–")
        table.add_row(one.label, f"{one.rounds:,}", f"{one.effective:,.0f}", *_cells(one.logged), *target)
    if len(segments) > _ROWS:
        table.add_row(f"… {len(segments) - _ROWS} more with --json", *[""] * 6)
    return table
