"""The parameters of simulated listeners, read from a TOML file that states where each number comes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from home.toml_files import load_toml

DEFAULT_LISTENER_MODEL = Path(__file__).parents[1] / "defaults" / "listener_model.toml"

_HOURS = 24
_Share = Annotated[float, Field(ge=0.0, le=1.0)]
_Weight = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
_Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
_LogOdds = Annotated[float, Field(allow_inf_nan=False)]
_Effects = Mapping[str, _LogOdds]
_Hours = Annotated[tuple[_Positive, ...], Field(min_length=_HOURS, max_length=_HOURS)]
_CONFIG = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, config=_CONFIG)
class Attraction:
    """Log-odds that a shelf attracts, apart from families, content types, persona and intent."""

    intercept: _LogOdds
    affinity: _LogOdds
    popularity: _LogOdds
    sponsored: _LogOdds
    prominence: _LogOdds
    private_sd: _Weight


@dataclass(frozen=True, slots=True, config=_CONFIG)
class Taste:
    """The part of a taste that no history shows: its length, and over how many random tags."""

    private: _Weight
    private_tags: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True, config=_CONFIG)
class Persona:
    """A kind of listener: log-odds by family and content type, and per unit of novelty."""

    name: Annotated[str, Field(min_length=1)]
    share: _Positive
    novelty: _LogOdds = 0.0
    families: _Effects = Field(default_factory=dict)
    content_types: _Effects = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, config=_CONFIG)
class Intent:
    """What a visit is for: weights of the 24 hours and of surfaces, and log-odds while it lasts."""

    name: Annotated[str, Field(min_length=1)]
    hours: _Hours
    surfaces: Mapping[str, _Positive] = Field(default_factory=dict)
    families: _Effects = Field(default_factory=dict)
    content_types: _Effects = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, config=_CONFIG)
class Choice:
    """Which of the items looked at on a shelf is chosen: softmax sharpness over affinity."""

    sharpness: _LogOdds


@dataclass(frozen=True, slots=True, config=_CONFIG)
class Swipe:
    """How far a shelf is looked along: items `visible` at once by surface, and chance of one more by swiping.

    Shelves in one of the presentations `whole` show all their items at once.
    """

    visible: Annotated[Mapping[str, Annotated[int, Field(ge=1)]], Field(min_length=1)]
    continuation: _Share
    whole: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, config=_CONFIG)
class Fatigue:
    """Log-odds that a shelf loses for each look at it in vain, fading by half in `half_life_days`."""

    per_look: _Weight
    half_life_days: _Positive


@dataclass(frozen=True, slots=True, config=_CONFIG)
class Satiation:
    """Log-odds that a source loses for each 30 seconds played from it, fading by half in `half_life_days`."""

    per_play: _Weight
    half_life_days: _Positive


@dataclass(frozen=True, slots=True, config=_CONFIG)
class Returns:
    """Log-odds that a listener comes when they could: `base` + `satisfied` × satisfaction.

    Satisfaction adds up what happened on earlier visits, and fades by half in `half_life_days`.
    """

    base: _LogOdds
    satisfied: _LogOdds
    half_life_days: _Positive
    play_30s: _LogOdds
    save: _LogOdds
    skip: _LogOdds
    dismiss: _LogOdds


@dataclass(frozen=True, slots=True, config=_CONFIG)
class Response:
    """What follows a click: shares, and log-odds `play_30s` + `play_30s_affinity` × affinity."""

    play: _Share
    play_30s: _LogOdds
    play_30s_affinity: _LogOdds
    save: _Share
    leave: _Share


@dataclass(frozen=True, slots=True, config=_CONFIG)
class Dismissal:
    """Shelves whose attraction lies below `below` are dismissed at `rate` when looked at in vain."""

    below: _Share
    rate: _Share


@dataclass(frozen=True, slots=True, config=_CONFIG)
class VisitPattern:
    """When and where visits happen: weights of the 24 hours, and of surfaces."""

    hours: _Hours
    surfaces: Annotated[Mapping[str, _Positive], Field(min_length=1)]


@dataclass(frozen=True, slots=True, config=_CONFIG)
class Seconds:
    """How long things take."""

    look: _Positive
    start: _Positive
    skip: Annotated[float, Field(gt=0.0, lt=30.0)]


@dataclass(frozen=True, slots=True, config=_CONFIG)
class ListenerParameters:
    """Everything the listener model assumes; see the comments in the default file."""

    version: Annotated[str, Field(min_length=1)]
    attraction: Attraction
    taste: Taste
    families: _Effects
    content_types: _Effects
    persona: Annotated[tuple[Persona, ...], Field(min_length=1)]
    intent: Annotated[tuple[Intent, ...], Field(min_length=1)]
    choice: Choice
    swipe: Swipe
    response: Response
    dismissal: Dismissal
    fatigue: Fatigue
    satiation: Satiation
    returns: Returns
    visits: VisitPattern
    seconds: Seconds


_PARAMETERS = TypeAdapter(ListenerParameters)


def load_listener_model(path: Path = DEFAULT_LISTENER_MODEL) -> ListenerParameters:
    """Read listener parameters. Raises ConfigurationError naming the file and field when one is malformed."""
    return load_toml(path, _PARAMETERS.validate_python)
