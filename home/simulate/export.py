"""A simulation for other tools: every page as a row."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import polars as pl

from home.errors import ConfigurationError
from home.simulate.run import SimulationResult


def write_trace(result: SimulationResult, path: Path) -> None:
    """Write every page as a row, to Parquet or CSV by the ending of `path`.

    Raises ConfigurationError for another ending.
    """
    frame = pl.DataFrame([asdict(row) for row in result.rows], infer_schema_length=None)
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".csv":
        frame.write_csv(path)
    else:
        raise ConfigurationError(
            f"{path}: traces are written as .parquet or .csv; end the name in one of them"
        )
