"""Importances are of the model's own values, and collisions are counted exactly."""

from __future__ import annotations

import json

import numpy as np
import pytest
import vowpal_wabbit_next as vw

from bandits.policies import build
from bandits.policies.encoding import LETTERS, encode
from bandits.policies.importance import Page, contributions, importances, learner_of
from bandits.policies.vw import VwConfig, VwPolicy, training_lines
from bandits.types import Example, Features

CONFIG = VwConfig(position=True, interactions=("context*kind", "leanings*kind", "kind*shelf"))


def context(hour: str) -> Features:
    return {"context": {"hour": hour, "day": "week end"}, "user": {"id": "l"}, "leanings": {"mix": 0.25}}


def action(family: str, taste: float) -> Features:
    return {"kind": {"family": family}, "shelf": {"source": "12"}, "numbers": {"taste": taste, "size": 0.0}}


ACTIONS = [action("mix", 0.5), action("chart", 0.25), action("spo:ken", 0.75)]
PAGES: list[Page] = [(context(hour), ACTIONS) for hour in ("morning", "evening")]


def examples() -> list[Example]:
    rng = np.random.default_rng(3)
    return [
        Example(context("morning"), ACTIONS[i], 0, float(rng.random() < (0.7, 0.2, 0.4)[i]), 1.0)
        for i in rng.integers(3, size=400)
    ]


def learned(config: VwConfig = CONFIG) -> VwPolicy:
    policy = VwPolicy(config)
    policy.learn(examples())
    return policy


@pytest.mark.parametrize("page", PAGES)
def test_what_features_add_is_the_value(page: Page) -> None:
    policy = learned()
    added = sum(contributions(policy, page).values())
    values = policy.score(*page, 1).values[:, 0]
    assert np.ptp(values) > 0.1
    np.testing.assert_allclose(added, values, atol=1e-4)


def test_weights_are_found_where_the_learner_says_they_are() -> None:
    workspace = vw.Workspace(CONFIG.arguments(), record_feature_names=True)
    parser = vw.TextFormatParser(workspace)
    for example in examples():
        workspace.learn_one([parser.parse_line(line) for line in training_lines(CONFIG, example)])
    theirs = {
        " × ".join(f"{term['namespace']}.{term['name']}" for term in one["terms"]): -one["value"]
        for one in json.loads(workspace.json_weights(include_feature_names=True))["weights"]
    }
    found = importances(learned(), PAGES[:1])
    for one in found.features:
        parts = [part.partition(".") for part in one.strongest.split(" × ")]
        name = " × ".join(f"{LETTERS[space]}.{_written(term)}" for space, _, term in parts)
        assert theirs[name] == pytest.approx(one.weight, abs=1e-6), one.strongest


def test_the_feature_that_decides_comes_first() -> None:
    policy = VwPolicy(VwConfig(interactions=()))
    policy.learn(
        Example(context("morning"), action(family, 0.5), 0, float(family == "mix"), 1.0)
        for family in ("mix", "chart") * 100
    )
    first = importances(policy, PAGES).features[0]
    assert (first.feature, first.terms) == ("kind.family", 3)
    assert (first.weight > 0.0) is (first.strongest == "kind.family=mix")


def test_collisions_are_counted() -> None:
    families = [f"family {i}" for i in range(300)]
    page: Page = ({"context": {}}, [action(family, 0.5) for family in families])
    config = VwConfig(bits=10, interactions=())
    found = importances(VwPolicy(config), [page])
    hashes = [VwPolicy(config).hash_of("kind", "family", family) for family in families]
    hashes += [
        VwPolicy(config).hash_of("shelf", "source", "12"),
        VwPolicy(config).hash_of("numbers", "taste", 1.0),
    ]
    assert found.terms == len(hashes) == 302
    assert found.colliding == sum(hashes.count(one) > 1 for one in hashes)
    # The number of 302 terms among 1024 weights that share one has mean 77 and a standard deviation under 10.
    assert found.expected == pytest.approx(302 * (1 - (1 - 1 / 1024) ** 301))
    assert abs(found.colliding - found.expected) < 40
    assert importances(VwPolicy(VwConfig(bits=24, interactions=())), [page]).colliding == 0


def test_explorers_have_the_importances_of_their_values_and_other_policies_none() -> None:
    explorer = build("vw_epsilon")
    explorer.learn(examples())
    plain = build("vw")
    plain.learn(examples())
    assert importances(learner_of(explorer), PAGES) == importances(learner_of(plain), PAGES)
    with pytest.raises(ValueError, match="policy 'linucb' has no weights by feature"):
        learner_of(build("linucb"))


def _written(term: str) -> str:
    """A term as the learner's text has it."""
    name, equals, value = term.partition("=")
    return encode({"kind": {name: value}}).partition(" ")[2] if equals else name
