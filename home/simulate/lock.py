"""One simulation at a time in a directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from home.errors import ConfigurationError


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keep a directory, made if need be, to this simulation; the system lets go if the process dies.

    Raises ConfigurationError when another simulation has it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise ConfigurationError(
            f"{directory}: another simulation is at work there; wait until it ends, or give another --out"
        ) from None
    try:
        yield
    finally:
        lock.release()
