"""Listeners of the embedded catalogue: tastes, histories, follows and friends."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial

import numpy as np
from numpy.typing import NDArray

from home.demo.dice import Dice
from home.demo.names import Names
from home.demo.taxonomy import BOOK_TOPICS, GENRES, MARKETS, PODCAST_TOPICS, VIDEO_TOPICS, Genre
from shelves.types import ContentType, Interaction, Item, Kind, Listener

LISTENERS = 300

_MARKET_SHARES = (0.2, 0.16, 0.26, 0.16, 0.12, 0.1)
_PREMIUM = 0.45
_CLEAN_ONLY = 0.2
_FEWEST, _MOST = 20, 120
_MEAN_MORE = 42.0
_SHARES = {
    ContentType.MUSIC: 0.66,
    ContentType.PODCAST: 0.13,
    ContentType.AUDIOBOOK: 0.09,
    ContentType.VIDEO: 0.12,
}
_KIND_PULL = {Kind.ARTIST: 2.2, Kind.ALBUM: 1.0, Kind.TRACK: 0.7, Kind.PLAYLIST: 1.6}
_CURIOSITY = 0.004
_MEAN_AGE_DAYS = 45.0
_LAPSED = 0.2
_MEAN_LAPSED_DAYS = 320.0
_FRIENDS = (2, 5)
_HOMOPHILY = 6.0
_FOLLOWED = {Kind.ARTIST: 0.5, Kind.PODCAST: 0.6, Kind.PLAYLIST: 0.25}

Taste = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class DemoListener:
    """A listener with everything known about it; `follows` are item ids and `friends` listener ids."""

    listener: Listener
    history: tuple[Interaction, ...]
    follows: tuple[str, ...]
    friends: tuple[str, ...]


def make(seed: int, as_of: datetime, items: Sequence[Item]) -> tuple[DemoListener, ...]:
    """Listeners whose histories follow their tastes, markets and settings, up to `as_of`.

    A taste is a weight per tag: one favourite genre, two or three near it, their moods, and topics that go
    with them. An item is drawn in proportion to (affinity + a little curiosity) x square root of popularity.
    Friends are more likely the more alike their tastes are.
    """
    people = _people(seed)
    tastes = [_taste(Dice(seed, f"taste {person.id}"), person) for person in people]
    friends = _friends(seed, people, tastes)
    pools = _pools(items)
    return tuple(
        _listener(seed, as_of, person, taste, pools, friends[person.id])
        for person, taste in zip(people, tastes, strict=True)
    )


def _people(seed: int) -> list[Listener]:
    dice = Dice(seed, "listeners")
    names = Names(Dice(seed, "listener names"))
    people: list[Listener] = []
    for number in range(1, LISTENERS + 1):
        market = dice.weighted(MARKETS, _MARKET_SHARES)
        person = Listener(
            id=f"demo-listener-{number}",
            name=names.once(partial(names.person, market)),
            market=market,
            allows_explicit=not dice.chance(_CLEAN_ONLY),
            tier="premium" if dice.chance(_PREMIUM) else "free",
        )
        people.append(person)
    return people


def _taste(dice: Dice, person: Listener) -> Taste:
    pull = [2.5 if genre.home == person.market else 0.4 if genre.home else 1.0 for genre in GENRES]
    favourite = dice.weighted(GENRES, pull)
    near = [genre for genre in GENRES if genre != favourite and _near(genre, favourite)]
    weights = {favourite.name: 1.0}
    weights |= {genre.name: dice.uniform(0.35, 0.7) for genre in dice.sample(near, dice.integer(2, 3))}
    weights[dice.pick(GENRES).name] = 0.4
    weights |= {mood: dice.uniform(0.1, 0.3) for mood in favourite.moods}
    for topics in (PODCAST_TOPICS, BOOK_TOPICS, VIDEO_TOPICS):
        fit = [4.0 if favourite.family in topic.families else 1.0 for topic in topics]
        weights |= {topic.name: dice.uniform(0.5, 1.0) for topic in dice.weighted_sample(topics, fit, 3)}
    return weights


def _near(genre: Genre, favourite: Genre) -> bool:
    return genre.family == favourite.family or set(genre.moods) == set(favourite.moods)


def _affinity(taste: Taste, tags: Sequence[str]) -> float:
    return sum(taste.get(tag, 0.0) / position for position, tag in enumerate(tags, start=1))


def _playable(person: Listener, item: Item) -> bool:
    here = not item.markets or person.market in item.markets
    return here and (person.allows_explicit or not item.explicit)


@dataclass(frozen=True, slots=True)
class _Pool:
    """The items of one content type: their pull before taste, and which of `tags` each has."""

    share: float
    items: tuple[Item, ...]
    pull: NDArray[np.float64]
    tags: tuple[tuple[str, ...], ...]
    tags_of: NDArray[np.intp]


def _pool(share: float, items: Sequence[Item]) -> _Pool:
    tags = {item.tags: None for item in items}
    index = {combination: i for i, combination in enumerate(tags)}
    pull = [math.sqrt(item.popularity) * _KIND_PULL.get(item.kind, 1.0) for item in items]
    return _Pool(
        share, tuple(items), np.array(pull), tuple(tags), np.array([index[item.tags] for item in items])
    )


def _pools(items: Sequence[Item]) -> list[_Pool]:
    return [
        _pool(share, [item for item in items if item.content_type is content_type])
        for content_type, share in _SHARES.items()
    ]


def _listener(
    seed: int,
    as_of: datetime,
    person: Listener,
    taste: Taste,
    pools: Sequence[_Pool],
    friends: tuple[str, ...],
) -> DemoListener:
    dice = Dice(seed, f"history {person.id}")
    count = min(_FEWEST + int(dice.exponential(_MEAN_MORE)), _MOST)
    chosen = [item for pool in pools for item in _drawn(dice, person, taste, pool, count)]
    history = [_interaction(dice, _affinity(taste, item.tags), item, as_of) for item in chosen]
    history.sort(key=lambda interaction: (-interaction.weight, interaction.item_id))
    follows = [item.id for item in chosen if dice.chance(_FOLLOWED.get(item.kind, 0.0))]
    return DemoListener(person, tuple(history), tuple(sorted(follows)), friends)


def _drawn(dice: Dice, person: Listener, taste: Taste, pool: _Pool, count: int) -> list[Item]:
    liking = np.array([_affinity(taste, tags) for tags in pool.tags])[pool.tags_of]
    playable = np.array([_playable(person, item) for item in pool.items])
    pull = (liking**2 + _CURIOSITY) * pool.pull * playable
    return dice.weighted_sample(pool.items, pull, max(2, round(count * pool.share)))


def _interaction(dice: Dice, liking: float, item: Item, as_of: datetime) -> Interaction:
    devotion = (0.3 + liking) * (12.0 if item.content_type is ContentType.MUSIC else 3.0)
    weight = 1 + int(dice.exponential(devotion) * dice.uniform(0.5, 2.0))
    mean = _MEAN_LAPSED_DAYS if dice.chance(_LAPSED) else _MEAN_AGE_DAYS
    last_at = as_of - timedelta(minutes=int(dice.exponential(mean) * 1440.0))
    if item.released is not None and item.kind is not Kind.PODCAST:
        last_at = min(max(last_at, datetime.combine(item.released, time(6), UTC)), as_of)
    return Interaction(item.id, float(weight), last_at)


def _friends(seed: int, people: Sequence[Listener], tastes: Sequence[Taste]) -> dict[str, tuple[str, ...]]:
    dice = Dice(seed, "friends")
    circles: dict[str, set[str]] = {person.id: set() for person in people}
    for person, taste in zip(people, tastes, strict=True):
        pull = [_likeness(person, taste, *other) for other in zip(people, tastes, strict=True)]
        for friend in dice.weighted_sample(people, pull, dice.integer(*_FRIENDS)):
            circles[person.id].add(friend.id)
            circles[friend.id].add(person.id)
    return {identity: tuple(sorted(circle)) for identity, circle in circles.items()}


def _likeness(person: Listener, taste: Taste, other: Listener, others: Taste) -> float:
    if person.id == other.id:
        return 0.0
    overlap = sum(weight * others.get(tag, 0.0) for tag, weight in taste.items())
    scale = math.sqrt(sum(w * w for w in taste.values()) * sum(w * w for w in others.values()))
    same_market = 2.0 if person.market == other.market else 1.0
    return same_market * math.exp(_HOMOPHILY * overlap / scale)
