"""Sweeps and calibrations as pictures. Importing this imports matplotlib, which nothing else needs."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from home.simulate.calibrate import CalibrationReport
from home.simulate.sweep import GOALS, SweepReport, plotted


def write_sweep(report: SweepReport, path: Path) -> None:
    """Draw reward against diversity and against providers, with the front of each pair.

    PNG, SVG or PDF by the ending of `path`.
    """
    figure = Figure(figsize=(11.0, 4.6), layout="constrained")
    for axes, goal in zip(figure.subplots(1, 2), ("diversity", "providers"), strict=True):
        _front(axes, report, goal)
    figure.suptitle(f"{report.policy}: {report.visits} visits of {report.listeners} simulated listeners")
    figure.savefig(path, dpi=140)


def write_calibration(report: CalibrationReport, path: Path) -> None:
    """Draw the popularity curves, real and simulated: PNG, SVG or PDF by the ending of `path`."""
    figure = Figure(figsize=(5.4, 4.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(report.curve.items, report.curve.real, label="real")
    axes.plot(report.curve.items, report.curve.simulated, label="simulated")
    axes.set(
        title=f"Popularity of {report.content_type}",
        xlabel="share of items played, most played first",
        ylabel="share of plays",
    )
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=140)


def _front(axes: Axes, report: SweepReport, goal: str) -> None:
    points = list(plotted(report.points, goal))
    for point, (x, y, _) in zip(report.points, points, strict=True):
        axes.errorbar(
            x, y, [[y - point.reward.low], [point.reward.high - y]], fmt="o", color="#4a8fb5", alpha=0.8
        )
        axes.annotate(point.setting, (x, y), xytext=(5, 5), textcoords="offset points", fontsize="small")
    on = sorted((x, y) for x, y, best in points if best)
    axes.plot([x for x, _ in on], [y for _, y in on], color="#b0431c", label="no setting is better at both")
    axes.set(xlabel=GOALS[goal], ylabel="reward per page")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
