"""Scenarios: what happens to a world, and what should come of it, in one TOML file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from home.errors import ConfigurationError
from home.ingest.progress import Progress
from home.simulate.happenings import KINDS
from home.simulate.rows import SimulationConfig, SimulationResult, VisitRow
from home.simulate.timeline import Happening
from home.simulate.world import World
from home.toml_files import load_toml, problems

SCENARIOS = Path(__file__).parents[1] / "defaults" / "scenarios"

_CALM = "calm"
_DERIVED: Mapping[str, Callable[[VisitRow], float]] = {
    "fallback": lambda row: float(bool(row.fallback)),
    "optimal": lambda row: float(row.status == "optimal"),
}
_MEASURES = (
    *_DERIVED,
    *(
        name
        for name, kind in VisitRow.__annotations__.items()
        if kind in ("int", "float", "bool") and name not in ("visit", "batch", "hour", "model_version")
    ),
)
_Days = Annotated[tuple[int, int], Field(description="first and last day, counted from 0")]


class Expectation(BaseModel):
    """What should come of a scenario: a mean per page, or a ratio of two, within bounds.

    The mean of `measure`, or its greatest or least value as `of` says, over `policy`'s pages on `days` (all,
    when not given) and for `listeners`, divided, where `relative_to` is given, by the same of another policy,
    or of the same policy in the calm world where nothing happens ("calm").
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    what: str = Field(min_length=1)
    measure: str
    policy: str
    days: _Days | None = None
    listeners: Literal["all", "cold", "known"] = "all"
    of: Literal["mean", "max", "min"] = "mean"
    relative_to: str | None = None
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Expectation:
        if self.measure not in _MEASURES:
            raise ValueError(f"measure {self.measure!r} is not known; use one of {', '.join(_MEASURES)}")
        if self.at_least is None and self.at_most is None:
            raise ValueError("give at_least, at_most, or both")
        if self.days is not None and not 0 <= self.days[0] <= self.days[1]:
            raise ValueError(f"days {list(self.days)}: give the first and the last one, counted from 0")
        return self

    def met(self, value: float) -> bool:
        """Whether a value is within the bounds; NaN, for want of pages, is not."""
        above = self.at_least is None or value >= self.at_least
        below = self.at_most is None or value <= self.at_most
        return bool(np.isfinite(value)) and above and below


class Scenario(BaseModel):
    """A scenario file."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    title: str = Field(min_length=1)
    question: str = Field(min_length=1)
    policies: tuple[str, ...] = Field(min_length=1)
    visits: int = Field(ge=1)
    batch: int = Field(ge=1)
    listeners: int = Field(ge=2)
    seed: int = Field(1, ge=0)
    surfaces: tuple[str, ...] = ()
    returns: bool = False
    happening: tuple[dict[str, Any], ...] = Field(min_length=1)
    expect: tuple[Expectation, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _expects_of_who_takes_part(self) -> Scenario:
        for expectation in self.expect:
            known = (*self.policies, _CALM, None)
            if expectation.policy not in self.policies or expectation.relative_to not in known:
                raise ValueError(f"expect {expectation.what!r}: policies are {', '.join(self.policies)}")
        last = -(-self.visits // self.batch) - 1
        for happening in self.happenings:
            end = last if happening.to_day is None else happening.to_day
            if happening.from_day > min(end, last):
                raise ValueError(
                    f"happening from day {happening.from_day} to {end} never happens: days are 0 to {last}"
                )
        for expectation in self.expect:
            if expectation.days is not None and expectation.days[0] > last:
                raise ValueError(f"expect {expectation.what!r}: the last day is {last}")
        return self

    @property
    def happenings(self) -> tuple[Happening, ...]:
        """What happens. Raises ValueError for a kind that is not known or a field that is wrong."""
        return tuple(_happening(table) for table in self.happening)

    def config(self) -> SimulationConfig:
        """How long and where it runs."""
        return SimulationConfig(
            self.visits, self.batch, self.seed, self.surfaces, regret=False, returns=self.returns
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """An expectation with what came of it."""

    what: str
    measure: str
    bounds: str
    value: float
    met: bool


@dataclass(frozen=True, slots=True)
class ScenarioReport:
    """A scenario that ran."""

    title: str
    question: str
    outcomes: tuple[Outcome, ...]
    daily: Mapping[str, Sequence[float]]
    """Policy → mean reward per page on each day, NaN without pages; the calm world's as "POLICY, calm"."""

    @property
    def met(self) -> bool:
        """Whether every expectation was met."""
        return all(outcome.met for outcome in self.outcomes)

    def to_json(self) -> bytes:
        """The report as indented JSON."""
        return orjson.dumps(asdict(self) | {"met": self.met}, option=orjson.OPT_INDENT_2)


