"""Published files, good and bad, and populations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from home.errors import ConfigurationError
from home.simulate.carousel.data import NINE_FILE, PLAYLISTS_FILE, USERS_FILE, read_published, read_users
from home.simulate.carousel.population import (
    RANDOM_REGRET,
    PopulationModel,
    full_world,
    synthetic_world,
)
from home.simulate.carousel.standin import made_up
from home.simulate.carousel.world import random_rewards, streams_of
from home.simulate.carousel.worlds import WorldRequest


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A directory with small files in the published format."""
    made = made_up(playlists=30, dimensions=4)
    names = [f"dim_{number}" for number in range(4)]
    pl.DataFrame(made.weights, schema=[*names, "4"], orient="row").write_csv(tmp_path / PLAYLISTS_FILE)
    for name, count in ((NINE_FILE, 1), (USERS_FILE, 3)):
        embeddings = np.tile(made.nine, (count, 1))
        frame = pl.DataFrame(embeddings, schema=names, orient="row")
        frame = frame.insert_column(0, pl.Series("segment", np.arange(len(frame)) % count * 10))
        frame.write_csv(tmp_path / name)
    return tmp_path


def test_files_are_read_as_published(files: Path) -> None:
    published, made = read_published(files), made_up(playlists=30, dimensions=4)
    np.testing.assert_allclose(published.weights, made.weights)
    np.testing.assert_allclose(published.nine, made.nine, rtol=1e-6)
    assert not published.made


def test_the_full_file_gives_a_world_that_is_not_synthetic(files: Path) -> None:
    world = WorldRequest(files, files / USERS_FILE).make()
    assert (world.users, world.segment_count, world.playlists) == (27, 3, 30)
    assert world.segments.tolist() == [0, 1, 2] * 9
    assert not world.synthetic
    assert world.origin == "27 users of user_features.csv, Deezer playlists"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dim_0,dim_1\n1.0,2.0\n", 'has no column "segment"'),
        ("segment,dim_0\n0,1.0\n0,\n", "column 'dim_0' has missing or infinite values"),
        ("segment,dim_0\n0,inf\n", "column 'dim_0' has missing or infinite values"),
        ("segment,dim_0\n0,x\n", "cannot be read"),
        ("segment,dim_0\n", "there are no rows"),
    ],
)
def test_a_faulty_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "users.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=message) as raised:
        read_users(path)
    assert str(path) in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"playlist_features\.csv does not exist"):
        read_published(tmp_path)


def test_too_few_playlists_for_a_carousel_are_refused(files: Path) -> None:
    path = files / PLAYLISTS_FILE
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:12]), "utf-8")
    with pytest.raises(ConfigurationError, match=r"has 11 playlists: a carousel shows 12"):
        read_published(files)


def test_users_and_playlists_must_have_the_same_dimensions(files: Path) -> None:
    with pytest.raises(ConfigurationError, match="has 4 dimensions but the playlists have 6"):
        full_world(made_up(playlists=30, dimensions=6), files / USERS_FILE)


def test_users_without_playlists_are_refused(files: Path) -> None:
    with pytest.raises(ConfigurationError, match="no data directory is named"):
        WorldRequest(None, files / USERS_FILE)


def test_a_regret_that_no_population_has_is_refused() -> None:
    model = PopulationModel(users=100, segments=10, random_regret=0.999)
    with pytest.raises(ConfigurationError, match=r"regret of 0\.999: choose another own taste"):
        synthetic_world(made_up(playlists=50, dimensions=8), model)


@pytest.mark.slow
def test_the_invented_population_is_calibrated_to_the_published_regret_of_random_lists() -> None:
    """0.656 within five standard errors of a mean over users, whose regret has a deviation below 0.25."""
    world = synthetic_world(made_up(), PopulationModel(users=3_000, segments=30))
    regret = world.optimal - random_rewards(streams_of(world.features, world.weights))
    assert regret.mean() == pytest.approx(RANDOM_REGRET, abs=5 * 0.25 / np.sqrt(3_000))
    assert world.synthetic
    assert world.origin.startswith("SYNTHETIC population of 3,000 users")
    assert world.segment_count <= 30
    again = synthetic_world(made_up(), PopulationModel(users=3_000, segments=30))
    np.testing.assert_array_equal(again.features, world.features)
    np.testing.assert_array_equal(again.segments, world.segments)
