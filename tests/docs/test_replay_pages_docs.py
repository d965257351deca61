"""The page on whole-page estimators names each of them, and each says what it assumes and how it fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bandits.ope import cascade, independent_ips, page_ips, pseudo_inverse, reward_interaction, sequences
from tests.benchmarks import bench_pages_coverage, bench_pages_ope

PAGE = Path(__file__).parents[2] / "docs" / "replay-pages.md"
ESTIMATORS: tuple[Callable[..., object], ...] = (
    page_ips.page_ips,
    page_ips.page_snips,
    cascade.cascade_ips,
    cascade.cascade_dr,
    reward_interaction.reward_interaction_ips,
    independent_ips.independent_ips,
    independent_ips.independent_snips,
    pseudo_inverse.pseudo_inverse,
    pseudo_inverse.pseudo_inverse_sn,
    pseudo_inverse.pseudo_inverse_cv,
)
SEQUENCES: tuple[Callable[..., object], ...] = (sequences.ips_sequence, sequences.mean_sequence)


@pytest.mark.parametrize("function", [*ESTIMATORS, *SEQUENCES], ids=lambda one: one.__name__)
def test_each_says_where_it_is_from_what_it_assumes_and_how_it_fails(function: Callable[..., object]) -> None:
    said = function.__doc__ or ""
    for word in ("Source", "ssum", "ail"):
        assert word in said, word


def test_each_is_on_the_page_and_in_the_tables() -> None:
    text = PAGE.read_text("utf-8")
    tables = text.split("```text")
    for function in ESTIMATORS:
        name = function.__name__
        assert re.search(rf"`{name}`|`{name.removeprefix('pseudo_inverse')}`", text), name
        assert re.search(rf"^ *{name} ", tables[1], re.MULTILINE), name


def test_the_tables_have_the_rows_that_the_commands_print() -> None:
    tables = PAGE.read_text("utf-8").split("```text")[1:]
    for table, subjects in (
        (tables[0], bench_pages_coverage.SUBJECTS),
        (tables[1], bench_pages_ope.SUBJECTS),
    ):
        rows = re.findall(r"^ *(\w+) +\S+ +[+-]", table, re.MULTILINE)
        assert list(dict.fromkeys(rows)) == list(subjects)