def scenario_names() -> tuple[str, ...]:
    """The scenarios that ship."""
    return tuple(sorted(path.stem for path in SCENARIOS.glob("*.toml")))


def load_scenario(name: str | Path) -> Scenario:
    """A scenario that ships, by name, or one of a file.

    Raises ConfigurationError naming the file and the field when it is malformed, or the names there are.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = SCENARIOS / f"{name}.toml"
        if not path.exists():
            raise ConfigurationError(
                f"scenario {str(name)!r} is not known; choose one of {', '.join(scenario_names())}, or give a"
                " .toml file"
            )
    return load_toml(path, Scenario.model_validate)


def run_scenario(
    scenario: Scenario,
    world: World,
    *,
    progress: Progress | None = None,
    workers: int = 1,
    out: Path | None = None,
) -> ScenarioReport:
    """Run a scenario and, where it is compared with, the calm world: the same visits, with the same luck."""
    crowd, policies = world.crowd(scenario.listeners), world.participants(scenario.policies)
    results = {"": crowd.run(
        policies, scenario.config(), happenings=scenario.happenings, progress=progress, workers=workers,
        out=None if out is None else out / "scenario",
    )}  # fmt: skip
    if any(expectation.relative_to == _CALM for expectation in scenario.expect):
        results[_CALM] = crowd.run(
            policies,
            scenario.config(),
            progress=progress,
            workers=workers,
            out=None if out is None else out / _CALM,
        )
    return ScenarioReport(
        scenario.title,
        scenario.question,
        tuple(_outcome(expectation, results) for expectation in scenario.expect),
        dict(_daily(results)),
    )


def _outcome(expectation: Expectation, results: Mapping[str, SimulationResult]) -> Outcome:
    chosen = _visits(expectation, results[""])
    value = _value(expectation, results[""], expectation.policy, chosen)
    against = expectation.relative_to
    if against is not None:
        calm = against == _CALM
        policy = expectation.policy if calm else against
        reference = _value(expectation, results[_CALM if calm else ""], policy, chosen)
        value = value / reference if reference else float("nan")
    return Outcome(expectation.what, _words(expectation), _bounds(expectation), value, expectation.met(value))


def _visits(expectation: Expectation, result: SimulationResult) -> frozenset[int]:
    """The visits that an expectation is about; who is new is told by the scenario, not by the calm world."""
    first, last = expectation.days or (0, result.config.visits)
    return frozenset(
        row.visit
        for row in result.rows
        if first <= row.batch <= last and expectation.listeners in ("all", "cold" if row.cold else "known")
    )


def _value(expectation: Expectation, result: SimulationResult, policy: str, visits: frozenset[int]) -> float:
    measure = _DERIVED.get(expectation.measure) or _column(expectation.measure)
    values = [measure(row) for row in result.rows if row.policy == policy and row.visit in visits]
    known = [value for value in values if np.isfinite(value)]
    if not known:
        return float("nan")
    return {"mean": float(np.mean(known)), "max": max(known), "min": min(known)}[expectation.of]


def _column(name: str) -> Callable[[VisitRow], float]:
    return lambda row: float(getattr(row, name))


def _words(expectation: Expectation) -> str:
    parts = [f"{expectation.of} {expectation.measure} of {expectation.policy}"]
    if expectation.listeners != "all":
        parts.append(f"for {expectation.listeners} listeners")
    if expectation.days is not None:
        parts.append(f"on days {expectation.days[0]} to {expectation.days[1]}")
    if expectation.relative_to is not None:
        other = "the calm world" if expectation.relative_to == _CALM else expectation.relative_to
        parts.append(f"relative to {other}")
    return " ".join(parts)


def _bounds(expectation: Expectation) -> str:
    parts = []
    if expectation.at_least is not None:
        parts.append(f"≥ {expectation.at_least:g}")
    if expectation.at_most is not None:
        parts.append(f"≤ {expectation.at_most:g}")
    return " and ".join(parts)


def _daily(results: Mapping[str, SimulationResult]) -> Iterator[tuple[str, list[float]]]:
    for world, result in results.items():
        days = -(-result.config.visits // result.config.batch)
        for policy in result.policies:
            rewards: list[list[float]] = [[] for _ in range(days)]
            for row in result.rows:
                if row.policy == policy:
                    rewards[row.batch].append(row.reward)
            name = f"{policy}, {world}" if world else policy
            yield name, [float(np.mean(some)) if some else float("nan") for some in rewards]


def _happening(table: Mapping[str, Any]) -> Happening:
    fields = dict(table)
    kind = fields.pop("kind", None)
    if kind not in KINDS:
        raise ValueError(f"happening: kind is {kind!r}; choose one of {', '.join(KINDS)}")
    try:
        return TypeAdapter(KINDS[kind]).validate_python(fields)
    except ValidationError as error:
        raise ValueError(f"happening {kind!r}: {'; '.join(problems(error))}") from error
