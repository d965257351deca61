"""The embedded catalogue's genres and topics, and how music relates to stories, talk and film."""

from __future__ import annotations

from dataclasses import dataclass

MARKETS = ("SE", "DE", "US", "BR", "IN", "JP")


@dataclass(frozen=True, slots=True)
class Genre:
    """A music genre: its family (whose words name its artists), moods, heyday, home market and language.

    `first` and `last` bound the years in which most of it was released; `explicit` is the share of tracks
    with explicit words.
    """

    name: str
    family: str
    moods: tuple[str, str]
    first: int
    last: int
    home: str | None = None
    explicit: float = 0.02


GENRES = (
    Genre("indie rock", "rock", ("bittersweet", "driving"), 2001, 2026, explicit=0.06),
    Genre("classic rock", "rock", ("driving", "warm"), 1966, 1984),
    Genre("garage rock", "rock", ("raw", "driving"), 1998, 2024, explicit=0.08),
    Genre("post-punk", "rock", ("dark", "driving"), 1979, 2026, explicit=0.05),
    Genre("shoegaze", "rock", ("dreamy", "melancholic"), 1989, 2026),
    Genre("psychedelic rock", "rock", ("dreamy", "warm"), 1966, 2025),
    Genre("punk rock", "rock", ("raw", "driving"), 1976, 2022, explicit=0.2),
    Genre("heavy metal", "metal", ("dark", "driving"), 1978, 2024, explicit=0.08),
    Genre("doom metal", "metal", ("dark", "melancholic"), 1986, 2026),
    Genre("metalcore", "metal", ("raw", "dark"), 2002, 2026, explicit=0.2),
    Genre("house", "club", ("euphoric", "late night"), 1986, 2026),
    Genre("techno", "club", ("dark", "late night"), 1988, 2026, home="DE"),
    Genre("drum and bass", "club", ("driving", "late night"), 1994, 2026),
    Genre("trance", "club", ("euphoric", "dreamy"), 1995, 2024),
    Genre("ambient", "electronic", ("calm", "dreamy"), 1978, 2026),
    Genre("downtempo", "electronic", ("calm", "late night"), 1994, 2026),
    Genre("synthwave", "electronic", ("driving", "late night"), 2010, 2026),
    Genre("synthpop", "pop", ("euphoric", "bittersweet"), 1980, 2026, home="SE"),
    Genre("dance pop", "pop", ("euphoric", "sunny"), 1999, 2026, explicit=0.05),
    Genre("dream pop", "pop", ("dreamy", "bittersweet"), 1988, 2026),
    Genre("chamber pop", "pop", ("warm", "bittersweet"), 1968, 2025),
    Genre("city pop", "pop", ("sunny", "late night"), 1978, 2025, home="JP"),
    Genre("schlager", "pop", ("sunny", "romantic"), 1970, 2025, home="DE"),
    Genre("hip-hop", "hip-hop", ("driving", "raw"), 1990, 2026, home="US", explicit=0.45),
    Genre("trap", "hip-hop", ("dark", "late night"), 2010, 2026, explicit=0.6),
    Genre("lo-fi beats", "hip-hop", ("calm", "late night"), 2014, 2026),
    Genre("neo soul", "soul", ("warm", "romantic"), 1996, 2026, explicit=0.06),
    Genre("funk", "soul", ("sunny", "driving"), 1969, 2024),
    Genre("disco", "soul", ("euphoric", "sunny"), 1974, 2023),
    Genre("rnb", "soul", ("romantic", "late night"), 1994, 2026, explicit=0.15),
    Genre("bebop", "jazz", ("late night", "driving"), 1946, 1968),
    Genre("jazz fusion", "jazz", ("driving", "warm"), 1969, 2025),
    Genre("bossa nova", "jazz", ("calm", "romantic"), 1959, 2022, home="BR"),
    Genre("indie folk", "folk", ("warm", "melancholic"), 2003, 2026),
    Genre("americana", "folk", ("warm", "bittersweet"), 1971, 2025, home="US"),
    Genre("nordic folk", "folk", ("melancholic", "calm"), 1990, 2026, home="SE"),
    Genre("orchestral", "classical", ("warm", "calm"), 1985, 2025),
    Genre("piano", "classical", ("calm", "melancholic"), 2001, 2026),
    Genre("film score", "classical", ("dark", "warm"), 1975, 2026),
    Genre("afrobeat", "world", ("sunny", "driving"), 1972, 2026),
    Genre("samba", "world", ("sunny", "warm"), 1964, 2026, home="BR"),
    Genre("baile funk", "world", ("euphoric", "raw"), 2008, 2026, home="BR", explicit=0.35),
    Genre("filmi", "world", ("romantic", "euphoric"), 1975, 2026, home="IN"),
    Genre("raga fusion", "world", ("calm", "dreamy"), 1979, 2026, home="IN"),
    Genre("reggae", "world", ("sunny", "calm"), 1973, 2024),
)

