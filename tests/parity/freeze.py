"""Keeps what obp says of synthetic rounds: python -m tests.parity.freeze PYTHON_WITH_OBP."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from tests.parity.cases import synthetic
from tests.parity.peer import ask

FROZEN = Path(__file__).with_name("obp_values.json")
SEEDS = (1, 2, 3)


if __name__ == "__main__":
    said = ask(sys.argv[1], {str(seed): synthetic(seed) for seed in SEEDS})
    FROZEN.write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
