"""Small features to score and learn from."""

from __future__ import annotations

from bandits.types import Example, Features

MORNING: Features = {
    "context": {"surface": "phone", "hour": "morning", "day": "weekday"},
    "listener": {"market": "us", "tier": "free", "history": "some"},
    "user": {"id": "l1"},
}
EVENING: Features = {
    "context": {"surface": "phone", "hour": "evening", "day": "weekday"},
    "listener": {"market": "us", "tier": "free", "history": "some"},
    "user": {"id": "l2"},
}


def action(source: str, taste: float = 0.5) -> Features:
    """The features of one shelf."""
    return {
        "kind": {"family": source[:2]},
        "shelf": {"source": source, "content_type": "music", "fresh": "no"},
        "numbers": {"taste": taste, "popularity": 0.3, "novelty": 0.1, "size": 2.5},
    }


def actions(n: int) -> list[Features]:
    """n shelves that differ."""
    return [action(f"source {i}", taste=(7 * i % 11) / 11) for i in range(n)]


def example(reward: float, probability: float = 0.5, slot: int = 0, context: Features = MORNING) -> Example:
    """One examined shelf."""
    return Example(context, action("source 1"), slot, reward, probability)
