"""Reading the surfaces: one TOML file each, with the grid and the presentations that its slots can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from home.errors import ConfigurationError
from home.fitting import Fitting
from home.rules.conditions import Names, parse_condition
from home.rules.vocabulary import ATTRIBUTE_DOMAINS
from home.toml_files import parse_toml
from layout.selector import Selector
from layout.types import Grid, Presentation, Slot
from shelves.build import ATTRIBUTES

MARK = "+examined-"
"""Between a grid file's version and the mark of the estimate that replaced its examination."""

_NAMES = Names("attribute", "shelves have", {name: ATTRIBUTE_DOMAINS[name] for name in (*ATTRIBUTES, "id")})


@dataclass(frozen=True, slots=True)
class Surface:
    """A surface's grid, and which shelves each presentation is for; one that is not in `fits` is for all.

    `text` is the file that says so, and `fitting` applies `fits` to shelves.
    """

    grid: Grid
    fits: Mapping[str, Selector] = field(default_factory=lambda: MappingProxyType({}))
    text: str = ""
    fitting: Fitting = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fitting", Fitting(tuple(self.grid.presentations), self.fits))


class _PresentationTable(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    height: int = Field(1, ge=1, le=10)
    items: int | None = Field(None, ge=1, le=50)
    prominence: float = Field(1.0, gt=0.0, le=10.0)
    slots: list[Annotated[int, Field(ge=1)]] | None = Field(None, min_length=1)
    match: dict[str, Any] | None = None

    def in_slot(self, slot: int) -> bool:
        return self.slots is None or slot in self.slots


class _GridFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    surface: str = Field(min_length=1)
    version: str = Field(min_length=1)
    items_per_shelf: int = Field(ge=1, le=50)
    examination: list[Annotated[float, Field(gt=0.0, le=1.0)]] = Field(min_length=1, max_length=50)
    folds: list[Annotated[int, Field(ge=0)]] = Field(min_length=1)
    presentations: dict[Annotated[str, Field(min_length=1)], _PresentationTable] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_fold_per_slot(self) -> _GridFile:
        if len(self.folds) != len(self.examination):
            raise ValueError(
                f"folds has {len(self.folds)} entries and examination {len(self.examination)}: "
                "give one of each per slot"
            )
        return self

    @model_validator(mode="after")
    def _only_slots_that_exist(self) -> _GridFile:
        for name, table in self.presentations.items():
            beyond = [slot for slot in table.slots or () if slot > len(self.examination)]
            if beyond:
                raise ValueError(
                    f"presentations.{name}.slots names slot {beyond[0]}: "
                    f"slots are counted from 1 to {len(self.examination)}"
                )
        return self

    @model_validator(mode="after")
    def _every_shelf_fits_every_slot(self) -> _GridFile:
        for slot in range(1, len(self.examination) + 1) if self.presentations else ():
            if not any(table.in_slot(slot) and table.match is None for table in self.presentations.values()):
                raise ValueError(
                    f"presentations: slot {slot} holds none that is for every shelf; "
                    f"allow one without a match in slot {slot}, or the slot could stay empty"
                )
        return self

    def to_surface(self, text: str) -> Surface:
        slots = tuple(
            Slot(examination, fold, tuple(n for n, table in self.presentations.items() if table.in_slot(k)))
            for k, (examination, fold) in enumerate(zip(self.examination, self.folds, strict=True), start=1)
        )
        presentations = {
            name: Presentation(table.height, table.items or self.items_per_shelf, table.prominence)
            for name, table in self.presentations.items()
        }
        fits = {
            name: parse_condition(table.match, f"presentations.{name}.match", _NAMES)
            for name, table in self.presentations.items()
            if table.match is not None
        }
        grid = Grid(self.surface, slots, self.items_per_shelf, self.version, MappingProxyType(presentations))
        return Surface(grid, MappingProxyType(fits), text)


def load_surfaces(directory: Path) -> Mapping[str, Surface]:
    """Read every `*.toml` file in a directory, by surface.

    Raises ConfigurationError naming the file and field when one is malformed, a surface occurs twice, or
    there is none.
    """
    surfaces: dict[str, Surface] = {}
    for path in sorted(directory.glob("*.toml")):
        surface = _load(path)
        name = surface.grid.surface
        if name in surfaces:
            raise ConfigurationError(f"{path}: surface {name!r} has a grid already; rename or remove one")
        surfaces[name] = surface
    if not surfaces:
        raise ConfigurationError(
            f"{directory}: no grid files (*.toml); set HOME_GRIDS_DIR to a directory with some"
        )
    return surfaces


def parse_surface(text: str) -> Surface:
    """Parse a grid file's TOML text. Raises ConfigurationError naming the field that is wrong."""
    return parse_toml(text, lambda table: _GridFile.model_validate(table).to_surface(text))


def regraded(grid: Grid, examination: Sequence[float], version: str) -> Grid:
    """The grid under another version, with the examination of its first slots replaced, top first."""
    slots = tuple(replace(slot, examination=e) for slot, e in zip(grid.slots, examination, strict=False))
    return replace(grid, slots=(*slots, *grid.slots[len(slots) :]), version=version)


def _load(path: Path) -> Surface:
    try:
        return parse_surface(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ConfigurationError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
