"""The language of rulebook files: what conditions mean, and what is wrong is named with its fix."""

from __future__ import annotations

import pytest

from home.errors import ConfigurationError
from home.rules.book import Rulebook, parse_rulebook
from layout.inputs import Inputs
from layout.rules import CostBudget, MaxCount, applicable
from layout.types import Attribute, LayoutShelf
from tests.layout.instances import grid

SHELVES: dict[str, dict[str, Attribute]] = {
    "music": {"content_type": "music", "genre": "jazz", "popularity": 0.9, "fresh": True},
    "deep": {"content_type": "music", "genre": "blues", "popularity": 0.2, "fresh": False},
    "cast": {"content_type": "podcast", "genre": "", "popularity": 0.5, "fresh": True},
}
INPUTS = Inputs(tuple(LayoutShelf(name, attributes) for name, attributes in SHELVES.items()), grid(2))


def _book(match: str = "{}", more: str = "", head: str = "") -> Rulebook:
    rule = f'[[rule]]\nid = "few"\nkind = "max_count"\nmatch = {match}\ncount = 1\n{more}'
    return parse_rulebook(f'version = "1"\n{head}\n{rule}')


@pytest.mark.parametrize(
    ("match", "selected"),
    [
        ("{}", "music deep cast"),
        ('{ content_type = "music" }', "music deep"),
        ('{ genre = ["jazz", "blues"] }', "music deep"),
        ("{ fresh = true }", "music cast"),
        ("{ popularity = { at_most = 0.5 } }", "deep cast"),
        ("{ popularity = { at_least = 0.3, at_most = 0.6 } }", "cast"),
        ('{ content_type = "music", fresh = true }', "music"),
        ('{ any = [{ genre = "blues" }, { content_type = "podcast" }] }', "deep cast"),
        ('{ any = { genre = "blues" } }', "deep"),
        ('{ not = { content_type = "music" } }', "cast"),
        ('{ content_type = "music", not = { genre = "jazz" } }', "deep"),
        (
            '{ all = [{ any = [{ genre = "jazz" }, { genre = "blues" }] }, { not = { fresh = true } }] }',
            "deep",
        ),
        ('{ id = "cast" }', "cast"),
        ('{ presentation = "hero" }', ""),
        ("{ height = 1 }", "music deep cast"),
    ],
)
def test_what_a_condition_selects(match: str, selected: str) -> None:
    (rule,) = _book(match).rules
    assert isinstance(rule, MaxCount)
    names = [shelf.id for shelf, hit in zip(INPUTS.shelves, INPUTS.mask(rule.selector), strict=True) if hit]
    assert names == selected.split()


@pytest.mark.parametrize(
    ("when", "facts", "applies"),
    [
        ('{ surface = "tv" }', {"surface": "tv", "hour": 9}, True),
        ('{ surface = ["tv", "phone"] }', {"surface": "desktop", "hour": 9}, False),
        ("{ hour = { at_least = 18 } }", {"surface": "tv", "hour": 17}, False),
        ("{ hour = { at_least = 18 } }", {"surface": "tv", "hour": 18}, True),
        ('{ not = { tier = "premium" } }', {"surface": "tv"}, True),
        ("{ weekday = [5, 6] }", {"weekday": 6}, True),
    ],
)
def test_when_a_rule_applies(when: str, facts: dict[str, Attribute], applies: bool) -> None:
    assert bool(applicable(_book(more=f"when = {when}").rules, facts)) == applies


