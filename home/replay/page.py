"""A replay as one HTML page: nothing to load, no scripts, the verdict first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import nan
from pathlib import Path

from bandits.ope.diagnostics import Verdict
from home.html import figure, table, write_html
from home.replay import plots
from home.replay.estimators import ESTIMATORS
from home.replay.open_bandit import CampaignResult
from home.replay.progressive import Curve
from home.replay.report import Judgement, ReplayReport, Segment
from home.replay.show import (
    cells_of,
    checks_in_words,
    limits_in_words,
    log_in_words,
    notes_in_words,
    rejects_in_words,
)

_CLASS = {Verdict.TRUST: "trust", Verdict.THIN_SUPPORT: "thin", Verdict.DO_NOT_TRUST: "refuse"}
_TIMES = ("day", "hour_utc")


def write_page(report: ReplayReport, path: Path) -> None:
    """Write the report to `path`, whole or not at all."""
    write_html(f"Replay of {report.source}", _sections(report), path)


def write_campaigns(results: Sequence[CampaignResult], path: Path) -> None:
    """Write the results on the Open Bandit Dataset to `path`, whole or not at all."""
    write_html("Replay of the Open Bandit Dataset", _campaigns(results), path)


def write_curve(curve: Curve, path: Path) -> None:
    """Write a progressive validation to `path`, whole or not at all."""
    write_html(f"{curve.learner} on {curve.source}", _validation(curve), path)


def _validation(curve: Curve) -> Iterator[str]:
    found = curve.diagnostics
    left = ", ".join(f"{count:,}: {why}" for why, count in curve.left_out.items()) or "nothing"
    yield f'<p class="muted">{curve.rounds:,} {curve.unit}s; left out: {escape(left)}</p>'
    yield (
        f'<ul class="verdicts"><li><span class="badge {_CLASS[found.verdict]}">{escape(found.verdict)}</span>'
        f"<span>{escape(found.reason)}</span></li></ul>"
    )
    x = [float(point.rounds) for point in curve.points]
    lines = {
        "learner, so far": [_number(point.reward) for point in curve.points],
        "as it was, so far": [point.logged for point in curve.points],
    }
    yield figure(
        "Progressive reward", plots.curve(x, lines, f"{curve.unit}s", "reward", "Progressive reward")
    )
    if curve.loss is not None:
        losses = {"squared error, so far": [_number(point.loss) for point in curve.points]}
        yield figure("Progressive loss", plots.curve(x, losses, f"{curve.unit}s", "loss", "Progressive loss"))
    rows = {"as it was": curve.logged, "weighted": curve.weighted, "normalised": curve.normalised}
    values = table(("", "value", "interval"), ([name, *cells_of(one)] for name, one in rows.items()))
    yield f'<div class="panel">{values}</div>'


def _number(value: float | None) -> float:
    return nan if value is None else value


def _campaigns(results: Sequence[CampaignResult]) -> Iterator[str]:
    for one in results:
        yield f"<h2>{escape(f'{one.campaign}: {one.target} from the log of {one.behaviour}')}</h2>"
        full = "" if one.full_size is None else f", its full-size log {one.full_size:.4g}"
        yield f"<p>The policy's own log earned {escape(' '.join(cells_of(one.on_policy)))}{full}.</p>"
        headers = (
            "estimator",
            "value",
            "interval",
            "error here",
            "error full size",
            "published error",
            "note",
        )
        rows = (
            [
                error.estimator,
                *cells_of(error.estimate),
                *("" if e is None else f"{e:.3f}" for e in (error.here, error.full_size, error.published)),
                error.note,
            ]
            for error in one.errors
        )
        yield f'<div class="panel">{table(headers, rows, prose=(6,))}</div>'
        yield from _sections(one.report)


def _sections(report: ReplayReport) -> Iterator[str]:
    yield f'<p class="muted">{escape(log_in_words(report))}</p>'
    for note in report.notes:
        yield f'<p class="note">{escape(note)}</p>'
    yield _verdicts(report)
    yield figure("Estimates with intervals" + _estimated(report), plots.estimates(report))
    notes = "".join(f"<li>{escape(note)}</li>" for note in notes_in_words(report))
    yield f'<div class="panel">{_estimates(report)}{f"<ul>{notes}</ul>" if notes else ""}</div>'
    for judgement in report.judgements:
        yield from _target(judgement, report.unit)
    yield from _rejects(report)
    kinds = sorted({name for one in report.judgements for name in (e.estimator for e in one.estimates)})
    meaning = "; ".join(f"{name}: {ESTIMATORS[name].what}" for name in kinds)
    how = f"{report.level:.0%} intervals ({report.on_policy.method})"
    yield f"<footer>{escape(f'{how}. {meaning}.')}</footer>"


def _verdicts(report: ReplayReport) -> str:
    lines = []
    for judgement in report.judgements:
        found = judgement.diagnostics
        said = [found.reason, *limits_in_words(judgement, report.unit)]
        lines.append(
            f"<li><strong>{escape(judgement.target)}</strong>"
            f'<span class="badge {_CLASS[found.verdict]}">{escape(found.verdict)}</span>'
            f"<span>{'<br>'.join(escape(one) for one in said)}</span></li>"
        )
    return f'<ul class="verdicts">{"".join(lines)}</ul>'


def _estimates(report: ReplayReport) -> str:
    rows = [["as it was", "mean", *cells_of(report.on_policy), f"{report.rounds:,}", ""]]
    for judgement in report.judgements:
        found = judgement.diagnostics
        for one in judgement.estimates:
            worth = [f"{found.effective_sample_size:,.0f}", f"{found.max_weight:.2f}"]
            rows.append([judgement.target, one.estimator, *cells_of(one.interval), *worth])
    headers = (
        "policy",
        "estimator",
        "value",
        "interval",
        f"effective {report.unit}s",
        "largest weight",
    )
    return table(headers, rows, prose=(1,))


def _target(judgement: Judgement, unit: str) -> Iterator[str]:
    name = judgement.target
    yield f"<h2>{escape(name)}</h2>"
    figures = [figure("Importance weights", plots.weights(judgement))]
    if judgement.slots:
        figures.append(
            figure("Slot by slot", plots.segments(judgement.slots, "slot", unit, f"{name}, slot by slot"))
        )
    times = next((key for key in _TIMES if len(judgement.breakdowns.get(key, ())) > 1), None)
    if times is not None:
        found = judgement.breakdowns[times]
        axis = times.replace("_utc", " of the day, UTC")
        figures.append(figure("Over time", plots.segments(found, axis, unit, f"{name}, over time")))
    yield f'<div class="figures">{"".join(figures)}</div>'
    checks = "".join(f"<li>{escape(line)}</li>" for line in checks_in_words(judgement))
    if checks:
        yield f"<details><summary>Checks of propensities and support</summary><ul>{checks}</ul></details>"
    for key, found in judgement.breakdowns.items():
        if len(found) > 1:
            yield f"<details><summary>By {escape(key)}</summary>{_segments(key, found, unit)}</details>"


def _segments(key: str, found: tuple[Segment, ...], unit: str) -> str:
    headers = (key, f"{unit}s", "effective", "as it was", "interval", "target", "interval")
    rows = (
        [one.label, f"{one.rounds:,}", f"{one.effective:,.0f}", *cells_of(one.logged), *cells_of(one.target)]
        for one in found
    )
    return table(headers, rows)


def _rejects(report: ReplayReport) -> Iterator[str]:
    lines = list(rejects_in_words(report))
    if lines:
        listed = "".join(f"<li>{escape(line)}</li>" for line in lines)
        yield f"<h2>Rows left out</h2><ul>{listed}</ul>"


def _estimated(report: ReplayReport) -> str:
    return ", from estimated propensities" if report.estimated_propensities else ""
