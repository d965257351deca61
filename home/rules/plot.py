"""What rules cost, as a picture. Importing this imports matplotlib, which nothing else needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from home.rules.check import CheckReport, RuleReport


def write_plot(report: CheckReport, path: Path) -> None:
    """Draw the mean price and payment of each rule, dearest first: PNG, SVG or PDF by ending.

    Raises ValueError for another ending and OSError where `path` cannot be written.
    """
    rules = sorted((one for one in report.rules if one.applies), key=_mean_price)
    names = [f"{one.rule.id} ({one.binding} of {one.applies})" for one in rules]
    places = np.arange(len(rules))
    figure = Figure(figsize=(9.0, 1.6 + 0.32 * len(rules)), layout="constrained")
    axes = figure.subplots()
    axes.barh(places, [100 * _mean_price(one) for one in rules], color="#b0431c", label="price")
    paid = [100 * float(np.mean(one.payments)) for one in rules]
    axes.barh(places, paid, height=0.28, color="#4a8fb5", label="paid by pages that break it")
    axes.set_yticks(places, names)
    axes.set(
        title=f"What rules cost, {report.contexts} contexts",
        xlabel="% of the page's objective, mean",
        ylabel="rule (contexts in which it binds)",
    )
    axes.grid(axis="x", alpha=0.3)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=140)


def _mean_price(report: RuleReport) -> float:
    return float(np.mean(report.prices))
