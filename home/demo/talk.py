"""Podcasts, audiobooks and video of the embedded catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from home.demo.dice import Dice
from home.demo.music import decade, display, release_date, rights, zipf
from home.demo.names import Names, with_article
from home.demo.taxonomy import BOOK_TOPICS, GENRES, PODCAST_TOPICS, SPONSORS, VIDEO_TOPICS, Topic
from home.demo.words import ADJECTIVES, FAMILY_NOUNS, PLACES, THINGS
from shelves.types import Item, Kind

PODCASTS = 150
AUDIOBOOKS = 200
VIDEOS = 150

_MOST_PLAYED_PODCAST = 420_000.0
_MOST_PLAYED_BOOK = 160_000.0
_MOST_WATCHED_VIDEO = 240_000.0
_NEWEST_EPISODE_DAYS = 21
_ABANDONED = 0.12
_SPONSORED = 0.06

_PODCAST_SUBJECTS = {
    "music history": ("Liner Notes", "The Second Verse", "Lost Records", "Studio Ghosts"),
    "songwriting": ("First Drafts", "Three Chords", "Middle Eight", "Rhyme & Reason"),
    "club culture": ("Door Policy", "Afterhours", "The Booth", "Warehouse Stories"),
    "hip-hop culture": ("Bars & Blocks", "Sixteen Lines", "The Crate", "Sample Clearance"),
    "science": ("Small Experiments", "Error Bars", "The Peer Review", "Lab Coat Pockets"),
    "technology": ("Hidden Layers", "Legacy Code", "The Patch Notes", "Off by One"),
    "space": ("Escape Velocity", "Quiet Orbit", "The Far Side", "Dark Matters"),
    "true crime": ("Cold Harbour", "The Missing Page", "Unlocked", "Person of Interest"),
    "history": ("Old Maps", "The Long Century", "Salt Roads", "Footnotes"),
    "philosophy": ("Plain Questions", "The Open Tub", "Thought Walks", "Reasonable Doubts"),
    "nature": ("Tidepool", "Under the Canopy", "Field Marks", "Moss & Stone"),
    "travel": ("Slow Trains", "Window Seat", "Elsewhere", "Border Coffee"),
    "food": ("Second Helping", "Salt First", "The Night Market", "Crumbs"),
    "football": ("Stoppage Time", "The Back Post", "False Nine", "Terrace Talk"),
    "comedy": ("Badly Explained", "Two Idiots, One Map", "The Wrong Meeting", "Laugh Track Off"),
    "mindfulness": ("Ten Quiet Minutes", "Soft Landing", "Breathing Room", "The Unhurried Hour"),
    "business": ("Margin Notes", "The Second Founder", "Cash Flow", "Exit Interview"),
    "film talk": ("Aspect Ratio", "The Third Act", "Deleted Scenes", "Row F"),
    "gaming": ("Save Point", "Side Quest", "Frame Rate", "Final Boss Energy"),
    "politics": ("The Back Bench", "Minority Report Card", "Polling Place", "Coalition"),
}
_PODCAST_FORMS = ("{}", "{} with {first}", "{} Weekly", "{} Extra", "{}: The Interviews")


def podcasts(seed: int, as_of: date) -> list[Item]:
    """Shows. `released` is the day of the newest episode; popularity the plays in four weeks."""
    dice = Dice(seed, "podcasts")
    names = Names(Dice(seed, "podcast titles"))
    ranks = dice.sample(range(1, PODCASTS + 1), PODCASTS)
    return [_podcast(dice, names, number, rank, as_of) for number, rank in enumerate(ranks, start=1)]


def _podcast(dice: Dice, names: Names, number: int, rank: int, as_of: date) -> Item:
    topic = PODCAST_TOPICS[number % len(PODCAST_TOPICS)]
    host = names.person()
    title = names.once(
        lambda: dice.pick(_PODCAST_FORMS).format(
            dice.pick(_PODCAST_SUBJECTS[topic.name]), first=host.split()[0]
        )
    )
    age = dice.integer(60, 900) if dice.chance(_ABANDONED) else dice.integer(0, _NEWEST_EPISODE_DAYS)
    return Item(
        id=f"demo-podcast-{number}",
        kind=Kind.PODCAST,
        title=title,
        creator=host if dice.chance(0.6) else f"{host} & {names.person()}",
        genre=topic.name,
        tags=_tags(dice, topic, PODCAST_TOPICS),
        released=as_of - timedelta(days=age),
        markets=rights(dice, None),
        explicit=dice.chance(topic.explicit),
        sponsor=dice.pick(SPONSORS) if dice.chance(_SPONSORED) else None,
        popularity=zipf(rank, _MOST_PLAYED_PODCAST),
    )


def _tags(dice: Dice, topic: Topic, kin: Sequence[Topic]) -> tuple[str, ...]:
    """The topic, a genre or two of the music that goes with it, its mood, and perhaps a second topic."""
    related = [genre.name for genre in GENRES if genre.family in topic.families]
    tags = [topic.name, *topic.moods, *dice.sample(related, dice.integer(1, 2))]
    if dice.chance(0.4):
        tags.append(dice.pick([other.name for other in kin if other != topic]))
    return tuple(dict.fromkeys(tags))


_NONFICTION = frozenset({"memoir", "music history", "nature", "philosophy", "travel"})
_OLDEST_BOOK = 1948


def audiobooks(seed: int, as_of: date) -> list[Item]:
    """Audiobooks by year of first publication; popularity the listeners in four weeks."""
    dice = Dice(seed, "audiobooks")
    names = Names(Dice(seed, "audiobook titles"))
    ranks = dice.sample(range(1, AUDIOBOOKS + 1), AUDIOBOOKS)
    return [_audiobook(dice, names, number, rank, as_of) for number, rank in enumerate(ranks, start=1)]


def _audiobook(dice: Dice, names: Names, number: int, rank: int, as_of: date) -> Item:
    topic = BOOK_TOPICS[number % len(BOOK_TOPICS)]
    tags = _tags(dice, topic, BOOK_TOPICS)
    return Item(
        id=f"demo-audiobook-{number}",
        kind=Kind.AUDIOBOOK,
        title=names.once(lambda: _book_title(dice, names, topic, tags)),
        creator=names.person(),
        genre=topic.name,
        tags=tags,
        released=release_date(dice, as_of, _OLDEST_BOOK, as_of.year),
        markets=rights(dice, None),
        explicit=dice.chance(topic.explicit),
        popularity=zipf(rank, _MOST_PLAYED_BOOK),
    )


def _book_title(dice: Dice, names: Names, topic: Topic, tags: Sequence[str]) -> str:
    thing, other = dice.sample(THINGS, 2)
    place, adjective = dice.pick(PLACES), dice.pick(ADJECTIVES)
    if topic.name == "music history":
        genre = display(_music_tag(tags))
        return dice.pick(
            (f"A Brief History of {genre}", f"{genre}: An Oral History", f"How {genre} Came to {place}")
        )
    if topic.name in _NONFICTION:
        forms = (f"On {thing}s", f"Walking to {place}", f"The {thing} Year", f"What the {thing} Knew")
    elif topic.name == "crime":
        forms = (
            f"The {place} {thing}",
            f"A Death in {place}",
            f"The {thing} Was Empty",
            f"The {adjective} Witness",
        )
    else:
        noun = dice.pick(FAMILY_NOUNS[dice.pick(topic.families)])
        forms = (
            f"The {thing} of {place}",
            f"The {adjective} {thing}",
            f"{thing} and {noun}",
            f"{with_article(other)} {names.when()}",
        )
    return dice.pick(forms)


def _music_tag(tags: Sequence[str]) -> str:
    return next(genre.name for tag in tags for genre in GENRES if genre.name == tag)


_OLDEST_VIDEO = 1972
_LIVE = ("{} – Live in {}", "{}: The {} Session", "{} at {} Hall")
_DOCUMENTARY = ("The Sound of {genre}", "{genre}: Made in {place}", "{place} Nights: A {genre} Story")


def videos(seed: int, as_of: date, artists: Sequence[Item]) -> list[Item]:
    """Concerts of the catalogue's artists, documentaries and films; popularity the views in four weeks."""
    dice = Dice(seed, "videos")
    names = Names(Dice(seed, "video titles"))
    ranks = dice.sample(range(1, VIDEOS + 1), VIDEOS)
    stars = dice.weighted_sample(artists, [artist.popularity**0.5 for artist in artists], VIDEOS)
    return [
        _concert(dice, number, rank, star, as_of)
        if number % 3 == 0
        else _film(dice, names, number, rank, as_of)
        for number, (rank, star) in enumerate(zip(ranks, stars, strict=True), start=1)
    ]


