"""A simulation as one HTML file with its pictures inside: nothing to fetch, nothing to run."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from home.html import figure, table, write_html
from home.rules.check import CheckReport
from home.simulate.plot import figures
from home.simulate.report import PolicySummary, SimulationReport
from home.simulate.rows import SimulationResult
from home.simulate.show import LINES, cold_line, share_lines, verdict, whole_page_lines


def write_report(
    result: SimulationResult, report: SimulationReport, path: Path, rules: CheckReport | None = None
) -> None:
    """Write the report, made with the catalogue, whole or not at all; `rules` adds what each rule costs."""
    title = f"{report.visits:,} visits of {report.listeners:,} simulated listeners"
    write_html(title, _sections(result, report, rules), path)


def _sections(result: SimulationResult, report: SimulationReport, rules: CheckReport | None) -> Iterator[str]:
    yield (
        f"<p>Seed {report.seed}, batches of {report.batch} visits, listener model"
        f" {escape(report.listener_model)}, whose numbers are assumptions or sourced in its file. Listeners"
        " are simulated; intervals are 95 % and resample listeners. All policies met the same visits with the"
        " same luck.</p>"
    )
    yield "<h2>Results</h2>"
    yield from (f"<p>{escape(line)}</p>" for line in _verdicts(report))
    yield _summary(report)
    pictures = figures(result, report, rules).items()
    drawn = "".join(figure(name, _picture(name, one)) for name, one in pictures)
    yield f'<h2>Pictures</h2>\n<div class="figures">{drawn}</div>'


def _verdicts(report: SimulationReport) -> Iterable[str]:
    return (verdict(c) for c in report.comparisons if c.metric in ("clicks", "reward"))


def _summary(report: SimulationReport) -> str:
    names = [summary.policy for summary in report.summaries]
    parts = [
        _table("per page", names, [(k, [cell(s) for s in report.summaries]) for k, cell in LINES.items()])
    ]
    for title, lines in (
        ("pages as a whole", whole_page_lines(report)),
        ("exposure", share_lines(report)),
        ("cold-start listeners", cold_line(report)),
    ):
        if lines:
            parts.append(_table(title, names, lines))
    return "".join(parts) + _reasons(report.summaries)


def _table(corner: str, names: Sequence[str], lines: Sequence[tuple[str, Sequence[str]]]) -> str:
    found = table((corner, *names), ((label, *cells) for label, cells in lines))
    return f'<div class="panel">{found}</div>'


def _reasons(summaries: Sequence[PolicySummary]) -> str:
    lines = [
        f"<li>{escape(s.policy)}: source {escape(source)} failed on {share:.1%} of pages</li>"
        for s in summaries
        for source, share in s.failures.items()
    ]
    return f"<ul>{''.join(lines)}</ul>" if lines else ""


def _picture(title: str, drawn: Figure) -> str:
    text = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": title}):
        drawn.savefig(text, format="svg", metadata={"Date": None})
    data = base64.b64encode(text.getvalue().encode()).decode()
    return f'<img alt="{escape(title, quote=True)}" src="data:image/svg+xml;base64,{data}">'
