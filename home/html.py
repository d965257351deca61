"""Reports as HTML pages of one look: one file each, nothing to load, no scripts."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

_STYLE = Path(__file__).with_suffix(".css")


def write_html(title: str, sections: Iterable[str], path: Path) -> None:
    """Write a page in the look of all reports, whole or not at all."""
    body = "\n".join(sections)
    part = path.with_name(f"{path.name}.part")
    part.write_text(
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE.read_text('utf-8')}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n",
        "utf-8",
    )
    part.replace(path)


def table(headers: Iterable[str], rows: Iterable[Iterable[str]], prose: tuple[int, ...] = ()) -> str:
    """A table; columns with these numbers are `prose`, the others but the first are numbers."""
    names = list(headers)
    head = "".join(_cell("th", at in prose, name) for at, name in enumerate(names))
    lines = (
        f"<tr>{''.join(_cell('td', at in prose, cell) for at, cell in enumerate(row))}</tr>" for row in rows
    )
    inner = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return f'<div class="scroll"><table>{inner}</table></div>'


def figure(caption: str, plot: str) -> str:
    """A plot, as an element of the page, with its caption."""
    return f"<figure><figcaption>{escape(caption)}</figcaption>{plot}</figure>"


def _cell(tag: str, prose: bool, content: str) -> str:
    kind = ' class="text"' if prose else ""
    return f"<{tag}{kind}>{escape(content)}</{tag}>"