def _concert(dice: Dice, number: int, rank: int, star: Item, as_of: date) -> Item:
    released = release_date(dice, as_of, 1996, as_of.year)
    return Item(
        id=f"demo-video-{number}",
        kind=Kind.VIDEO,
        title=dice.pick(_LIVE).format(star.title, dice.pick(PLACES)),
        creator=star.title,
        genre="concert",
        tags=("concert", *star.tags, decade(released)),
        released=released,
        markets=star.markets,
        popularity=zipf(rank, _MOST_WATCHED_VIDEO),
        artist_id=star.id,
    )


def _film(dice: Dice, names: Names, number: int, rank: int, as_of: date) -> Item:
    topic = VIDEO_TOPICS[1 + number % (len(VIDEO_TOPICS) - 1)]
    tags = _tags(dice, topic, VIDEO_TOPICS[1:])
    return Item(
        id=f"demo-video-{number}",
        kind=Kind.VIDEO,
        title=names.once(lambda: _film_title(dice, names, topic, tags)),
        creator=names.person(),
        genre=topic.name,
        tags=tags,
        released=release_date(dice, as_of, _OLDEST_VIDEO, as_of.year),
        markets=rights(dice, None),
        explicit=dice.chance(topic.explicit),
        popularity=zipf(rank, _MOST_WATCHED_VIDEO),
    )


def _film_title(dice: Dice, names: Names, topic: Topic, tags: Sequence[str]) -> str:
    thing, place, adjective = dice.pick(THINGS), dice.pick(PLACES), dice.pick(ADJECTIVES)
    if topic.name == "music documentary":
        return dice.pick(_DOCUMENTARY).format(genre=display(_music_tag(tags)), place=place)
    if topic.name == "nature documentary":
        return dice.pick(
            (f"Wild {place}", f"The {adjective} Coast", f"{place} {names.when()}", f"Life Under {thing}s")
        )
    noun = dice.pick(FAMILY_NOUNS[dice.pick(topic.families)])
    return dice.pick(
        (f"{adjective} {thing}", f"{place} {names.when()}", f"The {thing} Keeper", f"{noun}", f"{place} Road")
    )
