"""`home rules`: read, check and compare rulebooks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import orjson
import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from api.progress import TerminalProgress
from api.terminal import STDERR, STDOUT, settings_of
from home.bootstrap import open_home
from home.errors import ConfigurationError
from home.rules.book import Rulebook, kind_of, load_rulebook
from home.rules.check import CheckReport, RuleReport, check
from home.rules.corpus import corpus
from home.rules.diff import DiffReport, diff
from home.rules.schema import rulebook_schema
from home.rules.unknown import known_values, unknown_values

app = typer.Typer(no_args_is_help=True, help="Read, check and compare layout rules.")

_LISTED = 10
_BAR = 8

_Corpus = Annotated[
    int, typer.Option("--corpus", metavar="N", help="How many contexts to lay out pages for.", min=1)
]
_Surfaces = Annotated[
    list[str] | None,
    typer.Option("--surface", help="Only this surface; may be repeated.", show_default="all"),
]
_Seed = Annotated[int, typer.Option(help="Seed of the sample of listeners.", min=0)]
_Optional = Annotated[
    Path | None,
    typer.Argument(help="A rulebook file, instead of HOME_RULEBOOK_FILE.", show_default=False),
]


@app.command("show")
def show(context: typer.Context, rulebook: _Optional = None) -> None:
    """Validate a rulebook and list its rules with kind, owner, reason and how they yield.

    Exits with status 1 and names the rule, the field and the fix when the file is wrong.
    """
    book = load_rulebook(rulebook or settings_of(context).rulebook_file)
    table = Table("rule", "kind", "owner", "reason", "yields", title=f"rulebook {escape(book.version)}")
    for rule in book.rules:
        order = "never" if rule.relaxation is None else f"dropped in turn {rule.relaxation}"
        table.add_row(
            escape(rule.id),
            kind_of(rule),
            escape(rule.owner),
            escape(rule.reason),
            order if rule.weight is None else f"at a price of {rule.weight:g}",
        )
    STDOUT.print(table)


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of rulebook files, for editors.

    Save it beside your rulebook and name it in the file's first line for editors that understand TOML
    schemas: `#:schema ./rulebook.schema.json`.
    """
    typer.echo(orjson.dumps(rulebook_schema(), option=orjson.OPT_INDENT_2).decode())


@app.command("check")
def check_rules(
    context: typer.Context,
    rulebook: _Optional = None,
    size: _Corpus = 60,
    surface: _Surfaces = None,
    seed: _Seed = 1,
    chart: Annotated[
        Path | None,
        typer.Option(help="Draw the prices to this file, .png, .svg or .pdf.", show_default=False),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Fail also for rules that limit nothing or say nothing new, and unknown values."
        ),
    ] = False,
) -> None:
    """Prove that pages exist under a rulebook on a corpus of real contexts, and price every rule.

    For each context: whether some page obeys all hard rules, and if not a minimal set of rules that
    contradict each other; what the best page would gain without each rule; which rules the others make
    superfluous; which values in conditions nothing has. Uses the catalogue, listeners and newest model of the
    database. Exits with status 1 when some context has no page.
    """
    settings = settings_of(context)
    book = load_rulebook(rulebook or settings.rulebook_file)
    home = open_home(settings, background=False)
    try:
        with TerminalProgress(STDERR) as progress:
            report = check(book.rules, corpus(home, size, surface or (), seed, progress))
        unknown = unknown_values(book.rules, known_values(home))
    finally:
        home.close()
    STDOUT.print(_prices(report, book))
    for fault in unknown:
        STDOUT.print(f"[yellow]unknown value[/] {escape(fault)}", highlight=False)
    for line in _verdicts(report):
        STDOUT.print(line, highlight=False)
    if chart is not None:
        _draw(report, chart)
    if not report.satisfiable or (strict and (report.faults or unknown)):
        raise typer.Exit(1)


@app.command("diff")
def diff_rules(
    context: typer.Context,
    first: Annotated[Path, typer.Argument(help="A rulebook file.")],
    second: Annotated[Path, typer.Argument(help="The rulebook file to take its place.")],
    size: _Corpus = 60,
    surface: _Surfaces = None,
    seed: _Seed = 1,
) -> None:
    """Show what changes on the pages of a corpus when one rulebook takes the place of another.

    Lists the rules that come, go and change, how many optimal pages are another, what that does to their
    predicted value, which sources gain and lose exposure, and the pages that change most. Exits with status
    1 when B leaves a context without a page that obeys it, where A has one.
    """
    books = load_rulebook(first), load_rulebook(second)
    home = open_home(settings_of(context), background=False)
    try:
        with TerminalProgress(STDERR) as progress:
            report = diff(books[0].rules, books[1].rules, corpus(home, size, surface or (), seed, progress))
    finally:
        home.close()
    for line in _changes(report):
        STDOUT.print(line, highlight=False)
    if report.pages:
        STDOUT.print(_exposures(report))
        STDOUT.print(_pages(report))
    if report.blocked:
        raise typer.Exit(1)


