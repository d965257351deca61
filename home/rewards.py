"""Reading the reward formula from its TOML file."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bandits.rewards import RewardFormula
from bandits.types import EventKind
from home.errors import ConfigurationError
from home.grids import load_surfaces
from home.settings import Settings
from home.toml_files import load_toml

_Finite = Annotated[float, Field(allow_inf_nan=False)]


class _RewardsFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: str = Field(min_length=1)
    horizon_minutes: float = Field(gt=0.0)
    long_horizon_hours: float | None = Field(None, gt=0.0)
    aggregation: Literal["sum", "max", "earliest"]
    default: _Finite
    clip: tuple[_Finite, _Finite]
    weights: dict[EventKind, _Finite]
    content_types: dict[str, _Finite] = Field(default_factory=dict)
    without_impressions: list[str] = Field(default_factory=list)

    def to_formula(self) -> RewardFormula:
        return RewardFormula(
            version=self.version,
            weights=self.weights,
            default=self.default,
            horizon=timedelta(minutes=self.horizon_minutes),
            long_horizon=_hours(self.long_horizon_hours),
            aggregation=self.aggregation,
            clip=self.clip,
            content_types=self.content_types,
            without_impressions=frozenset(self.without_impressions),
        )


def reward_formula(settings: Settings) -> RewardFormula:
    """The reward formula of `settings`. Raises ConfigurationError, also where it names an unknown surface."""
    formula = load_rewards(settings.rewards_file)
    if not formula.without_impressions:
        return formula
    surfaces = load_surfaces(settings.grids_dir)
    for name in sorted(formula.without_impressions - surfaces.keys()):
        raise ConfigurationError(
            f"{settings.rewards_file}: without_impressions names {name!r}, which is no surface:"
            f" use {', '.join(sorted(surfaces))}"
        )
    return formula


def load_rewards(path: Path) -> RewardFormula:
    """Read a reward formula. Raises ConfigurationError naming the file and field when it is malformed."""
    return load_toml(path, lambda table: _RewardsFile.model_validate(table).to_formula())


def _hours(hours: float | None) -> timedelta | None:
    return None if hours is None else timedelta(hours=hours)
