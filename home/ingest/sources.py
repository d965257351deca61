"""The input files: which data set each belongs to, how it is written, and where to get it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from home.errors import HomeError


class IngestError(HomeError):
    """The data directory cannot be loaded: a file is missing or is not what its name says."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One input file: a header line, then one row per line.

    `columns` are the ones that are read; others may be present. `home` is where to get the file.
    """

    dataset: str
    name: str
    columns: tuple[str, ...]
    home: str
    encoding: str = "utf-8"
    tabs: bool = False

    @property
    def label(self) -> str:
        """The file's path below the data directory, as shown to people."""
        return f"{self.dataset}/{self.name}"

    def path(self, data_dir: Path) -> Path:
        """Where the file lies below `data_dir`."""
        return data_dir / self.dataset / self.name


LASTFM = "lastfm-hetrec2011"
ROCK = "classic-rock-tracks"
PODCAST_LIST = "podcasts-awesome"
GOODBOOKS = "goodbooks-10k"
MOVIELENS = "ml-latest-small-2016"

_HETREC = "https://grouplens.org/datasets/hetrec-2011/"
_MOVIELENS_HOME = "https://grouplens.org/datasets/movielens/"

ARTISTS = SourceFile(LASTFM, "artists.dat", ("id", "name"), _HETREC, tabs=True)
TAGS = SourceFile(LASTFM, "tags.dat", ("tagID", "tagValue"), _HETREC, "iso-8859-1", tabs=True)
PLAYS = SourceFile(LASTFM, "user_artists.dat", ("userID", "artistID", "weight"), _HETREC, tabs=True)
FRIENDS = SourceFile(LASTFM, "user_friends.dat", ("userID", "friendID"), _HETREC, tabs=True)
TAGGINGS = SourceFile(
    LASTFM,
    "user_taggedartists.dat",
    ("userID", "artistID", "tagID", "day", "month", "year"),
    _HETREC,
    tabs=True,
)
TRACKS = SourceFile(
    ROCK,
    "classic-rock-song-list.csv",
    ("Song Clean", "ARTIST CLEAN", "Release Year", "PlayCount"),
    "https://github.com/fivethirtyeight/data (folder classic-rock)",
)
PODCASTS = SourceFile(
    PODCAST_LIST,
    "podcasts.csv",
    ("podcast_id", "title", "category", "subcategory", "host"),
    "https://github.com/rShetty/awesome-podcasts",
)
BOOKS = SourceFile(
    GOODBOOKS,
    "books.csv",
    ("book_id", "authors", "original_publication_year", "title", "ratings_count"),
    "https://github.com/zygmuntz/goodbooks-10k",
)
BOOK_GENRES = SourceFile(
    GOODBOOKS,
    "book_genres.csv",
    ("book_id", "genres"),
    "https://github.com/Pradyumna-Chacham/goodbooks-recommender",
)
TO_READ = SourceFile(
    GOODBOOKS, "to_read_subset.csv", ("user_id", "book_id"), "https://github.com/neha8w/goodreads-analysis"
)
MOVIES = SourceFile(MOVIELENS, "movies.csv", ("movieId", "title", "genres"), _MOVIELENS_HOME)
RATINGS = SourceFile(MOVIELENS, "ratings.csv", ("userId", "movieId", "rating", "timestamp"), _MOVIELENS_HOME)
MOVIE_TAGS = SourceFile(MOVIELENS, "tags.csv", ("userId", "movieId", "tag"), _MOVIELENS_HOME)


def require(files: Iterable[SourceFile], data_dir: Path) -> None:
    """Check that every file is there. Raises IngestError naming each missing file and where to get it."""
    if not data_dir.is_dir():
        raise IngestError(
            f"data directory {data_dir} does not exist; pass the directory that holds {LASTFM}/"
        )
    missing = [file for file in files if not file.path(data_dir).is_file()]
    if missing:
        lines = [f"  {file.label}: get it from {file.home}" for file in missing]
        raise IngestError("\n".join([f"files are missing below {data_dir}:", *lines]))
