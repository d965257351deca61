"""The published files: playlists with their true weights, and users with their segments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from home.errors import ConfigurationError
from home.simulate.carousel.world import SLOTS, Floats

FOLDER = "deezer-carousel"
PLAYLISTS_FILE = "playlist_features.csv"
NINE_FILE = "user_features_small.csv"
USERS_FILE = "user_features.csv"

_WHERE = "the files are described at https://github.com/deezer/carousel_bandits"


@dataclass(frozen=True, slots=True, eq=False)
class Users:
    """Published users: `embeddings` (users, d) and `segments` (users,) from 0."""

    embeddings: NDArray[np.float32]
    segments: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """What is given: true playlist `weights` (playlists, d + 1), bias last, and embeddings `nine` (9, d).

    `name` says whose playlists they are, and `made` whether they were invented.
    """

    weights: Floats
    nine: Floats
    name: str
    made: bool


def read_published(data_dir: Path) -> Published:
    """Read the playlists and the nine users of the set in `data_dir`, or in its folder "deezer-carousel".

    Raises ConfigurationError naming the file and what is wrong with it.
    """
    playlists, users = published_files(data_dir)
    weights = _read(playlists).to_numpy().astype(np.float64)
    nine = read_users(users).embeddings.astype(np.float64)
    if weights.shape[1] != nine.shape[1] + 1:
        raise ConfigurationError(
            f"{playlists} has {weights.shape[1]} columns but users have {nine.shape[1]} "
            f"dimensions: playlists need one column more, the bias; {_WHERE}"
        )
    if len(weights) < SLOTS:
        raise ConfigurationError(
            f"{playlists} has {len(weights)} playlists: a carousel shows {SLOTS}; {_WHERE}"
        )
    return Published(weights, nine, "Deezer playlists", made=False)


def published_files(data_dir: Path) -> tuple[Path, Path]:
    """Where the playlists and the nine users are: in `data_dir`, or in its folder "deezer-carousel"."""
    folder = data_dir / FOLDER if (data_dir / FOLDER).is_dir() else data_dir
    return folder / PLAYLISTS_FILE, folder / NINE_FILE


def read_users(path: Path) -> Users:
    """Read a file of users: a column "segment", and one for each dimension.

    Raises ConfigurationError naming the file and what is wrong with it.
    """
    frame = _read(path)
    if "segment" not in frame.columns:
        raise ConfigurationError(f'{path} has no column "segment": {_WHERE}')
    segments = np.unique(frame["segment"].to_numpy(), return_inverse=True)[1]
    return Users(frame.drop("segment").cast(pl.Float32).to_numpy(), segments.astype(np.int32))


def _read(path: Path) -> pl.DataFrame:
    """Numbers from a CSV file, streamed, so that a file of two gigabytes never lies in memory as text."""
    if not path.is_file():
        raise ConfigurationError(f"{path} does not exist: name the directory that holds it; {_WHERE}")
    try:
        header = pl.scan_csv(path, n_rows=0).collect_schema().names()
        schema = {name: pl.Int32 if name == "segment" else pl.Float64 for name in header}
        frame = pl.scan_csv(path, schema=schema).collect(engine="streaming")
    except pl.exceptions.PolarsError as error:
        raise ConfigurationError(f"{path} cannot be read: {error}; {_WHERE}") from error
    faulty = [
        name
        for name, column in zip(header, frame, strict=True)
        if not column.is_finite().fill_null(False).all()
    ]
    if faulty or frame.is_empty():
        what = f"column {faulty[0]!r} has missing or infinite values" if faulty else "there are no rows"
        raise ConfigurationError(f"{path}: {what}; {_WHERE}")
    return frame
