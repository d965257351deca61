"""How much simulated listening looks like real listening: the same marginals of both, side by side.

Real histories hold years and simulations hold days, so the two are brought to one size first: of every
listener's history as many plays are drawn, in proportion to how often each item was played, as the listener
made in the simulation (rarefaction: Hurlbert, "The Nonconcept of Species Diversity", Ecology 1971). What is
left of a difference is then one of kind, not of length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import orjson
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from home.errors import HomeError
from home.ingest.progress import Progress
from home.simulate.metrics.exposure import gini
from home.simulate.rows import SimulationConfig
from home.simulate.world import World
from shelves.catalog import Catalog
from shelves.types import ContentType, Rows

Numbers = NDArray[np.float64]
_TOP = 0.1
_MIN_PLAYS = 2


class NothingPlayedError(HomeError):
    """A simulation in which too little was played to compare."""

    def __init__(self, content_type: str) -> None:
        super().__init__(
            f"fewer than two listeners played {content_type} twice, so nothing can be compared:"
            " simulate more visits, or compare another content type"
        )


@dataclass(frozen=True, slots=True)
class Marginal:
    """A marginal of real and of simulated plays.

    `distance`, where it is a distribution over listeners, is the Kolmogorov–Smirnov distance of the two, in
    [0, 1].
    """

    name: str
    what: str
    real: float
    simulated: float
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """A popularity curve: the share of plays (points,) of the most played share (points,) of items."""

    items: tuple[float, ...]
    real: tuple[float, ...]
    simulated: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """Real against simulated listening of one content type.

    `listeners` played at least twice in the simulation, `plays` times in all.
    `skipped` is the share of plays that end before 30 s, of every content type.
    """

    content_type: str
    policy: str
    listeners: int
    plays: int
    visits: int
    seed: int
    marginals: tuple[Marginal, ...]
    curve: Curve
    skipped: float

    def to_json(self) -> bytes:
        """The report as indented JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)


@dataclass(frozen=True, slots=True, eq=False)
class _Listening:
    """Plays of each listener: catalogue rows, with repeats."""

    plays: Sequence[Rows]

    def counts(self, items: int) -> Numbers:
        return np.bincount(np.concatenate(self.plays), minlength=items).astype(np.float64)


def calibrate(
    world: World,
    policy: str = "order",
    config: SimulationConfig | None = None,
    *,
    content_type: ContentType = ContentType.MUSIC,
    progress: Progress | None = None,
    workers: int = 1,
) -> CalibrationReport:
    """Simulate under `policy` and compare what was played with the listeners' own histories.

    Raises NothingPlayedError where too little was.
    """
    config = config or SimulationConfig(regret=False, measures=False)
    result = world.run(world.participants([policy]), config, progress=progress, workers=workers)
    real, simulated = _paired(world, result.tallies[policy].plays, content_type, config.seed)
    if len(simulated.plays) < 2:
        raise NothingPlayedError(content_type.value)
    catalog = world.catalog
    plays = sum(map(len, simulated.plays))
    skips = sum(row.skipped for row in result.rows)
    heard = sum(row.listened for row in result.rows) + skips
    return CalibrationReport(
        content_type=content_type.value,
        policy=policy,
        listeners=len(simulated.plays),
        plays=plays,
        visits=config.visits,
        seed=config.seed,
        marginals=tuple(_marginals(real, simulated, catalog)),
        curve=_curve(real.counts(len(catalog)), simulated.counts(len(catalog))),
        skipped=skips / heard if heard else float("nan"),
    )


def _paired(
    world: World, plays: Mapping[str, Mapping[str, int]], content_type: ContentType, seed: int
) -> tuple[_Listening, _Listening]:
    """Equally many plays, real and simulated, of every listener with two or more of the content type."""
    rng = np.random.default_rng(seed)
    real: list[Rows] = []
    simulated: list[Rows] = []
    for context in world.contexts:
        played = _of_type(world.catalog, plays.get(context.listener.id, {}), content_type)
        history = _of_type(world.catalog, {one.item_id: one.weight for one in context.history}, content_type)
        n = int(sum(played.values()))
        if n < _MIN_PLAYS or not history:
            continue
        weights = np.array(list(history.values()), dtype=np.float64)
        drawn = rng.choice(list(history), size=n, p=weights / weights.sum())
        real.append(drawn.astype(np.int32))
        simulated.append(np.repeat(list(played), [int(c) for c in played.values()]).astype(np.int32))
    return _Listening(real), _Listening(simulated)


