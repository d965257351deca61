"""Checking and comparing rulebooks on real contexts: verdicts that were set up to be true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from home.bootstrap import open_home
from home.errors import UnknownSurfaceError
from home.ingest.progress import Silent
from home.rules.book import parse_rulebook
from home.rules.check import CheckReport, check
from home.rules.corpus import Case, corpus
from home.rules.diff import diff
from home.rules.unknown import known_values, unknown_values
from home.service import Home
from home.settings import Settings
from layout.rules import BaseRule, MaxCount
from layout.selector import Selector
from layout.solve import solve

RULES = """
version = "1"
[[rule]]
id = "one-habit"
kind = "max_count"
match = { family = "habit" }
count = 1
[[rule]]
id = "few-habits"
kind = "max_count"
match = { family = "habit" }
count = 3
[[rule]]
id = "never-here"
kind = "max_count"
when = { market = "XX" }
match = {}
count = 0
[[rule]]
id = "nothing-such"
kind = "max_count"
match = { source = "no such source" }
count = 0
[[rule]]
id = "all-first"
kind = "slot_range"
match = { source = "trending" }
first = 1
"""


@pytest.fixture
def home(demo_settings: Settings) -> Iterator[Home]:
    opened = open_home(demo_settings, background=False)
    yield opened
    opened.close()


def _cases(home: Home, size: int = 5, surfaces: tuple[str, ...] = ("desktop",)) -> list[Case]:
    return list(corpus(home, size, surfaces, 1, Silent()))


def _rules(text: str) -> tuple[BaseRule, ...]:
    return parse_rulebook(text).rules


def _verdicts(report: CheckReport) -> dict[str, str]:
    return {one.rule.id: one.verdict for one in report.rules}


def test_the_same_seed_gives_the_same_corpus_over_all_surfaces_and_hours(home: Home) -> None:
    cases, again = _cases(home, 6, ()), _cases(home, 6, ())
    assert [case.name for case in cases] == [case.name for case in again]
    assert {case.context.surface for case in cases} == {"phone", "desktop", "tv"}
    assert len({case.context.now.hour for case in cases}) == 6
    assert all(case.context.previous_page for case in cases)
    with pytest.raises(UnknownSurfaceError):
        _cases(home, 1, ("car",))


def test_the_shipped_rulebook_is_satisfiable_and_every_rule_of_it_applies_somewhere(home: Home) -> None:
    report = check(home.tools.rules, _cases(home, 9, ()))
    assert report.satisfiable
    assert report.contexts == 9
    assert "never applies" not in _verdicts(report).values()


def test_rules_that_do_nothing_get_the_verdict_that_says_why(home: Home) -> None:
    report = check(_rules(RULES), _cases(home))
    verdicts = _verdicts(report)
    assert verdicts["few-habits"] == "redundant"
    assert verdicts["never-here"] == "never applies"
    assert verdicts["nothing-such"] == "nothing to limit"
    assert verdicts["all-first"] == "nothing to limit"
    assert verdicts["one-habit"] == ""
    assert report.faults == ["few-habits", "never-here", "nothing-such", "all-first"]


def test_a_price_is_the_share_that_the_best_page_gains_without_the_rule(home: Home) -> None:
    rules, cases = _rules(RULES)[:1], _cases(home)
    (report,) = check(rules, cases).rules
    for case, price in zip(cases, report.prices, strict=True):
        bound, free = (solve(case.problem(kept), deadline_s=10.0).objective for kept in (rules, ()))
        assert price == pytest.approx((free - bound) / bound)
    assert report.binding == sum(price > 0 for price in report.prices)


def test_contradictions_are_counted_by_the_smallest_set_that_leaves_no_page(home: Home) -> None:
    text = RULES + (
        '[[rule]]\nid = "habit-on-top"\nkind = "pinned"\nmatch = { family = "habit" }\nslot = 1\n'
        '[[rule]]\nid = "habit-below"\nkind = "pinned"\nmatch = { family = "habit" }\nslot = 2\n'
    )
    report = check(_rules(text), _cases(home))
    assert not report.satisfiable
    assert dict(report.conflicts) == {("one-habit", "habit-on-top", "habit-below"): 5}
    assert report.examples[("one-habit", "habit-on-top", "habit-below")].startswith("demo-listener")


def test_values_that_nothing_has_are_named_with_what_was_meant(home: Home) -> None:
    text = """
    version = "1"
    [[rule]]
    id = "few"
    kind = "max_count"
    when = { surface = ["phone", "watch"], tier = "premum" }
    match = { source = "trendin", not = { any = [{ genre = "no such genre" }, { family = "habit" }] } }
    count = 1
    """
    faults = unknown_values(_rules(text), known_values(home))
    assert len(faults) == 4
    surface, tier, source, genre = sorted(faults, key=lambda one: "when" not in one)
    assert (
        "rule 'few': when.surface is 'watch': nothing here has it; there are: desktop, phone, tv" in surface
    )
    assert "when.tier is 'premum': nothing here has it; did you mean 'premium'?" in tier
    assert "match.source is 'trendin': nothing here has it; did you mean 'trending'?" in source
    assert "match.genre is 'no such genre': nothing here has it; there are:" in genre
    assert unknown_values(home.tools.rules, known_values(home)) == []


def test_true_and_one_are_different_values(home: Home) -> None:
    first, second = (MaxCount(id="few", selector=Selector({"loud": value}), count=1) for value in (True, 1))
    assert first != second
    assert diff((first,), (second,), []).changed == ("few",)
    assert diff((first,), (first,), []).changed == ()


def test_a_rulebook_does_not_differ_from_itself(home: Home) -> None:
    report = diff(_rules(RULES), _rules(RULES), _cases(home))
    assert (report.added, report.removed, report.changed, report.pages) == ((), (), (), [])
    assert report.value_change == 0.0


def test_a_difference_says_what_comes_what_goes_and_what_it_is_worth(home: Home) -> None:
    first = _rules(RULES)[:2]
    second = (replace(first[1], relaxation=1), replace(first[0], id="no-habit", count=0))  # type: ignore[call-arg]
    report = diff(first, second, _cases(home))
    assert (report.added, report.removed, report.changed) == (("no-habit",), ("one-habit",), ("few-habits",))
    assert report.contexts == 5
    before, after = report.exposure["jump_back_in"]
    assert before > 0.0 == after
    assert report.value_change < 0
    assert all(page.size for page in report.pages)
