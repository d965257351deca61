from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bandits.features import context_features, shelf_features
from bandits.policies.encoding import encode
from shelves.types import Attribute, Context, Interaction, Listener, Provenance, Shelf

ATTRIBUTES: dict[str, Attribute] = {
    "source": "because_you_listened",
    "family": "seeded",
    "content_type": "music",
    "genre": "trip hop",
    "sponsored": False,
    "sponsor": "",
    "fresh": True,
    "exploratory": False,
    "seed": "artist:42",
    "size": 12.0,
    "taste": 0.85,
    "popularity": 0.25,
    "novelty": 0.5,
}


def context(at: datetime, plays: int = 0) -> Context:
    history = tuple(Interaction(f"i{i}", 1.0) for i in range(plays))
    return Context(Listener("ana", "Ana", "pt", tier="premium"), history, at, surface="tv")


def shelf(**changes: Attribute) -> Shelf:
    return Shelf(
        id="s1",
        title="Because you listened",
        rows=np.arange(12, dtype=np.int32),
        scores=np.ones(12, dtype=np.float32),
        provenance=Provenance("because_you_listened", "you did"),
        attributes={**ATTRIBUTES, **changes},
    )


def test_context_features_name_the_request() -> None:
    assert context_features(context(datetime(2026, 3, 7, 21, tzinfo=UTC), plays=30)) == {
        "context": {
            "surface": "tv",
            "hour": "evening",
            "day": "weekend",
            "market": "pt",
            "tier": "premium",
            "history": "some",
        },
        "user": {"id": "ana"},
    }


def test_a_day_has_six_hour_buckets_of_four_hours() -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    hours = [context_features(context(midnight + timedelta(hours=h)))["context"]["hour"] for h in range(24)]
    assert len(set(hours)) == 6
    assert all(len(set(hours[start : start + 4])) == 1 for start in range(0, 24, 4))


@pytest.mark.parametrize(
    ("plays", "bucket"), [(0, "none"), (1, "few"), (9, "few"), (10, "some"), (199, "many"), (200, "most")]
)
def test_history_is_bucketed_by_size(plays: int, bucket: str) -> None:
    assert context_features(context(datetime(2026, 3, 2, tzinfo=UTC), plays))["context"]["history"] == bucket


def test_shelf_features_split_categories_from_numbers() -> None:
    assert shelf_features(shelf()) == {
        "shelf": {
            "source": "because_you_listened",
            "family": "seeded",
            "content_type": "music",
            "genre": "trip hop",
            "fresh": "yes",
            "sponsored": "no",
            "exploratory": "no",
            "affinity": "highest",
        },
        "numbers": {"taste": 0.85, "popularity": 0.25, "novelty": 0.5, "size": pytest.approx(np.log(13.0))},
    }


def test_seed_and_sponsor_are_no_features() -> None:
    line = encode(shelf_features(shelf(sponsor="acme", seed="artist:7")))
    assert "acme" not in line
    assert "artist" not in line


def test_what_a_shelf_lacks_is_left_out() -> None:
    bare = Shelf("s", "t", np.arange(1, dtype=np.int32), np.ones(1, dtype=np.float32), Provenance("x", "y"))
    assert shelf_features(bare) == {"shelf": {}, "numbers": {}}


def test_freshness_is_used_where_present() -> None:
    assert shelf_features(shelf(freshness=0.75))["numbers"]["freshness"] == 0.75


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "often"])
def test_a_number_that_is_none_names_shelf_and_attribute(value: Attribute) -> None:
    with pytest.raises(ValueError, match="shelf 's1': attribute popularity"):
        shelf_features(shelf(popularity=value))
