"""The plots of a replay, as SVG that takes the colours of the page it stands in.

Importing this imports matplotlib, which nothing else needs.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bandits.ope.intervals import Interval
from bandits.ope.rounds import Column
from home.replay.report import Judgement, ReplayReport, Segment, WeightClass

_INK, _MUTED, _LINE, _ACCENT = "#010101", "#020202", "#030303", "#040404"
"""Stand-ins, for the page's own colours to take their place."""

_COLOURS = {_INK: "var(--ink)", _MUTED: "var(--muted)", _LINE: "var(--line)", _ACCENT: "var(--accent)"}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "text.color": _INK,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _MUTED,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "grid.color": _LINE,
    "legend.frameon": False,
}
_WIDTH = 6.2
_SHORT = 6
_numbers = count(1)


def estimates(report: ReplayReport) -> str:
    """Every estimate of every target with its interval, beside the mean as it was."""
    rows = [
        (f"{judgement.target} · {one.estimator}", one.interval)
        for judgement in report.judgements
        for one in judgement.estimates
        if one.interval is not None
    ]

    def draw(axes: Axes) -> None:
        was = report.on_policy
        axes.axvspan(was.low, was.high, color=_LINE, lw=0.0, alpha=0.6)
        axes.axvline(was.value, color=_MUTED, lw=1.2, ls="--")
        _intervals(axes, [interval for _, interval in rows], vertical=False)
        axes.set_yticks(range(len(rows)), [name for name, _ in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlabel(f"reward per {report.unit}; dashed: as it was")
        axes.grid(axis="x")

    return _svg(draw, 1.6 * _WIDTH, 0.9 + 0.3 * max(1, len(rows)), f"Estimates of {report.source}")


def weights(judgement: Judgement) -> str:
    """How many rounds have which importance weight."""

    def draw(axes: Axes) -> None:
        classes = judgement.weights
        axes.bar(range(len(classes)), [one.rounds for one in classes], width=0.9, color=_ACCENT)
        ticks = np.unique(np.linspace(0, len(classes) - 1, min(6, len(classes))).round().astype(int))
        axes.set_xticks(ticks, [_weight(classes[tick]) for tick in ticks])
        axes.set_yscale("symlog", linthresh=1.0)
        axes.set(xlabel="importance weight", ylabel="rounds")
        axes.grid(axis="y")

    return _svg(draw, _WIDTH, 2.9, f"Weights under {judgement.target}")


def segments(found: Sequence[Segment], axis: str, unit: str, label: str) -> str:
    """The target's value and the logged mean of each segment, with intervals."""

    def draw(axes: Axes) -> None:
        at = np.arange(len(found))
        shift = 0.16
        _intervals(axes, [one.logged for one in found], list(at - shift), colour=_MUTED, name="as it was")
        known = [number for number, one in enumerate(found) if one.target is not None]
        values = [one.target for one in found if one.target is not None]
        _intervals(axes, values, [number + shift for number in known], name="target")
        step = max(1, len(found) // 8)
        labels = [one.label for one in found][::step]
        long = max(map(len, labels)) > _SHORT
        axes.set_xticks(at[::step], labels, rotation=25 if long else 0, ha="right" if long else "center")
        axes.set(xlabel=axis, ylabel=f"reward per {unit}")
        axes.grid(axis="y")
        axes.legend(loc="best")

    return _svg(draw, _WIDTH, 2.9, label)


def curve(x: Sequence[float], lines: Mapping[str, Sequence[float]], axis: str, value: str, label: str) -> str:
    """Lines over a common axis."""

    def draw(axes: Axes) -> None:
        for (name, line), colour in zip(lines.items(), (_ACCENT, _MUTED, _INK), strict=False):
            axes.plot(x, line, color=colour, label=name)
        axes.set(xlabel=axis, ylabel=value)
        axes.grid()
        axes.legend(loc="best")

    return _svg(draw, 1.6 * _WIDTH, 3.4, label)


def _intervals(
    axes: Axes,
    found: Sequence[Interval],
    at: Sequence[float] | Column | None = None,
    *,
    vertical: bool = True,
    colour: str = _ACCENT,
    name: str | None = None,
) -> None:
    places = range(len(found)) if at is None else at
    values = np.array([one.value for one in found])
    reach = np.abs(np.array([[one.value - one.low, one.high - one.value] for one in found]).reshape(-1, 2).T)
    style: dict[str, Any] = {"fmt": "o", "ms": 4.0, "lw": 1.4, "capsize": 2.5, "color": colour, "label": name}
    if vertical:
        axes.errorbar(places, values, yerr=reach, **style)
    else:
        axes.errorbar(values, places, xerr=reach, **style)


def _weight(one: WeightClass) -> str:
    return f"{one.low:.2g}"


def _svg(draw: Callable[[Axes], None], width: float, height: float, label: str) -> str:
    """A figure as an element of a page: no header, ids of its own, and the page's colours."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.subplots())
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _embedded(written.getvalue(), label)


def _embedded(document: str, label: str) -> str:
    number = next(_numbers)
    body = document[document.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.S)
    body = re.sub(r'\b(id="|url\(#|href="#)', rf"\g<1>f{number}-", body)
    body = re.sub(r' (width|height)="[\d.]+pt"', "", body, count=2)
    for stand_in, colour in _COLOURS.items():
        body = body.replace(stand_in, colour)
    name = label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return body.replace("<svg ", f'<svg role="img" aria-label="{name}" ', 1)
