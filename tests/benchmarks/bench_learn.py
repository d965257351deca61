"""Learning speed next to Vowpal Wabbit's own command line: `python -m tests.benchmarks.bench_learn`.

Rounds have 60 actions of 14 features (full decisions), or one examined shelf each, as the learner makes them.
The command line reads a cache file that was written beforehand, so it parses no text; ours starts from
examples. The command line is Vowpal Wabbit's driver inside `vowpal_wabbit_next`, in this process; where that
part is missing the benchmark says so. Figures are minima over repeats that take turns.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from bandits.policies.encoding import encode
from bandits.policies.vw import VwConfig, VwPolicy
from bandits.types import Example, Features

_ACTIONS = 60
_FEATURES = 13  # numbers beside the name: 14 features of an action


def main() -> None:
    """Print times per round and ratios to the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    try:
        from vowpal_wabbit_next import run_cli_driver
    except ImportError:
        print("Vowpal Wabbit's driver is not installed: pip install 'vowpal-wabbit-next>=0.7'")
        return
    config, examples = VwConfig(), _examples(options.rounds)
    full, sparse = _full_lines(examples), _sparse_lines(examples)
    with tempfile.TemporaryDirectory() as folder:
        jobs: dict[str, Callable[[], object]] = {}
        for name, lines in (("full", full), ("sparse", sparse)):
            cache = _cache(Path(folder) / f"{name}.txt", lines, config, run_cli_driver)
            arguments = [*config.arguments(), "--cache_file", str(cache)]
            jobs[f"command line, {name} rounds, cache"] = partial(run_cli_driver, arguments)
            jobs[f"ours, {name} rounds, from text"] = partial(_learn_lines, config, lines)
            jobs[f"ours, {name} rounds, text parsing alone"] = partial(_parse, config, lines)
        jobs["ours, sparse rounds, VwPolicy.learn"] = lambda: VwPolicy(config).learn(examples)
        jobs["ours, sparse rounds, encoding alone"] = lambda: _sparse_lines(examples)
        best = _minima(jobs, options.repeats)
    _show(best, options.rounds)


def _minima(jobs: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    best = dict.fromkeys(jobs, float("inf"))
    for _ in range(repeats):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def _show(best: dict[str, float], rounds: int) -> None:
    print(f"{rounds} rounds of {_ACTIONS} actions; milliseconds per round, ratio to the command line")
    for name, seconds in best.items():
        kind = "full" if "full" in name else "sparse"
        peer = best[f"command line, {kind} rounds, cache"]
        print(f"{name:44s} {1000 * seconds / rounds:8.4f} ms  {seconds / peer:6.2f}x")


def _examples(count: int) -> list[Example]:
    rng = np.random.default_rng(7)
    return [
        Example(_context(rng), _action(rng, int(rng.integers(_ACTIONS))), 0, float(rng.random() < 0.3), 0.5)
        for _ in range(count)
    ]


def _context(rng: np.random.Generator) -> Features:
    return {"context": {"market": f"m{rng.integers(5)}", "daypart": f"d{rng.integers(4)}"}}


def _action(rng: np.random.Generator, index: int) -> Features:
    numbers: dict[str, str | float] = {f"n{i}": float(x) for i, x in enumerate(rng.random(_FEATURES))}
    return {"shelf": {"name": f"s{index}"}, "numbers": numbers}


def _label(example: Example) -> str:
    return f"0:{-example.reward:.9g}:{example.probability:.9g}"


def _sparse_lines(examples: Sequence[Example]) -> list[list[str]]:
    return [["shared " + encode(e.context), f"{_label(e)} {encode(e.action)}"] for e in examples]


def _full_lines(examples: Sequence[Example]) -> list[list[str]]:
    rng = np.random.default_rng(8)
    others = [encode(_action(rng, index)) for index in range(1, _ACTIONS)]
    return [[*lines, *others] for lines in _sparse_lines(examples)]


def _cache(
    text: Path, rounds: Sequence[Sequence[str]], config: VwConfig, driver: Callable[[list[str]], object]
) -> Path:
    """Write rounds as text and let the driver make its cache file of them."""
    text.write_text("\n\n".join("\n".join(lines) for lines in rounds) + "\n\n", "utf-8")
    cache = text.with_suffix(".cache")
    driver([*config.arguments(), "-d", str(text), "--cache_file", str(cache), "-k"])
    return cache


def _learn_lines(config: VwConfig, rounds: Sequence[Sequence[str]]) -> None:
    import vowpal_wabbit_next as vw

    workspace = vw.Workspace(config.arguments())
    parse = vw.TextFormatParser(workspace).parse_line
    for lines in rounds:
        workspace.learn_one([parse(line) for line in lines])


def _parse(config: VwConfig, rounds: Sequence[Sequence[str]]) -> None:
    import vowpal_wabbit_next as vw

    parse = vw.TextFormatParser(vw.Workspace(config.arguments())).parse_line
    for lines in rounds:
        for line in lines:
            parse(line)


if __name__ == "__main__":
    main()
