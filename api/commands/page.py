"""`home page`: one composed Home in the terminal."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.present import home_page
from api.terminal import STDOUT, settings_of
from home.bootstrap import open_home
from home.compose import ComposedPage, Placement


def page(
    context: typer.Context,
    listener: Annotated[str, typer.Option(help="Listener id; `home listeners` lists some.")],
    surface: Annotated[str, typer.Option(help="phone, desktop, tv, or a grid of your own.")] = "phone",
    seed: Annotated[
        int | None, typer.Option(help="Seed of the draw; the same seed gives the same page.", min=0)
    ] = None,
    log: Annotated[
        bool, typer.Option("--log", help="Log the decision, so that feedback can refer to it.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the API's answer as JSON.")] = False,
) -> None:
    """Compose a listener's Home and print it shelf by shelf.

    Each shelf shows its slot, predicted value, the probability with which the draw put it there, its items,
    and why it is here.
    """
    home = open_home(settings_of(context), background=False)
    try:
        compose = home.compose if log else home.preview
        composed = compose(listener, surface, seed=seed)
        if as_json:
            print(home_page(composed).model_dump_json(indent=2))
        else:
            render(composed, STDOUT)
    finally:
        home.close()


def render(page: ComposedPage, console: Console) -> None:
    """Print a page as a table, with what is proven about it underneath."""
    who = page.context.listener
    table = Table(
        title=f"Home of {who.name} ({who.id}, {who.market}) on {page.grid.surface}", show_lines=True
    )
    table.add_column("slot", justify="right")
    table.add_column("shelf", ratio=3)
    table.add_column("value", justify="right")
    table.add_column("p(here)", justify="right")
    table.add_column("items", ratio=4)
    for placement in page.placements:
        table.add_row(
            str(placement.slot + 1),
            _shelf(placement),
            f"{placement.value:.3f}",
            f"{placement.conditional:.3f}",
            Text(", ".join(_item(i.title, i.creator) for i in placement.items), overflow="ellipsis"),
        )
    console.print(table)
    for line in summary(page):
        console.print(line, highlight=False)


def summary(page: ComposedPage) -> list[str]:
    """What is proven about a page, and what went into it, in a few lines."""
    result = page.result
    relaxed = f"; rules dropped: {', '.join(result.relaxed)}" if result.relaxed else ""
    lines = [
        f"layout {result.status.value}, gap {result.gap:.2%} ({result.proof or 'no proof'}){relaxed}",
        f"propensity {page.draw.propensity:.3g}, {'explored' if page.draw.explored else 'the optimal page'}, "
        f"model version {page.policy_version}, rulebook {page.rules_version}",
        f"{len(page.shelves)} candidate shelves in {len(page.options)} options; "
        + ", ".join(f"{stage} {1000 * s:.1f} ms" for stage, s in page.seconds.items()),
    ]
    if page.paid:
        lines.append(
            "paid for soft rules: " + ", ".join(f"{rule} {cost}" for rule, cost in page.paid.items())
        )
    lines += [f"source {d.source} dropped ({d.reason}): {d.detail}" for d in page.dropped]
    lines += [f"fallback: {page.fallback}"] if page.fallback else []
    return lines


def _shelf(placement: Placement) -> Text:
    text = Text(placement.shelf.title, style="bold")
    if placement.presentation:
        text.append(f" ({placement.presentation})", style="not bold")
    text.append(f"\n{placement.shelf.provenance.reason}\n{placement.reason.text}", style="not bold dim")
    return text


def _item(title: str, creator: str) -> str:
    return f"{title} · {creator}" if creator else title
