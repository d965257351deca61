"""A simulation as a picture. Importing this imports matplotlib, which nothing else needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from home.simulate.report import Trace
from home.simulate.run import SimulationResult


def write_plot(result: SimulationResult, path: Path) -> None:
    """Draw cumulative regret and the reward of each batch, policy by policy: PNG, SVG or PDF by ending."""
    figure = Figure(figsize=(11.0, 4.2), layout="constrained")
    regret, reward = figure.subplots(1, 2)
    for name in result.policies:
        _draw(Trace(name, result.rows), regret, reward)
    regret.set(title="Cumulative regret", xlabel="visit", ylabel="expected clicks behind the best known page")
    reward.set(title="Reward", xlabel="batch", ylabel="mean reward per page")
    reward.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (regret, reward):
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=140)


def _draw(trace: Trace, regret: Axes, reward: Axes) -> None:
    regret.plot(np.cumsum(trace.column("regret")), label=trace.policy)
    batch = trace.column("batch").astype(np.int64)
    means = np.bincount(batch, trace.column("reward")) / np.bincount(batch)
    reward.plot(means, marker="o", markersize=3.0, label=trace.policy)
