"""A simulation for other tools: every page as a row, and every slot of every page as a round to replay."""

from __future__ import annotations

from pathlib import Path

from home.errors import ConfigurationError
from home.simulate.checkpoint import slug
from home.simulate.decisions import slot_frame
from home.simulate.rows import SimulationResult, row_frame


def write_trace(result: SimulationResult, path: Path) -> None:
    """Write every page as a row, to Parquet or CSV by the ending of `path`.

    Raises ConfigurationError for another ending.
    """
    frame = row_frame(result.rows)
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".csv":
        frame.write_csv(path)
    else:
        raise ConfigurationError(
            f"{path}: traces are written as .parquet or .csv; end the name in one of them"
        )


def write_decisions(result: SimulationResult, directory: Path) -> tuple[Path, ...]:
    """Write each policy's decisions to a Parquet file of its own, which `home replay` reads.

    Needs a simulation with `decisions`; a policy without pages has no file.
    """
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for policy, slots in result.decisions.items():
        if slots:
            path = directory / f"{slug(policy)}.parquet"
            slot_frame(slots).write_parquet(path)
            written.append(path)
    return tuple(written)
