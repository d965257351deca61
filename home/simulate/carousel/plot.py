"""Cumulative regret as a picture. Importing this imports matplotlib, which nothing else needs."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib.figure import Figure

from home.simulate.carousel.play import Job
from home.simulate.carousel.report import CarouselReport
from home.simulate.carousel.run import CarouselResult


def write_plot(result: CarouselResult, report: CarouselReport, path: Path) -> None:
    """Draw each policy's mean over seeds in a band of all seeds: PNG, SVG or PDF by ending."""
    figure = Figure(figsize=(8.0, 5.4), layout="constrained")
    axes = figure.subplots()
    rounds = np.arange(1, result.protocol.rounds + 1)
    for summary in reversed(report.summaries):
        curves = [result.curves[Job(summary.policy, seed)].regret.cumsum() for seed in result.seeds]
        (line,) = axes.plot(rounds, np.mean(curves, axis=0), label=summary.policy)
        axes.fill_between(
            rounds, np.min(curves, axis=0), np.max(curves, axis=0), color=line.get_color(), alpha=0.2
        )
    axes.set(xlabel="round", ylabel="cumulative regret, streams", yscale="log")
    axes.set_title(fill(report.origin, 100), fontsize="small")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize="small")
    figure.savefig(path, dpi=140)
