"""`home page`: one composed Home in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.explanations import AbsentOut, ExplanationOut, explanation
from api.present import home_page, in_words
from api.schemas import MAX_SEED
from api.terminal import STDOUT, settings_of
from home.bootstrap import open_home
from home.compose import ComposedPage, Placement
from home.logbook import record_of
from home.options import Option
from home.service import Home
from layout.explanation import Absence


def page(
    context: typer.Context,
    listener: Annotated[str, typer.Option(help="Listener id; `home listeners` lists some.")],
    surface: Annotated[str, typer.Option(help="phone, desktop, tv, or a grid of your own.")] = "phone",
    seed: Annotated[
        int | None,
        typer.Option(help="Seed of the draw; the same seed gives the same page.", min=0, max=MAX_SEED),
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="An IANA name; that of the listener's market by default.", metavar="ZONE")
    ] = "",
    log: Annotated[
        bool, typer.Option("--log", help="Log the decision, so that feedback can refer to it.")
    ] = False,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Add what shelves bring, what others would cost, and what rules do."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the API's answers as JSON.")] = False,
) -> None:
    """Compose a listener's Home and print it shelf by shelf.

    Each shelf shows its slot, predicted value, the probability with which the draw put it there, its items,
    and why it is here. With --explain also: what the page would lose without each shelf, what each shelf
    that is not on it would cost and which rules keep it out, and what each rule costs.
    """
    home = open_home(settings_of(context), background=False)
    try:
        compose = home.compose if log else home.preview
        composed = compose(listener, surface, seed=seed, timezone=timezone)
        found = _explained(home, composed) if explain else None
        if as_json:
            typer.echo(_json(composed, found))
        else:
            render(composed, STDOUT)
        if found is not None and not as_json:
            render_explanation(found, STDOUT)
    finally:
        home.close()


def _explained(home: Home, page: ComposedPage) -> ExplanationOut:
    record = record_of(page, home.catalog.items)
    return explanation(record, home.explain(record), home.setup_of(record).rules)


def _json(page: ComposedPage, found: ExplanationOut | None) -> str:
    if found is None:
        return home_page(page).model_dump_json(indent=2)
    both = {"page": home_page(page).model_dump(mode="json"), "explanation": found.model_dump(mode="json")}
    return orjson.dumps(both, option=orjson.OPT_INDENT_2).decode()


def render_explanation(found: ExplanationOut, console: Console) -> None:
    """Print what a page is made of as three tables. Worths are in % of the best page's."""
    whole = max(1, abs(found.best))
    placed = Table("slot", "shelf", "without it", "would then be here", title="On the page")
    for one in found.placed:
        loss = "no such page" if one.needed else _worth(one.loss, whole, one.proven, sign=-1)
        placed.add_row(str(one.slot), one.title, loss, one.instead_title or "")
    columns = ("shelf", "with it", "in slot", "instead of")
    absent = Table(*columns, title=f"Not on the page ({len(found.absent)})")
    absent.add_column("kept out by", overflow="fold")
    for other in found.absent:
        absent.add_row(*_absent(other, whole))
    rules = Table("rule", "price", "paid", "slack", "reason", title="Rules, the dearest first")
    for rule in found.rules:
        slack = "" if rule.slack is None else str(rule.slack)
        price = _worth(rule.price, whole, rule.proven)
        rules.add_row(rule.rule, price, _share(rule.paid, whole), slack, rule.reason)
    for table in (placed, absent, rules):
        console.print(table)
    if found.contradicting:
        console.print(f"no whole page obeys these rules together: {', '.join(found.contradicting)}")
    if found.left_out:
        console.print(f"no time to find out everything about: {', '.join(found.left_out)}", highlight=False)


def _absent(one: AbsentOut, whole: int) -> tuple[str, str, str, str, str]:
    impossible = one.absence is Absence.IMPOSSIBLE
    cost = "no such page" if impossible else _worth(one.cost, whole, one.proven, sign=-1)
    rules = ", ".join(one.kept_out_by)
    reason = rules if one.absence in (Absence.KEPT_OUT, Absence.IMPOSSIBLE) else f"({one.absence})"
    return one.title, cost, "" if one.slot is None else str(one.slot), ", ".join(one.leaves), reason


def _worth(part: int | None, whole: int, proven: bool, sign: int = 1) -> str:
    if part is None:
        return "no time"
    return f"{'' if proven else 'about '}{_share(sign * part, whole)}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:+.2%}" if part else "0"


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
    options = {option.id: option for option in page.options}
    for placement in page.placements:
        table.add_row(
            str(placement.slot + 1),
            _shelf(placement, options),
            f"{placement.value:.3f}",
            f"{placement.conditional:.3f}",
            Text(", ".join(_item(i.title, i.creator) for i in placement.items), overflow="ellipsis"),
        )
    console.print(table)
    for line in summary(page):
        console.print(line, highlight=False)


def _propensity(page: ComposedPage) -> str:
    if page.propensity is None:
        return "unknown, because the page fell back"
    return f"{page.propensity:.3g}, {'explored' if page.draw.explored else 'the optimal page'}"


def summary(page: ComposedPage) -> list[str]:
    """What is proven about a page, and what went into it, in a few lines."""
    result = page.result
    relaxed = f"; rules dropped: {', '.join(result.relaxed)}" if result.relaxed else ""
    lines = [
        f"layout {result.status.value}, gap {result.gap:.2%} ({result.proof or 'no proof'}){relaxed}",
        f"propensity {_propensity(page)}, model version {page.policy_version}, rulebook {page.rules_version}",
        f"{len(page.shelves)} candidate shelves in {len(page.options)} options; "
        + ", ".join(f"{stage} {1000 * s:.1f} ms" for stage, s in page.seconds.items()),
    ]
    if page.paid:
        gross = max(1, result.objective + sum(page.paid.values()))
        prices = (f"{rule} {cost / gross:.2%}" for rule, cost in page.paid.items())
        lines.append(f"paid for soft rules, of the shelves' worth: {', '.join(prices)}")
    lines += [f"source {d.source} dropped ({d.reason}): {d.detail}" for d in page.dropped]
    lines += [f"fallback: {page.fallback}"] if page.fallback else []
    return lines


def _shelf(placement: Placement, options: Mapping[str, Option]) -> Text:
    text = Text(placement.shelf.title, style="bold")
    if placement.presentation:
        text.append(f" ({placement.presentation})", style="not bold")
    why = placement.reason
    words = in_words(why, None if why.rival is None else options[why.rival])
    text.append(f"\n{placement.shelf.provenance.reason}\n{words}", style="not bold dim")
    return text


def _item(title: str, creator: str) -> str:
    return f"{title} · {creator}" if creator else title
