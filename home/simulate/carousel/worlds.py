"""Which world is asked for, and making it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from pathlib import Path

from home.errors import ConfigurationError
from home.simulate.carousel.data import published_files, read_published
from home.simulate.carousel.population import PopulationModel, full_world, synthetic_world
from home.simulate.carousel.standin import made_up
from home.simulate.carousel.world import World


@dataclass(frozen=True, slots=True)
class WorldRequest:
    """Published playlists in `data_dir`, or invented ones; users from `users_file`, or a synthetic `model`.

    Raises ConfigurationError for users without the playlists whose weights belong to them.
    """

    data_dir: Path | None = None
    users_file: Path | None = None
    model: PopulationModel = field(default_factory=PopulationModel)

    def __post_init__(self) -> None:
        if self.users_file is not None and self.data_dir is None:
            raise ConfigurationError(
                f"users file is {self.users_file} but no data directory is named: "
                "give the one that holds playlist_features.csv, or leave the users out"
            )

    @property
    def description(self) -> dict[str, str | int | float]:
        """What tells one world from another, for comparing; files by their content, not their place.

        Raises ConfigurationError for a file that is not there.
        """
        files = () if self.data_dir is None else published_files(self.data_dir)
        playlists = " ".join(_mark(path) for path in files) or "invented"
        if self.users_file is not None:
            return {"playlists": playlists, "users_file": _mark(self.users_file)}
        model = {f"population_{name}": value for name, value in asdict(self.model).items()}
        return {"playlists": playlists, "users_file": "none", **model}

    def make(self) -> World:
        """Read or draw the world. Raises ConfigurationError naming what is wrong with a file."""
        published = made_up() if self.data_dir is None else read_published(self.data_dir)
        if self.users_file is not None:
            return full_world(published, self.users_file)
        return synthetic_world(published, self.model)


def _mark(path: Path) -> str:
    """A mark of what a file holds."""
    if not path.is_file():
        raise ConfigurationError(f"{path} does not exist: name the directory that holds it")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