def _prices(report: CheckReport, book: Rulebook) -> Table:
    title = f"rulebook {escape(book.version)}, {report.contexts} contexts: prices in % of a page's worth"
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("rule", "binds in", "mean", "max", "", "paid", "remark"):
        text = name in ("rule", "", "remark")
        table.add_column(name, justify="left" if text else "right", no_wrap=True)
    dearest = max((float(np.mean(one.prices)) for one in report.rules if one.prices), default=0.0)
    for one in sorted(report.rules, key=lambda one: -sum(one.prices)):
        table.add_row(*_price(one, dearest))
    return table


def _price(one: RuleReport, dearest: float) -> Sequence[str]:
    unproven = f"{one.unproven} unproven" if one.unproven else ""
    remark = "; ".join(filter(None, (f"[yellow]{one.verdict}[/]" if one.verdict else "", unproven)))
    binds = f"{one.binding} of {one.applies}"
    if not one.binding:
        return escape(one.rule.id), binds, "", "", "", "", remark
    mean, most = float(np.mean(one.prices)), max(one.prices)
    bar = "█" * round(_BAR * mean / dearest) if dearest else ""
    paid = "" if one.rule.weight is None else f"{float(np.mean(one.payments)):.2%}"
    return escape(one.rule.id), binds, f"{mean:.2%}", f"{most:.2%}", f"[red]{bar}", paid, remark


def _verdicts(report: CheckReport) -> list[str]:
    lines = [
        f"[red]conflict[/] in {count} of {report.contexts} contexts: {_named(rules)} leave no page together, "
        f"as for {report.examples[rules]}"
        for rules, count in report.conflicts.most_common()
    ]
    if report.undecided:
        lines.append(
            f"[red]undecided[/] in {len(report.undecided)} contexts, as for {report.undecided[0]}: "
            "the solver could not tell in time whether there is a page"
        )
    if report.guards:
        lines.append(
            f"never binding: {len(report.guards)} of {len(report.rules)} rules. Pages that break them "
            "exist and are never the best, so that they are guards, which --strict passes"
        )
    if report.satisfiable:
        lines.append(
            f"[green]satisfiable[/]: a page obeys all hard rules in each of {report.contexts} contexts"
        )
    return lines


def _named(rules: Sequence[str]) -> str:
    return escape(" and ".join(map(repr, rules))) if rules else "the shelves alone"


def _draw(report: CheckReport, path: Path) -> None:
    from home.rules.plot import write_plot  # imports matplotlib, which nothing else here needs

    try:
        write_plot(report, path)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"--chart {path}: {error}") from error
    STDERR.print(f"chart written to {path}", highlight=False)


def _changes(report: DiffReport) -> list[str]:
    lines = [
        f"rules {name}: {escape(', '.join(ids))}"
        for name, ids in (("added", report.added), ("removed", report.removed), ("changed", report.changed))
        if ids
    ]
    lines = lines or ["the rules are the same"]
    lines.append(
        f"{len(report.pages)} of {report.contexts} pages change; "
        f"their shelves' predicted value changes by {report.value_change:+.2%} over all pages"
    )
    if report.blocked:
        lines.append(f"[red]no page obeys B in {report.blocked} contexts where one obeys A[/]")
    for name, relaxed in zip("AB", report.relaxed, strict=True):
        lines += [
            f"under {name}, {escape(repr(rule))} had to be dropped on {n} pages"
            for rule, n in relaxed.most_common()
        ]
    return lines


def _exposures(report: DiffReport) -> Table:
    table = Table("source", "A", "B", "change", title="examination of each source's shelves, per page")
    for source, (before, after) in sorted(report.exposure.items(), key=lambda one: one[1][0] - one[1][1]):
        if before != after:
            table.add_row(
                source,
                f"{before / report.contexts:.3f}",
                f"{after / report.contexts:.3f}",
                f"{(after - before) / report.contexts:+.3f}",
            )
    return table


def _pages(report: DiffReport) -> Table:
    table = Table("context", "leaves", "comes", "moves", title="the pages that change most", show_lines=True)
    for page in sorted(report.pages, key=lambda one: -one.size)[:_LISTED]:
        table.add_row(page.context, *("\n".join(names) for names in (page.left, page.entered, page.moved)))
    return table
