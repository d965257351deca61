"""A simulation of the carousel for other tools: every round of every job as a row."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from home.simulate.carousel.run import CarouselResult


def trace(result: CarouselResult) -> pl.DataFrame:
    """A row for each policy, seed and round, which count from 1; `origin` says where the users come from.

    Rewards and regret are sums over the users of the round.
    """
    frames = [
        pl.DataFrame(
            {
                "round": range(1, len(curve.optimal) + 1),
                "optimal": curve.optimal,
                "expected": curve.expected,
                "reward": curve.rewards,
                "regret": curve.regret,
                "cumulative_regret": curve.regret.cumsum(),
            }
        ).select(
            pl.lit(job.policy).alias("policy"),
            pl.lit(job.seed).alias("seed"),
            pl.all(),
            pl.lit(result.protocol.users).alias("users"),
            pl.lit(result.origin).alias("origin"),
        )
        for job, curve in result.curves.items()
    ]
    return pl.concat(frames)


def write_trace(result: CarouselResult, path: Path) -> None:
    """Write the trace as Parquet."""
    trace(result).write_parquet(path)
