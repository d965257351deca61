"""A replay for people: the verdict on each target with its reason, its estimates, and what they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bandits.ope.diagnostics import Verdict
from bandits.ope.intervals import Interval
from home.replay.open_bandit import CampaignResult
from home.replay.progressive import Curve
from home.replay.report import Judgement, ReplayReport, Segment

STYLE = {Verdict.TRUST: "green", Verdict.THIN_SUPPORT: "yellow", Verdict.DO_NOT_TRUST: "red"}
_ROWS = 12
_MOVED = 3


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
            console.print(f"[bold]{judgement.target}[/], checks", highlight=False)
            for line in checks_in_words(judgement):
                console.print(f"  {line}", highlight=False, markup=False)
            for table in _breakdowns(judgement, report.unit):
                console.print(table)
    for line in rejects_in_words(report):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def log_in_words(report: ReplayReport) -> str:
    """What was read, and what was left out."""
    left = report.excluded
    # Of a streamed log only buckets of groups are known, and some groups may share one.
    groups = f"{'at least ' if report.streamed else ''}{report.groups:,} independent groups"
    parts = [f"{report.rounds:,} {report.unit}s of {groups} from {report.source}"]
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
    """What the estimates rest on, and what nobody can know of a target."""
    found = judgement.diagnostics
    yield (
        f"the target could have shown {found.support:.0%} of the {unit}s; largest weight"
        f" {found.max_weight:.3g}"
    )
    if judgement.support is not None:
        support = judgement.support
        if not support.decisions:
            yield (
                f"none of {support.drawn:,} drawn pages lies outside what could be logged: at most"
                f" {support.outside.high:.2%} of the target does"
            )
        yield (
            "counting all that could not be logged, its value lies in"
            f" [{support.low:.3f}, {support.high:.3f}] per {unit}; the estimates are of the rest"
        )
    for why, count in judgement.unknowable.items():
        yield f"{count} decisions left out of its estimates: {why}"


def checks_in_words(judgement: Judgement) -> Iterator[str]:
    """What was checked besides weights."""
    checks = judgement.checks
    if judgement.diagnostics.tail is not None:
        yield f"tail of weights: Pareto shape {judgement.diagnostics.tail:.2f} (heavy above 0.7)"
    if checks is None:
        return
    if checks.overlap is not None:
        yield f"overlap of target and logging policy: {checks.overlap:.0%}"
    for one in checks.calibration:
        yield (
            f"propensities around {one.propensity:.3g}: shown {one.frequency:.3g} of the time, {one.z:+.1f}"
            " standard errors"
        )
    for moved in checks.balance[:_MOVED]:
        yield (
            f"weighting moves {moved.feature} by {moved.difference:+.3f} standard deviations, {moved.z:+.1f}"
            " standard errors"
        )


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
        title=f"Reward per {report.unit}, {report.level:.0%} intervals ({report.on_policy.method})"
        + (", propensities estimated" if report.estimated_propensities else ""),
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for header in ("policy", "estimator"):
        table.add_column(header, no_wrap=True)
    for header in ("value", "interval"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_row("as it was", "mean", *cells_of(report.on_policy))
    for judgement in report.judgements:
        for number, one in enumerate(judgement.estimates):
            cells = cells_of(one.interval)
            table.add_row("" if number else judgement.target, one.estimator, *cells)
    return table


def cells_of(interval: Interval | None) -> tuple[str, str]:
    """A value and its interval as texts, dashes where there are none."""
    if interval is None:
        return "–", "–"
    return f"{interval.value:.4g}", f"[{interval.low:.4g}, {interval.high:.4g}]"


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
        target = cells_of(one.target)
        table.add_row(one.label, f"{one.rounds:,}", f"{one.effective:,.0f}", *cells_of(one.logged), *target)
    if len(segments) > _ROWS:
        table.add_row(f"… {len(segments) - _ROWS} more with --json", *[""] * 6)
    return table


def render_campaigns(results: Sequence[CampaignResult], console: Console) -> None:
    """Print estimates of a policy on another's log, beside what it earned."""
    for one in results:
        found = one.report.judgements[0].diagnostics
        console.print(log_in_words(one.report), highlight=False, markup=False)
        console.print(verdict_in_words(one.report.judgements[0]), highlight=False)
        full = "" if one.full_size is None else f", full size {one.full_size:.4g}"
        console.print(
            f"  its own log: {' '.join(cells_of(one.on_policy))}{full}; largest weight"
            f" {found.max_weight:.3g}",
            highlight=False,
            markup=False,
        )
        console.print(_errors(one))
    console.print(
        "Errors are relative: to the mean of the policy's own log here, and to its published full-size click"
        ' rate. Published: mean over 30 bootstrap samples of campaign "all", for comparison.',
        highlight=False,
        markup=False,
    )


def _errors(result: CampaignResult) -> Table:
    table = Table(
        title=f"{result.campaign}: {result.target} from the log of {result.behaviour}",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("estimator", no_wrap=True)
    for header in ("value", "interval", "error\nhere", "error\nfull size", "published\nerror"):
        table.add_column(header, justify="right", no_wrap=True)
    for one in result.errors:
        cells = cells_of(one.estimate)
        errors = (one.here, one.full_size, one.published)
        table.add_row(one.estimator, *cells, *("" if e is None else f"{e:.3f}" for e in errors))
    return table


def render_curve(curve: Curve, console: Console) -> None:
    """Print how a learner would have done: verdict, value beside the log's own, and the curve."""
    found = curve.diagnostics
    console.print(f"{curve.learner} on {curve.source}", highlight=False, markup=False)
    left = ", ".join(f"{count:,}: {why}" for why, count in curve.left_out.items()) or "nothing"
    console.print(f"{curve.rounds:,} {curve.unit}s; left out: {left}", highlight=False, markup=False)
    console.print(f"[{STYLE[found.verdict]}]{found.verdict}[/]: {found.reason}", highlight=False)
    rows = {"as it was": curve.logged, "weighted": curve.weighted, "normalised": curve.normalised}
    table = Table(title=f"Reward per {curve.unit}", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for header in ("value", "interval"):
        table.add_column(header, justify="right", no_wrap=True)
    for name, interval in rows.items():
        table.add_row(name, *cells_of(interval))
    console.print(table)
    console.print(_curve(curve))


def _curve(curve: Curve) -> Table:
    table = Table(title="The curve", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    names = (f"{curve.unit}s", "as it was", "reward so far", "reward recently", "loss so far")
    for header in names:
        table.add_column(header, justify="right", no_wrap=True)
    step = max(1, len(curve.points) // _ROWS)
    for point in curve.points[step - 1 :: step]:
        values = (point.logged, point.reward, point.recent, point.loss)
        table.add_row(f"{point.rounds:,}", *("–" if value is None else f"{value:.4g}" for value in values))
    return table