def _of_type(
    catalog: Catalog, weights: Mapping[str, float] | Mapping[str, int], content_type: ContentType
) -> Mapping[int, float]:
    rows = {catalog.row_of(item_id): weight for item_id, weight in weights.items()}
    return {
        row: weight
        for row, weight in rows.items()
        if row >= 0 and weight > 0 and catalog.items[row].content_type is content_type
    }


def _marginals(real: _Listening, simulated: _Listening, catalog: Catalog) -> Iterator[Marginal]:
    yield from _popularity(real, simulated, len(catalog))
    by_listener: Mapping[str, tuple[str, Callable[[Rows], float]]] = {
        "repeats": ("share of a listener's plays that repeat one", _repeats),
        "tag entropy": ("bits of the tags that a listener plays", lambda rows: _tag_entropy(rows, catalog)),
        "diversity": ("items that share a listener's plays, effectively", _effective),
        "genres": ("different genres per play", lambda rows: _genres(rows, catalog)),
    }
    for name, (what, measure) in by_listener.items():
        a, b = (np.array([measure(rows) for rows in one.plays]) for one in (real, simulated))
        distance = float(ks_2samp(a, b, method="asymp").statistic)
        yield Marginal(name, what, float(a.mean()), float(b.mean()), distance)


def _popularity(real: _Listening, simulated: _Listening, items: int) -> Iterator[Marginal]:
    counts = [one.counts(items) for one in (real, simulated)]
    played = [one[one > 0] for one in counts]
    a, b = (gini(one) for one in played)
    yield Marginal("popularity, Gini", "concentration of plays over the items played", a, b)
    a, b = (_top(one) for one in played)
    yield Marginal("popularity, top", "share of plays of the most played tenth of these", a, b)
    a, b = (float(len(one)) for one in played)
    yield Marginal("items played", "different items that anybody played", a, b)


def _top(counts: Numbers) -> float:
    n = max(1, round(_TOP * len(counts)))
    return float(np.sort(counts)[::-1][:n].sum() / counts.sum())


def _repeats(rows: Rows) -> float:
    return 1.0 - len(np.unique(rows)) / len(rows)


def _effective(rows: Rows) -> float:
    """The exponential of the entropy of a listener's items, over the number of plays."""
    shares = np.unique(rows, return_counts=True)[1] / len(rows)
    return float(np.exp(-(shares @ np.log(shares))) / len(rows))


def _genres(rows: Rows, catalog: Catalog) -> float:
    genres = catalog.columns.genre[rows]
    return len(np.unique(genres[genres > 0])) / len(rows)


def _tag_entropy(rows: Rows, catalog: Catalog) -> float:
    tags = catalog.tags
    at, _ = tags.by_item.positions(rows)
    mass = np.bincount(tags.by_item.values[at], tags.by_item.weights[at]).astype(np.float64)
    mass = mass[mass > 0] / max(float(mass.sum()), 1e-300)
    return float(-(mass @ np.log2(mass))) if len(mass) else 0.0


def _curve(real: Numbers, simulated: Numbers) -> Curve:
    points = np.linspace(0.0, 1.0, 21)
    return Curve(tuple(points.tolist()), _lorenz(real, points), _lorenz(simulated, points))


def _lorenz(counts: Numbers, points: Numbers) -> tuple[float, ...]:
    played = np.sort(counts[counts > 0])[::-1]
    cumulative = np.concatenate(([0.0], np.cumsum(played) / played.sum()))
    at = np.linspace(0.0, 1.0, len(cumulative))
    shares: list[float] = np.interp(points, at, cumulative).tolist()
    return tuple(shares)
