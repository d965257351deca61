"""Asking obp, in its own environment."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import orjson

from tests.parity.cases import Arrays

_SIDE = Path(__file__).with_name("obp_side.py")
Values = dict[str, dict[str, float]]


def ask(python: str, cases: Mapping[str, Arrays]) -> Values:
    """What obp, installed for the interpreter `python`, says of each case."""
    with tempfile.TemporaryDirectory() as directory:
        given, said = Path(directory) / "cases.npz", Path(directory) / "values.json"
        columns = {f"{name}/{key}": column for name, case in cases.items() for key, column in case.items()}
        np.savez(given, **columns)  # type: ignore[arg-type]
        subprocess.run([python, str(_SIDE), str(given), str(said)], check=True)
        values: Values = orjson.loads(said.read_bytes())
        return values