GENRE_OF = {genre.name: genre for genre in GENRES}
FAMILIES = tuple(dict.fromkeys(genre.family for genre in GENRES))
MOODS = tuple(dict.fromkeys(mood for genre in GENRES for mood in genre.moods))


@dataclass(frozen=True, slots=True)
class Topic:
    """What a podcast, audiobook or film is about, with the families and moods of music that go with it."""

    name: str
    families: tuple[str, ...]
    moods: tuple[str, ...] = ()
    explicit: float = 0.0


PODCAST_TOPICS = (
    Topic("music history", ("rock", "soul", "jazz"), ("warm",)),
    Topic("songwriting", ("folk", "pop"), ("bittersweet",)),
    Topic("club culture", ("club", "electronic"), ("late night",), explicit=0.1),
    Topic("hip-hop culture", ("hip-hop", "soul"), ("raw",), explicit=0.35),
    Topic("science", ("electronic", "classical"), ("calm",)),
    Topic("technology", ("electronic", "club"), ("driving",)),
    Topic("space", ("electronic", "rock"), ("dreamy",)),
    Topic("true crime", ("metal", "hip-hop"), ("dark",), explicit=0.3),
    Topic("history", ("classical", "folk"), ("warm",)),
    Topic("philosophy", ("classical", "jazz"), ("calm",)),
    Topic("nature", ("folk", "world"), ("calm",)),
    Topic("travel", ("world", "folk"), ("sunny",)),
    Topic("food", ("world", "soul"), ("warm",)),
    Topic("football", ("world", "rock"), ("driving",)),
    Topic("comedy", ("pop", "hip-hop"), ("sunny",), explicit=0.25),
    Topic("mindfulness", ("electronic", "classical"), ("calm",)),
    Topic("business", ("pop", "club"), ("driving",)),
    Topic("film talk", ("pop", "classical"), ("bittersweet",)),
    Topic("gaming", ("metal", "electronic"), ("driving",), explicit=0.08),
    Topic("politics", ("rock", "folk"), ("raw",)),
)
BOOK_TOPICS = (
    Topic("fantasy", ("metal", "folk"), ("dreamy",)),
    Topic("science fiction", ("electronic", "club"), ("dark",)),
    Topic("crime", ("metal", "rock"), ("dark",), explicit=0.15),
    Topic("romance", ("pop", "soul"), ("romantic",), explicit=0.12),
    Topic("historical fiction", ("classical", "folk"), ("warm",)),
    Topic("horror", ("metal", "rock"), ("dark",), explicit=0.25),
    Topic("literary fiction", ("jazz", "folk", "pop"), ("melancholic",)),
    Topic("memoir", ("rock", "soul", "folk"), ("bittersweet",)),
    Topic("music history", ("rock", "jazz", "soul", "hip-hop"), ("warm",)),
    Topic("nature", ("folk", "classical"), ("calm",)),
    Topic("philosophy", ("classical", "jazz"), ("calm",)),
    Topic("travel", ("world", "folk"), ("sunny",)),
    Topic("poetry", ("folk", "jazz"), ("dreamy",)),
    Topic("mythology", ("metal", "world"), ("dark",)),
    Topic("children", ("pop", "folk"), ("sunny",)),
)
VIDEO_TOPICS = (
    Topic("concert", FAMILIES, ("euphoric",)),
    Topic("music documentary", FAMILIES, ("bittersweet",)),
    Topic("nature documentary", ("classical", "folk", "electronic"), ("calm",)),
    Topic("drama", ("folk", "classical", "soul"), ("melancholic",), explicit=0.1),
    Topic("comedy", ("pop", "soul", "world"), ("sunny",), explicit=0.1),
    Topic("thriller", ("metal", "club", "hip-hop"), ("dark",), explicit=0.25),
    Topic("science fiction", ("electronic", "club", "rock"), ("dreamy",), explicit=0.05),
    Topic("road movie", ("rock", "folk", "world"), ("driving",), explicit=0.08),
    Topic("animation", ("pop", "world", "hip-hop"), ("sunny",)),
)

SPONSORS = ("Kestrel Audio", "Nordlicht Coffee", "Papaya Mobile", "Lumen Bank", "Halcyon Rail")
