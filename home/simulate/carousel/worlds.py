"""Which world is asked for, and making it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from home.errors import ConfigurationError
from home.simulate.carousel.data import read_published
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
        """What tells one world from another, for comparing."""
        playlists = "invented" if self.data_dir is None else str(self.data_dir.resolve())
        if self.users_file is not None:
            return {"playlists": playlists, "users_file": str(self.users_file.resolve())}
        model = {f"population_{name}": value for name, value in asdict(self.model).items()}
        return {"playlists": playlists, "users_file": "none", **model}

    def make(self) -> World:
        """Read or draw the world. Raises ConfigurationError naming what is wrong with a file."""
        published = made_up() if self.data_dir is None else read_published(self.data_dir)
        if self.users_file is not None:
            return full_world(published, self.users_file)
        return synthetic_world(published, self.model)
