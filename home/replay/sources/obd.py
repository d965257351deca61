"""The Open Bandit Dataset: one row for each slot of a fashion shop's recommendations, with true propensities.

Source: Saito, Aihara, Matsutani and Narita, "Open Bandit Dataset and Pipeline: Towards Realistic and
Reproducible Off-Policy Evaluation", NeurIPS 2021. A directory holds POLICY/CAMPAIGN/CAMPAIGN.csv and
item_context.csv beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from bandits.ope.rounds import Column, Groups
from home.errors import first_line
from home.ingest.rejects import Rejects
from home.replay.sources.chunk import CHUNK_ROWS, Chunk, ReplayInputError, labels
from home.replay.sources.screening import Screen

UNIFORM, THOMPSON = "random", "bts"
BEHAVIOURS = (UNIFORM, THOMPSON)
POSITIONS = 3
FOLDER = "open-bandit-dataset"
_HOME = "https://research.zozo.com/data.html"
_USER = tuple(f"user_feature_{i}" for i in range(4))
_COLUMNS = ("timestamp", "item_id", "position", "click", "propensity_score", *_USER)


@dataclass(frozen=True)
class OpenBanditSource:
    """The log of one `behaviour` policy, "random" or "bts", in one `campaign`.

    A round is one slot; actions are items. Positions count from 0 on the left. Rounds are taken to be
    independent: rows do not say which were shown together. Raises ReplayInputError for a directory without
    these files.
    """

    data_dir: Path
    campaign: str
    behaviour: str
    by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for path in (self._log, self._log.with_name("item_context.csv")):
            if not path.is_file():
                raise ReplayInputError(
                    f"{path} does not exist: pass the directory that holds {'/ and '.join(BEHAVIOURS)}/,"
                    f" and one of its campaigns; get the data set from {_HOME}"
                )

    @property
    def name(self) -> str:
        """Policy and campaign."""
        return f"{self.behaviour}/{self.campaign}"

    @property
    def has_propensities(self) -> bool:
        """It always has."""
        return True

    @cached_property
    def items(self) -> int:
        """How many items the campaign chooses among."""
        return len(pl.read_csv(self._log.with_name("item_context.csv"), columns=["item_id"]))

    def chunks(self, rejects: Rejects) -> Iterator[Chunk]:
        """The rounds in the order of the file."""
        start = 0
        try:
            for frame in self._scan().collect_batches(chunk_size=CHUNK_ROWS, maintain_order=True):
                yield self._chunk(frame, start, rejects)
                start += len(frame)
        except PolarsError as error:
            raise ReplayInputError(f"{self._log} cannot be read: {first_line(error)}") from error

    @property
    def _log(self) -> Path:
        return self.data_dir / self.behaviour / self.campaign / f"{self.campaign}.csv"

    def _scan(self) -> pl.LazyFrame:
        names = list(dict.fromkeys((*_COLUMNS, *self.by)))
        return pl.scan_csv(self._log, infer_schema=False).select(names)

    @cached_property
    def _categories(self) -> dict[str, pl.Series]:
        """The values of each user feature but the first: with them all, columns would add up to one."""
        found = self._scan().select(pl.col(name).unique().sort().implode() for name in _USER).collect()
        return {name: found[name][0][1:] for name in _USER}

    def _chunk(self, frame: pl.DataFrame, start: int, rejects: Rejects) -> Chunk:
        screen = Screen(
            self._log.name,
            rejects,
            len(frame),
            lambda row: start + row + 2,
            lambda name, row: str(frame[name][row]),
        )
        click, propensity = self._number(screen, frame, "click"), _numbers(frame, "propensity_score")
        screen.shown("propensity_score", propensity, frame["propensity_score"].is_null().to_numpy())
        item, position = (self._index(screen, frame, name) for name in ("item_id", "position"))
        screen.reject("item_id", item >= self.items, "is not one of the campaign's items")
        screen.reject("position", (position < 1) | (position > POSITIONS), "is not 1, 2 or 3")
        at = frame["timestamp"].str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
        screen.reject("timestamp", at.is_null().to_numpy(), "is not a time")
        known = np.ones((len(frame), self.items), dtype=np.bool_)
        return Chunk(
            reward=click,
            propensity=propensity,
            group=np.arange(start, start + len(frame)),
            action=item,
            position=position - 1,
            available=known,
            distribution=known / self.items if self.behaviour == UNIFORM else None,
            context=self._context(frame),
            at=at.dt.replace_time_zone(None).to_numpy(),
            segments={name: labels(frame[name]) for name in self.by},
        ).take(screen.good)

    def _context(self, frame: pl.DataFrame) -> Column:
        columns = [frame[name] == value for name in _USER for value in self._categories[name]]
        if not columns:
            return np.ones((len(frame), 1))
        return np.stack([column.to_numpy() for column in columns], axis=1).astype(np.float64)

    def _number(self, screen: Screen, frame: pl.DataFrame, name: str) -> Column:
        numbers = _numbers(frame, name)
        screen.numbers(name, numbers, frame[name].is_null().to_numpy())
        return numbers

    def _index(self, screen: Screen, frame: pl.DataFrame, name: str) -> Groups:
        numbers = self._number(screen, frame, name)
        return screen.whole(name, numbers)


def dataset_in(data_dir: Path) -> Path:
    """The data set's own directory: `data_dir`, or its folder "open-bandit-dataset" where there is one."""
    folder = data_dir / FOLDER
    return folder if folder.is_dir() else data_dir


def campaigns(data_dir: Path) -> tuple[str, ...]:
    """Campaigns with a log of both policies. Raises ReplayInputError when there is none."""
    found = [
        {path.parent.name for path in data_dir.glob(f"{behaviour}/*/item_context.csv")}
        for behaviour in BEHAVIOURS
    ]
    both = tuple(sorted(found[0] & found[1]))
    if not both:
        raise ReplayInputError(
            f"{data_dir} holds no campaign of the Open Bandit Dataset: pass the directory that holds"
            f" {'/ and '.join(BEHAVIOURS)}/; get the data set from {_HOME}"
        )
    return both


def _numbers(frame: pl.DataFrame, name: str) -> Column:
    return frame[name].cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy().copy()
