"""An estimate of examination for people: a table, and a picture beside the grid file's values."""

from __future__ import annotations

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from home.examination.stored import StoredEstimate, weights
from layout.types import Grid


def render(estimate: StoredEstimate, grid: Grid, console: Console) -> None:
    """Print an estimate slot by slot, beside the values of the surface's grid file."""
    console.print(
        f"{estimate.surface}: model {estimate.model}, {estimate.decisions} decisions of {estimate.listeners} "
        f"listeners, {estimate.first:%Y-%m-%d %H:%M} to {estimate.last:%Y-%m-%d %H:%M}",
        highlight=False,
    )
    if estimate.unreadable:
        console.print(f"left out: {estimate.unreadable} pages of another rulebook or grid", highlight=False)
    if estimate.first_slot > 1:
        console.print(
            f"down to slot {estimate.first_slot} as in the grid file: the draw never exchanged those",
            highlight=False,
        )
    console.print(_table(estimate, grid))
    if estimate.after_click is not None:
        console.print(f"below a click, {estimate.after_click:.0%} read on", highlight=False)


def _table(estimate: StoredEstimate, grid: Grid) -> Table:
    table = Table(
        title=f"Examination relative to slot 1, {estimate.level:.0%} intervals over listeners",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for header in ("slot", "grid file", "estimate", "interval", "click rate", "evidence", "layout uses"):
        table.add_column(header, justify="right", no_wrap=True)
    used = _used(estimate, grid)
    for k, value in enumerate(estimate.value):
        table.add_row(
            str(k + 1),
            f"{_file(grid)[k]:.2f}" if k < len(grid.slots) else "–",
            f"{value:.2f}",
            f"[{estimate.low[k]:.2f}, {estimate.high[k]:.2f}]",
            f"{estimate.click_rate[k]:.2f}" if estimate.click_rate else "–",
            f"{estimate.evidence[k]:.0f}",
            f"{used[k]:.2f}" if used else "–",
        )
    return table


def _used(estimate: StoredEstimate, grid: Grid) -> tuple[float, ...]:
    return weights(estimate, grid) if len(grid.slots) == len(estimate.value) else ()


def _file(grid: Grid) -> list[float]:
    return [slot.examination / grid.slots[0].examination for slot in grid.slots]


def write_plot(estimate: StoredEstimate, grid: Grid, path: Path) -> None:
    """Draw the estimate with its intervals, the grid file's values and click rates: PNG, SVG or PDF."""
    # matplotlib takes most of a second to import, and only a picture needs it.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.2), layout="constrained")
    axes = figure.subplots()
    slots = list(range(1, len(estimate.value) + 1))
    below = [value - low for value, low in zip(estimate.value, estimate.low, strict=True)]
    above = [high - value for value, high in zip(estimate.value, estimate.high, strict=True)]
    axes.errorbar(slots, estimate.value, (below, above), marker="o", capsize=3, label=f"{estimate.model}")
    axes.plot(range(1, len(grid.slots) + 1), _file(grid), linestyle="--", label="grid file")
    if estimate.click_rate:
        axes.plot(slots, estimate.click_rate, linestyle=":", marker="x", label="click rate (biased)")
    axes.set(title=f"Examination on {estimate.surface}", xlabel="slot", ylabel="relative to slot 1")
    axes.set_ylim(bottom=0.0)
    axes.set_xticks(slots)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=140)
