"""A simulation as one HTML file with its pictures inside: nothing to fetch, nothing to run."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from home.rules.check import CheckReport
from home.simulate.plot import figures
from home.simulate.report import PolicySummary, SimulationReport
from home.simulate.rows import SimulationResult
from home.simulate.show import LINES, cold_line, share_lines, verdict, whole_page_lines

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .3rem .8rem; text-align: right; border-bottom: 1px solid #8884; white-space: pre-line; }
th:first-child, td:first-child { text-align: left; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(28rem, 1fr)); gap: 1rem; }
figure { margin: 0; background: #fff; border-radius: .5rem; padding: .5rem; }
figcaption { color: #333; font-weight: 600; }
img { width: 100%; }
"""


def write_html(
    result: SimulationResult, report: SimulationReport, path: Path, rules: CheckReport | None = None
) -> None:
    """Write the report, made with the catalogue, as one file; `rules` adds what each rule costs."""
    title = f"{report.visits:,} visits of {report.listeners:,} simulated listeners"
    pictures = figures(result, report, rules).items()
    path.write_text(
        f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(title)}</title><style>{_STYLE}</style></head><body>
<h1>{escape(title)}</h1>
<p>Seed {report.seed}, batches of {report.batch} visits, listener model {escape(report.listener_model)}, whose
numbers are assumptions or sourced in its file. Listeners are simulated; intervals are 95 % and resample
listeners. All policies met the same visits with the same luck.</p>
<h2>Results</h2>{"".join(f"<p>{escape(line)}</p>" for line in _verdicts(report))}
{_summary(report)}
<h2>Pictures</h2><div class="pictures">{"".join(_picture(name, figure) for name, figure in pictures)}</div>
</body></html>
""",
        "utf-8",
    )


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
    head = "".join(f"<th>{escape(name)}</th>" for name in (corner, *names))
    body = "".join(
        f"<tr><td>{escape(label)}</td>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for label, cells in lines
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _reasons(summaries: Sequence[PolicySummary]) -> str:
    lines = [
        f"<li>{escape(s.policy)}: source {escape(source)} failed on {share:.1%} of pages</li>"
        for s in summaries
        for source, share in s.failures.items()
    ]
    return f"<ul>{''.join(lines)}</ul>" if lines else ""


def _picture(title: str, figure: Figure) -> str:
    text = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": title}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    data = base64.b64encode(text.getvalue().encode()).decode()
    alt = escape(title, quote=True)
    image = f'<img alt="{alt}" src="data:image/svg+xml;base64,{data}">'
    return f"<figure><figcaption>{alt}</figcaption>{image}</figure>"
