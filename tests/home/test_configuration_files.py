"""Configuration files: what ships is valid, and what is wrong is named with field, value and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from bandits.types import EventKind
from home.errors import ConfigurationError
from home.grids import load_surfaces
from home.rewards import load_rewards, reward_formula
from home.rules.book import load_rulebook, parse_rulebook
from home.settings import Settings
from layout.rules import MaxCount

CAR = "surface='car'\nversion='1'\nitems_per_shelf=4\nexamination=[0.9,0.5]\nfolds=[0,0]\n"
RULE = """
version = "1"

[[rule]]
id = "few"
kind = "max_count"
match = { source = "trending" }
count = 2
"""


def test_every_rule_of_the_default_rulebook_says_why_it_exists_and_whom_to_ask() -> None:
    book = load_rulebook(Settings().rulebook_file)
    assert len(book.rules) >= 15
    assert all(rule.reason and rule.owner for rule in book.rules)


def test_a_rule_is_built_from_its_fields() -> None:
    (rule,) = parse_rulebook(RULE).rules
    assert isinstance(rule, MaxCount)
    assert (rule.id, rule.count, rule.relaxation) == ("few", 2, None)


def test_the_version_changes_with_the_content() -> None:
    first, second = parse_rulebook(RULE), parse_rulebook(RULE.replace("count = 2", "count = 3"))
    assert first.version.startswith("1+")
    assert first.version != second.version
    assert first.version == parse_rulebook(RULE).version


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("max_count", "at_most", "'few'.*kind is 'at_most'; choose one of:.*max_count"),
        ("count = 2", "count = 'two'", "'few'.*count is 'two'"),
        ("count = 2", "count = -1", "few.*count.*-1"),
        ("count = 2", "counts = 2", "'few'.*unknown field 'counts'; allowed:.*count"),
        ("count = 2", "", "'few'.*count missing"),
        ('match = { source = "trending" }', "", "'few'.*match missing"),
        ("source =", "sauce =", "'few'.*attribute 'sauce' is unknown; shelves have:.*source"),
        ('version = "1"', "", "version is None"),
        ('version = "1"', 'version = "1"\ncolour = "red"', "unknown field 'colour'"),
        ("[[rule]]", "[rule", "not valid TOML"),
    ],
)
def test_a_wrong_rulebook_is_refused_with_the_fix(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULE.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigurationError, match=message) as raised:
        load_rulebook(path)
    assert str(path) in str(raised.value)


def test_two_rules_with_one_id_are_refused() -> None:
    entry = RULE.split('version = "1"')[1]
    with pytest.raises(ConfigurationError, match="'few' occurs twice"):
        parse_rulebook(RULE + entry)


def test_the_default_grids_cover_phone_desktop_and_tv() -> None:
    surfaces = load_surfaces(Settings().grids_dir)
    assert {"phone", "desktop", "tv"} <= set(surfaces)
    assert len(surfaces["desktop"].grid.slots) == 12


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("surface = 'car'", "items_per_shelf"),
        (
            "surface='car'\nversion='1'\nitems_per_shelf=4\nexamination=[0.5]\nfolds=[0,1]",
            "one of each per slot",
        ),
        (
            "surface='car'\nversion='1'\nitems_per_shelf=4\nexamination=[1.5]\nfolds=[0]",
            "less than or equal to 1",
        ),
        ("surface='car", "grid.toml"),
        (f"{CAR}[presentations.hero]\nslots=[1]\n", "slot 2 holds none that is for every shelf"),
        (f"{CAR}[presentations.row]\n[presentations.hero]\nslots=[3]\n", "names slot 3"),
        (f"{CAR}[presentations.row]\nheight=0\n", "presentations.row.height"),
        (f"{CAR}[presentations.row]\nprominence=0.0\n", "presentations.row.prominence"),
        (f"{CAR}[presentations.row]\nwidth=2\n", "presentations.row.width"),
        (
            f"{CAR}[presentations.row]\n[presentations.hero]\nmatch={{sauce='x'}}\n",
            "presentations.hero.match: attribute 'sauce' is unknown",
        ),
    ],
)
def test_a_wrong_grid_names_file_and_field(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "grid.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=message):
        load_surfaces(tmp_path)


def test_a_directory_without_grids_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="HOME_GRIDS_DIR"):
        load_surfaces(tmp_path)


def test_the_default_rewards_weigh_every_kind_of_event() -> None:
    assert set(load_rewards(Settings().rewards_file).weights) == set(EventKind)


def test_a_surface_without_impressions_has_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "rewards.toml"
    text = Settings().rewards_file.read_text("utf-8")
    path.write_text(text.replace("without_impressions = []", 'without_impressions = ["tv"]'), "utf-8")
    assert reward_formula(Settings(rewards_file=path)).without_impressions == {"tv"}
    path.write_text(text.replace("without_impressions = []", 'without_impressions = ["tvv"]'), "utf-8")
    with pytest.raises(ConfigurationError, match=r"names 'tvv', which is no surface: use desktop, phone, tv"):
        reward_formula(Settings(rewards_file=path))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("click = 0.4", "clack = 0.4", "clack"),
        ("horizon_minutes = 30", "horizon_minutes = 0", "horizon_minutes"),
        ('aggregation = "sum"', 'aggregation = "product"', "aggregation"),
        ("default = 0.0", "default = nan", "default"),
    ],
)
def test_a_wrong_reward_file_names_the_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "rewards.toml"
    path.write_text(Settings().rewards_file.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(ConfigurationError, match=message):
        load_rewards(path)