@pytest.mark.parametrize(
    ("match", "message"),
    [
        ('"music"', "match is 'music'; give a table of attribute = value"),
        ('{ sauce = "x" }', "match: attribute 'sauce' is unknown; shelves have:.*content_type"),
        ('{ any = [{ sauce = "x" }] }', "match.any: attribute 'sauce' is unknown"),
        ("{ any = [] }", "match.any is empty; give at least one table"),
        ("{ genre = [] }", "match: genre = .*allow at least one value"),
        ('{ genre = "" }', "match: genre = '': use non-empty texts"),
        ("{ genre = [[1]] }", r"match.genre is \[1\]; use texts, booleans or numbers"),
        ("{ popularity = { above = 1 } }", "match.popularity is .*give at_least, at_most or both"),
        ("{ popularity = { at_least = 2, at_most = 1 } }", "match.popularity: .*use at least 2"),
        ('{ popularity = { at_least = "a" } }', "match.popularity: .*use a number"),
        ("{ popularity = { at_least = 30 } }", "match.popularity is .*use a number from 0 to 1"),
        ("{ popularity = inf }", "match.popularity is inf: use a number from 0 to 1"),
        ("{ size = -1 }", "match.size is -1: use a number from 0 on"),
        ('{ content_type = "podcasts" }', "match.content_type is 'podcasts': did you mean 'podcast'.*music"),
        ('{ content_type = "radio" }', "match.content_type is 'radio': use one of: .*music"),
        ('{ fresh = "yes" }', "match.fresh is 'yes': use true or false"),
        ("{ fresh = 1 }", "match.fresh is 1: use true or false"),
    ],
)
def test_a_wrong_condition_is_named_with_its_fix(match: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"rule 'few': {message}"):
        _book(match)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('when = { mood = "sad" }', "rule 'few': when: fact 'mood' is unknown; requests have:.*hour"),
        ('when = { source = "x" }', "rule 'few': when: fact 'source' is unknown"),
        ("weight = 0", "few.*weight.*above 0"),
        ("weight = 1.0\nrelaxation = 1", "few.*relaxation.*never blocks a page"),
        ("weight = nan", "few.*weight"),
        ("relaxation = -1", "few.*relaxation.*0 to"),
        ("reason = 3", "'few': reason is 3"),
        ("first = 3\nlast = 2", "few.*last.*2"),
        ("window = 0", "few.*window = 0: use a whole number from 1"),
        ("when = { hour = 99 }", "'few': when.hour is 99: use a number from 0 to 23"),
        ("when = { hour = [9, 24] }", r"when.hour is \[9, 24\]: use a number from 0 to 23"),
        ("when = { hour = { at_least = 25 } }", "when.hour is .*: use a number from 0 to 23"),
        ("when = { weekday = 7 }", "when.weekday is 7: use a number from 0 to 6"),
        ('when = { hour = "9" }', "when.hour is '9': use a number"),
        ("when = { surface = 3 }", "when.surface is 3: use text"),
        ("when = { surface = { at_least = 1 } }", "when.surface is .*: use text, not a range"),
        ('when = { market = "Germany" }', "when.market is 'Germany': use 2 capital letters"),
        ('when = { not = { market = "de" } }', "when.not.market is 'de': use 2 capital letters"),
    ],
)
def test_a_wrong_field_is_named_with_its_fix(more: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        _book(more=more)


def test_kinds_that_cannot_be_soft_say_so() -> None:
    text = 'version = "1"\n[[rule]]\nid = "own"\nkind = "item_overlap"\nmin_items = 1\nweight = 1.0'
    with pytest.raises(ConfigurationError, match=r"own.*weight.*always hard"):
        parse_rulebook(text)


def test_attributes_of_ones_own_are_declared() -> None:
    rule = '[[rule]]\nid = "royalties"\nkind = "cost_budget"\nbudget = 2.0\n'
    with pytest.raises(ConfigurationError, match="'royalties': attribute 'cost' is unknown"):
        parse_rulebook(f'version = "1"\n{rule}')
    (found,) = parse_rulebook(f'version = "1"\nattributes = ["cost"]\n{rule}').rules
    assert isinstance(found, CostBudget)
    with pytest.raises(ConfigurationError, match="attributes is 'cost'; give a list of names"):
        parse_rulebook(f'version = "1"\nattributes = "cost"\n{rule}')


def test_a_page_is_calibrated_to_a_taste_that_is_known() -> None:
    text = 'version = "1"\n[[rule]]\nid = "mix"\nkind = "calibration"\nattribute = "source"\nweight = 1.0'
    with pytest.raises(ConfigurationError, match="'source' is unknown; a listener's taste has: content_type"):
        parse_rulebook(text)


def test_a_table_instead_of_a_list_of_rules_is_explained() -> None:
    with pytest.raises(ConfigurationError, match=r"write \[\[rule\]\] with two brackets"):
        parse_rulebook('version = "1"\n[rule]\nid = "x"')
