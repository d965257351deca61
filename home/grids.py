"""Reading the grids: one TOML file per surface."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from home.errors import ConfigurationError
from layout.types import Grid, Slot


class _GridFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    surface: str = Field(min_length=1)
    version: str = Field(min_length=1)
    items_per_shelf: int = Field(ge=1, le=50)
    examination: list[Annotated[float, Field(gt=0.0, le=1.0)]] = Field(min_length=1, max_length=50)
    folds: list[Annotated[int, Field(ge=0)]] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_fold_per_slot(self) -> _GridFile:
        if len(self.folds) != len(self.examination):
            raise ValueError(
                f"folds has {len(self.folds)} entries and examination {len(self.examination)}: "
                "give one of each per slot"
            )
        return self

    def to_grid(self) -> Grid:
        slots = tuple(Slot(e, f) for e, f in zip(self.examination, self.folds, strict=True))
        return Grid(self.surface, slots, self.items_per_shelf, self.version)


def load_grids(directory: Path) -> Mapping[str, Grid]:
    """Read every `*.toml` grid in a directory, by surface.

    Raises ConfigurationError naming the file and field when one is malformed, a surface occurs twice, or
    there is none.
    """
    grids: dict[str, Grid] = {}
    for path in sorted(directory.glob("*.toml")):
        grid = _load(path)
        if grid.surface in grids:
            raise ConfigurationError(
                f"{path}: surface {grid.surface!r} has a grid already; rename or remove one"
            )
        grids[grid.surface] = grid
    if not grids:
        raise ConfigurationError(
            f"{directory}: no grid files (*.toml); set HOME_GRIDS_DIR to a directory with some"
        )
    return grids


def _load(path: Path) -> Grid:
    try:
        return _GridFile.model_validate(tomllib.loads(path.read_text("utf-8"))).to_grid()
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
