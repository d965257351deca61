"""Turning free tags and shop categories into the catalogue's genres and tags."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

TOP_TAGS = 8

_ALIASES = {
    "brasil": "brazilian",
    "brazil": "brazilian",
    "chill": "chillout",
    "drum n bass": "drum and bass",
    "drum & bass": "drum and bass",
    "electro pop": "electropop",
    "female": "female vocalists",
    "female vocal": "female vocalists",
    "female vocalist": "female vocalists",
    "film-noir": "film noir",
    "hip hop": "hip-hop",
    "hiphop": "hip-hop",
    "indi": "indie",
    "male vocalist": "male vocalists",
    "r&b": "rnb",
    "rock and roll": "rock n roll",
    "sci-fi": "science fiction",
    "synth pop": "synthpop",
    "trip hop": "trip-hop",
    "united states": "american",
    "usa": "american",
    "uk": "british",
    "world music": "world",
}
_OPINIONS = frozenset(
    {
        "<3",
        "albums i own",
        "all",
        "amazing",
        "artist",
        "artists",
        "awesome",
        "bands",
        "beautiful",
        "best",
        "better than lady gaga",
        "check out",
        "cool",
        "cover",
        "covers",
        "epic",
        "favorite",
        "favorite artists",
        "favorite songs",
        "favorites",
        "favourite",
        "favourite artists",
        "favourites",
        "favs",
        "fun",
        "good",
        "great",
        "guilty pleasure",
        "guilty pleasures",
        "hot",
        "i love",
        "legend",
        "legends",
        "live",
        "love",
        "love at first listen",
        "love it",
        "loved",
        "lovely",
        "music",
        "my music",
        "nice",
        "perfect",
        "remix",
        "seen live",
        "sexy",
        "songs",
        "spotify",
        "sweet",
        "the best",
        "top",
        "under 2000 listeners",
        "want to see live",
    }
)
"""Tags that say what someone thinks of the music or has done with it, not what it is."""


def clean(tag: str) -> str:
    """A tag in lower case with one spelling per meaning; empty when it only states an opinion."""
    plain = " ".join(tag.lower().split())
    plain = _ALIASES.get(plain, plain)
    return "" if plain in _OPINIONS else plain


def distinct(tags: Iterable[str]) -> tuple[str, ...]:
    """The tags that are not empty, without repeats, in the order given."""
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def top_tags(counts: Mapping[str, int], overall: Mapping[str, int]) -> tuple[str, ...]:
    """The tags given most often, at most TOP_TAGS; ties go to the more used `overall`, then the alphabet."""
    return tuple(sorted(counts, key=lambda tag: (-counts[tag], -overall[tag], tag))[:TOP_TAGS])


_BOOK_GENRES = {
    "young adult": r"\b(ya|young-adult|teens?)\b",
    "children": r"\b(children|childrens|children-s|middle-grade|middle-grades|juvenile|picture-books)\b",
    "fantasy": r"fantasy|\b(magic|dragons|witches|wizards)\b",
    "science fiction": r"\b(sci-fi|scifi|science-fiction|sciencefiction|sf|aliens|space)\b",
    "mystery": r"\b(mystery|mysteries|detectives?)\b",
    "thriller": r"\b(thrillers?|suspense)\b",
    "crime": r"\b(crime|murder|true-crime)\b",
    "romance": r"\b(romance|romantic|erotic|erotica)\b",
    "historical fiction": r"historical-?fiction|historic-fiction|fiction-historical|historical-novel",
    "history": r"\b(history|world-war-ii|ww2|wwii)\b",
    "horror": r"\b(horror|creepy|ghosts)\b",
    "gothic": r"\bgothic\b",
    "paranormal": r"\b(paranormal|vampires?|werewolves)\b",
    "dystopia": r"dystopia",
    "classics": r"\b(classics?)\b",
    "contemporary": r"\bcontemporary\b",
    "literary fiction": r"literary",
    "memoir": r"\b(memoirs?|autobiography|auto-biography)\b",
    "biography": r"\b(biography|biographies|bio)\b",
    "comics": r"\b(comics?|manga|graphic-novels?)\b",
    "poetry": r"\bpoetry\b",
    "philosophy": r"\bphilosophy\b",
    "psychology": r"\bpsychology\b",
    "politics": r"\b(politics|political)\b",
    "business": r"\b(business|economics|finance)\b",
    "science": r"\b(science|physics|biology)\b(?!-fiction)",
    "religion": r"\b(religion|christian|spirituality|faith)\b",
    "humor": r"\b(humor|humour|comedy|funny)\b",
    "travel": r"\btravel\b",
    "food": r"\b(food|cooking|cookbooks?)\b",
    "music": r"\bmusic\b",
    "sports": r"\bsports?\b",
    "war": r"\b(war|military)\b",
    "mythology": r"\b(mythology|fairy-tales?)\b",
    "magical realism": r"magical-realism",
    "self-help": r"\b(self-help|personal-development)\b",
    "nonfiction": r"\b(nonfiction|non-fiction)\b",
    "british": r"\bbritish\b",
    "american": r"\bamerican\b",
}
_BOOK_PATTERNS = {genre: re.compile(pattern) for genre, pattern in _BOOK_GENRES.items()}


def book_genres(shelves: str) -> tuple[str, ...]:
    """Genres from a comma-separated list of readers' shelf names, at most TOP_TAGS.

    The list has no order and many spellings of one genre, so each name votes for every genre that it
    mentions and the genres with most votes come first.
    """
    votes: Counter[str] = Counter()
    for name in shelves.split(","):
        votes.update(genre for genre, pattern in _BOOK_PATTERNS.items() if pattern.search(name))
    return tuple(sorted(votes, key=lambda genre: (-votes[genre], genre))[:TOP_TAGS])
