"""Every knob in one place: environment variables with the prefix HOME_, or a .env file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from bandits.portfolio import Weighting
from home.modes import Mode

_DEFAULTS = Path(__file__).parent / "defaults"
_FIXTURES = Path(__file__).parents[1] / "fixtures"


class Settings(BaseSettings):
    """Settings of the composer. Each can be set as HOME_<NAME> in the environment."""

    model_config = SettingsConfigDict(env_prefix="HOME_", env_file=".env", extra="ignore", frozen=True)

    database_url: str = Field(
        "sqlite:///var/home.db",
        description="SQLAlchemy URL of the database; postgresql+psycopg://user@host/name for real load.",
    )
    fixtures_dir: Path = Field(_FIXTURES, description="Directory of the embedded catalogue.")
    editorial_file: Path = Field(_FIXTURES / "editorial.toml", description="Editorial shelves.")
    rulebook_file: Path = Field(_DEFAULTS / "rulebook.toml", description="Layout rules.")
    rewards_file: Path = Field(_DEFAULTS / "rewards.toml", description="The reward formula.")
    grids_dir: Path = Field(_DEFAULTS / "grids", description="One TOML file per surface.")
    examination: Literal["grid", "estimated"] = Field(
        "grid",
        description="Slot examination in layouts: the grid file's, or as `home examination` applied.",
    )
    epsilon: float = Field(
        0.1,
        ge=0.0,
        le=1.0,
        description="Share of pages drawn by exploration instead of served at the optimum.",
    )
    floor: float = Field(
        0.1,
        ge=0.0,
        le=1.0,
        description="Share of each slot's exploration that is uniform over feasible shelves.",
    )
    draw: Literal["anchored", "portfolio"] = Field(
        "anchored",
        description="How pages are drawn: around the optimum slot by slot, or one of a few finished pages.",
    )
    regret_cap: float | None = Field(
        None,
        ge=0.0,
        le=1.0,
        description="Share of the optimum's value that a drawn page may lose; None is no limit.",
    )
    portfolio_size: int = Field(8, ge=1, description="Pages of a portfolio, the optimum among them.")
    portfolio_weighting: Weighting = Field(
        Weighting.INVERSE_GAP,
        description="How gaps in expected reward become probabilities of pages: inverse_gap or softmax.",
    )
    portfolio_sharpness: float = Field(
        1000.0,
        ge=0.0,
        allow_inf_nan=False,
        description="How much a gap in expected reward counts there; at 0 every page is as likely.",
    )
    position_feature: bool = Field(
        False, description="Let the policy see the slot: one prediction per slot instead of one per page."
    )
    policy: str = Field("vw", description="The policy that scores shelves and learns: see docs/policies.md.")
    policy_options: dict[str, Any] = Field(
        {}, description="Options of the policy, as a JSON object; those left out keep their defaults."
    )
    source_budget_ms: float = Field(
        50.0, gt=0.0, description="Time that one shelf source may take before it is dropped from the page."
    )
    layout_deadline_ms: float = Field(
        50.0,
        ge=0.0,
        description="Wall-clock deadline of the layout; past it the best page found so far is served.",
    )
    explanation_budget_s: float = Field(
        10.0,
        ge=0.0,
        le=600.0,
        description="Seconds that an explanation may take; what it has no time for, it names.",
    )
    compose_at_once: int = Field(
        2, ge=1, description="Pages that one process composes at the same time; further requests wait."
    )
    max_shelves: int = Field(
        60, ge=1, description="Candidate shelves of a page; of more, sources keep their first ones in turns."
    )
    min_items: int = Field(4, ge=1, description="Items below which a shelf is not shown.")
    learn_every_s: float = Field(
        10.0,
        ge=0.0,
        description="Seconds between learner runs inside `home serve`; 0 leaves learning to `home learn`.",
    )
    publish: Literal["live", "candidate"] = Field(
        "live",
        description="What the learner's models become: live at once, or candidates to be promoted.",
    )
    keep_models: int = Field(
        20, ge=1, description="Retired models that keep their data, and can be rolled back to."
    )
    reload_every_s: float = Field(
        1.0, gt=0.0, description="Seconds between checks for a newer model in the serving process."
    )
    mode: Mode = Field(
        Mode.ONLINE,
        description="`online`; `apprentice`: a baseline serves until the model agrees with it; or `logging`.",
    )
    apprentice_bar: float = Field(
        0.8,
        ge=0.0,
        le=1.0,
        description="Mean share of the baseline's shelves on the model's page at which an apprentice serves.",
    )
    apprentice_pages: int = Field(
        500, ge=1, description="Pages in a row over which an apprentice must reach the bar."
    )
    health_pages: int = Field(
        300,
        ge=50,
        description="Newest closed decisions that health checks compare with the three times before.",
    )
