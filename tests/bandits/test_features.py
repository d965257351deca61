"""Features are those that are declared, with the values that are declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from bandits.features import FEATURES, Declared, context_features, shelf_features
from bandits.policies.encoding import LETTERS, SHARED, encode
from bandits.responses import STRANGER, Leaning
from bandits.types import Features
from home.options import features_of, options_of
from shelves.aggregates import AGGREGATES
from shelves.types import Attribute, Context, Interaction, Listener, Provenance, Responses, Shelf
from tests.home.simulate.world import world

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


DECLARED: Mapping[tuple[str, str], Declared] = {(one.namespace, one.name): one for one in FEATURES}


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


def features(one: Shelf, leaning: Leaning = STRANGER, **told: Any) -> Features:
    items = np.linspace(0.1, 0.7, len(AGGREGATES))[None, :]
    known = replace(context(datetime(2026, 3, 7, tzinfo=UTC)), **told)
    return shelf_features([one], items, known, leaning)[0]


def undeclared(found: Features) -> list[tuple[str, str, str | float]]:
    """Every feature that no declaration admits, with its value."""
    sparse = {one.namespace: one for one in FEATURES if one.sparse}
    return [
        (namespace, name, value)
        for namespace, values in found.items()
        for name, value in values.items()
        if not (one := DECLARED.get((namespace, name), sparse.get(namespace))) or not one.admits(value)
    ]


def test_every_feature_of_real_pages_is_declared_with_its_values() -> None:
    made = world()
    counts: Responses = {("trending", "chart", "music"): (9.0, 9.0), ("x", "mix", "video"): (40.0, 0.0)}
    seen = set[tuple[str, str]]()
    for visitor in made.contexts[:8]:
        told = replace(visitor, responses=counts, crowd_responses=counts)
        built = made.tools.builder.build(told)
        options = options_of(built.shelves, made.tools.surface("phone"))
        about, rows = features_of(built.shelves, options, built.view)
        for found in (about, *rows):
            assert undeclared(found) == []
            seen |= {(namespace, name) for namespace, values in found.items() for name in values}
    assert {key for key, one in DECLARED.items() if not one.sparse} <= seen


def test_what_is_not_declared_is_noticed() -> None:
    found = {"numbers": {"taste": 1.5, "haste": 0.5}, "kind": {"family": 3.0}, "leanings": {"mix": -1.0}}
    assert undeclared(found) == [
        ("numbers", "taste", 1.5),
        ("numbers", "haste", 0.5),
        ("kind", "family", 3.0),
    ]


def test_every_namespace_has_a_letter_of_its_own() -> None:
    assert {one.namespace for one in FEATURES} | {"position"} == set(LETTERS)
    assert len(set(LETTERS.values())) == len(LETTERS)
    assert set(context_features(context(datetime(2026, 3, 7, tzinfo=UTC)))) | {"position"} == set(SHARED)


def test_context_features_name_the_request() -> None:
    assert context_features(context(datetime(2026, 3, 7, 21, tzinfo=UTC), plays=30)) == {
        "context": {"surface": "tv", "hour": "evening", "day": "weekend"},
        "listener": {"market": "pt", "tier": "premium", "history": "some"},
        "user": {"id": "ana"},
        "leanings": {},
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
    found = context_features(context(datetime(2026, 3, 2, tzinfo=UTC), plays))
    assert found["listener"]["history"] == bucket


def test_shelf_features_split_categories_from_numbers() -> None:
    leaning = Leaning({"because_you_listened": 0.2}, {"seeded": 0.1, "mix": 0.3}, {"video": 0.4})
    found = features(shelf(), leaning, previous_page=("s1",), shelf_responses={"s1": (3, 1)})
    assert found == {
        "kind": {"family": "seeded"},
        "shelf": {
            "source": "because_you_listened",
            "content_type": "music",
            "genre": "trip hop",
            "fresh": "yes",
            "sponsored": "no",
            "exploratory": "no",
            "affinity": "highest",
        },
        "numbers": {"taste": 0.85, "popularity": 0.25, "novelty": 0.5, "size": pytest.approx(np.log(13.0))},
        "items": {name: pytest.approx(0.1 * (i + 1)) for i, name in enumerate(AGGREGATES)}
        | {"repeated": 1.0, "looks": pytest.approx(np.log(4.0)), "clicks": pytest.approx(np.log(2.0))},
        "responses": {"source": 0.2, "family": 0.1, "content_type": 0.0},
    }


def test_a_shelf_without_a_genre_has_no_such_feature() -> None:
    assert "genre" not in features(shelf(genre=""))["shelf"]


def test_seed_and_sponsor_are_no_features() -> None:
    line = encode(features(shelf(sponsor="acme", seed="artist:7")))
    assert "acme" not in line
    assert "artist:" not in line
    assert "artist%3A" not in line


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "often"])
def test_a_number_that_is_none_names_shelf_and_attribute(value: Attribute) -> None:
    with pytest.raises(ValueError, match="shelf 's1': attribute popularity"):
        features(shelf(popularity=value))
