"""Layout against its peers: `python -m tests.benchmarks.bench_layout`, or `make bench-layout`.

All solve the same seeded problems with a rulebook of fifteen rules, from the rules to a page: CP-SAT the
textbook way, CP-SAT with tuned parameters but no reductions, HiGHS through SciPy, and a greedy page. Ours
includes the independent check of the page. Wherever two prove their pages best, the values must be equal, and
no page may be worth more than one that is proven best.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from home.bootstrap import spare_requests_garbage_collections
from layout.lookahead import LookAhead
from layout.solve import effective, solve
from layout.types import Page, Problem, Result, Status
from layout.validate import misreported, violations
from layout.warm import warm
from tests.benchmarks.layout_peers import Answer, Peer, clock, count_cpu, greedy, highs, textbook, tuned
from tests.layout.instances import presented, problem

mpl.use("agg")
from matplotlib import pyplot as plt

_PEERS: Mapping[str, Peer] = {
    "CP-SAT, textbook": textbook,
    "CP-SAT, tuned parameters": tuned,
    "HiGHS (scipy.optimize.milp)": highs,
    "greedy": greedy,
}
_TOLERANCE = 1e-6
"""HiGHS calculates in floats; its pages are added up anew in integers and compared up to this."""


@dataclass(frozen=True, slots=True)
class Size:
    """A family of problems: `shelves` candidates on `slots` slots, perhaps in several presentations.

    `crowding` above 1 makes shelves share so many items that rows about shared items bind. `target` is what
    p50 and p99 should stay within, in milliseconds.
    """

    shelves: int
    slots: int
    presentations: bool = False
    crowding: float = 1.0
    target: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """What the tables call it."""
        more = ", presentations" * self.presentations + ", crowded" * (self.crowding > 1.0)
        return f"{self.shelves} × {self.slots}{more}"

    @property
    def plain(self) -> bool:
        """Whether nothing but its size tells it from others."""
        return not self.presentations and self.crowding == 1.0

    def problem(self, seed: int) -> Problem:
        """One of its problems."""
        if self.presentations:
            return presented(seed, self.shelves, self.slots)
        per_slot = seed % 2 == 1
        return problem(seed, self.shelves, self.slots, per_slot=per_slot, crowding=self.crowding)


@dataclass(frozen=True, slots=True)
class Ours:
    """What `layout` gave on one problem, and the seconds for the page with its check, and for look-ahead."""

    result: Result
    seconds: float
    look_ahead: float


SIZES = (
    Size(60, 12, target=(2.0, 8.0)),
    Size(60, 12, presentations=True),
    Size(60, 12, crowding=2.0),
    Size(60, 20, target=(3.0, 12.0)),
    Size(200, 30, target=(15.0, 50.0)),
)
_LARGE = SIZES[3]
_PLOTTED = 20
_PROVEN = 0.995
_FASTER = 20.0
"""The share of pages that should be proven best in time, and how many times faster than CP-SAT as taught."""


def ours(given: Problem, deadline_s: float, rng: np.random.Generator) -> Ours:
    """Solve and check, then look ahead along a drawn page, on a problem that nothing has seen yet."""
    started = clock()
    result = solve(given, deadline_s=deadline_s)
    kept = effective(given, result)
    broken = violations(kept, result.page)
    seconds = clock() - started
    if broken or misreported(kept, result):
        raise AssertionError(f"invalid result: {broken} {misreported(kept, result)}")
    return Ours(result, seconds, _drawn(kept, result.page, rng))


def _drawn(given: Problem, page: Page, rng: np.random.Generator) -> float:
    started = clock()
    look, prefix = LookAhead(given, page), tuple[int, ...]()
    for _ in range(len(page)):
        prefix = (*prefix, int(rng.choice(np.flatnonzero(look.supported(prefix)))))
    return clock() - started


def check(name: str, mine: Ours, theirs: Answer) -> None:
    """Raises AssertionError when the two contradict each other."""
    if mine.result.status is not Status.OPTIMAL or not theirs.page:
        return
    room = abs(mine.result.objective) * (_TOLERANCE if name.startswith("HiGHS") else 0.0)
    if theirs.objective > mine.result.objective + room:
        raise AssertionError(f"{name}: {theirs.objective} beats the proven {mine.result.objective}")
    if theirs.proven and theirs.objective < mine.result.objective - room:
        raise AssertionError(f"{name} proves {theirs.objective}, ours is {mine.result.objective}")


def compare(
    size: Size, seeds: range, peers: int, cap: float, deadline_s: float
) -> tuple[list[Ours], dict[str, list[Answer]]]:
    """Our answers to the problems of the seeds, and each peer's to the first `peers` of them."""
    rng = np.random.default_rng(0)
    # A bar that refreshes itself does so in a thread, which would take its time from the page under way.
    shown = track(seeds, f"{size.name}: ours", auto_refresh=False)
    mine = [ours(size.problem(seed), deadline_s, rng) for seed in shown]
    theirs: dict[str, list[Answer]] = {}
    for name, peer in _PEERS.items():
        tried = track(seeds[:peers], f"{size.name}: {name}")
        theirs[name] = [peer(size.problem(seed), cap) for seed in tried]
        for one, other in zip(mine, theirs[name], strict=False):
            check(name, one, other)
    return mine, theirs


def print_size(console: Console, size: Size, mine: list[Ours], theirs: dict[str, list[Answer]]) -> None:
    """The table of one size: times, ratios of medians over the same problems, proofs, gaps."""
    table = Table("", "p50 ms", "p99 ms", "× ours", "proven", "mean gap", title=size.name)
    same = [one.seconds for one in mine[: len(next(iter(theirs.values())))]]
    for name, answers in theirs.items():
        seconds = [one.seconds for one in answers]
        ratio = f"{np.median(seconds) / np.median(same):,.1f}" if seconds else ""
        table.add_row(
            name, *_times(seconds), ratio, _share(one.proven for one in answers), _gap(mine, answers)
        )
    proven = _share(one.result.status is Status.OPTIMAL for one in mine)
    gap = f"{np.mean([max(one.result.gap, 0.0) for one in mine]):.4%}"
    table.add_row("ours, with the check", *_times([one.seconds for one in mine]), "1", proven, gap)
    for phase in ("compile", "start", "bound", "linear", "improve", "branch", "cpsat"):
        table.add_row(f"  {phase}", *_times([one.result.seconds.get(phase, 0.0) for one in mine]), "", "", "")
    table.add_row("look-ahead of a draw", *_times([one.look_ahead for one in mine]), "", "", "")
    console.print(table)
    proofs = Counter(f"{one.result.status}, {one.result.proof}" for one in mine)
    console.print(
        "  " + "; ".join(f"{name}: {count / len(mine):.1%}" for name, count in proofs.most_common())
    )


def missed(size: Size, mine: list[Ours], theirs: Mapping[str, list[Answer]]) -> list[str]:
    """Which of the size's targets are missed, in words."""
    if size.target is None:
        return []
    seconds = [one.seconds for one in mine]
    proven = float(np.mean([one.result.status is Status.OPTIMAL for one in mine]))
    found = [
        f"{size.name}: p{q} is {1e3 * float(np.percentile(seconds, q)):.2f} ms, target {most:g} ms"
        for q, most in zip((50, 99), size.target, strict=True)
        if 1e3 * float(np.percentile(seconds, q)) > most
    ]
    if proven < _PROVEN:
        found.append(f"{size.name}: {proven:.1%} proven, target {_PROVEN:.1%}")
    taught = [one.seconds for one in next(iter(theirs.values()))]
    if taught and (ratio := float(np.median(taught) / np.median(seconds[: len(taught)]))) < _FASTER:
        found.append(f"{size.name}: {ratio:.1f} times as fast as CP-SAT as taught, target {_FASTER:g}")
    return found


def plot_times(path: Path, results: Mapping[Size, tuple[list[Ours], dict[str, list[Answer]]]]) -> None:
    """Median time against candidates × slots."""
    figure, axes = plt.subplots(figsize=(7, 4.5))
    cells = [size.shelves * size.slots for size in results if size.plain]
    for name in _PEERS:
        medians = [
            1e3 * float(np.median([one.seconds for one in theirs[name]]))
            for size, (_, theirs) in results.items()
            if size.plain
        ]
        axes.loglog(cells, medians, "o--", label=name)
    medians = [
        1e3 * float(np.median([one.seconds for one in mine]))
        for size, (mine, _) in results.items()
        if size.plain
    ]
    axes.loglog(cells, medians, "o-", color="black", label="ours, with the check")
    axes.set(xlabel="candidates × slots", ylabel="median time, ms", title="Time to a page")
    axes.legend()
    figure.savefig(path, dpi=120, bbox_inches="tight")
    plt.close(figure)


def plot_deadlines(path: Path, size: Size, optimum: Mapping[int, int]) -> None:
    """The share of the best value, known for some seeds, that a deadline leaves."""
    deadlines = [0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1]
    shares = []
    for deadline_s in track(deadlines, f"{size.name}: value against deadline"):
        found = [
            solve(size.problem(seed), deadline_s=deadline_s).objective / best
            for seed, best in optimum.items()
        ]
        shares.append([float(np.mean(found)), float(np.min(found))])
    figure, axes = plt.subplots(figsize=(7, 4.5))
    milliseconds = [1e3 * one for one in deadlines]
    axes.plot(milliseconds, [mean for mean, _ in shares], "o-", label="mean")
    axes.plot(milliseconds, [worst for _, worst in shares], "o--", label="worst")
    axes.set_xscale("symlog", linthresh=1.0)
    axes.set(
        xlabel="deadline, ms",
        ylabel="share of the best page's value",
        title=f"Value within a deadline, {size.name}",
    )
    axes.legend()
    figure.savefig(path, dpi=120, bbox_inches="tight")
    plt.close(figure)


def _times(seconds: list[float]) -> tuple[str, str]:
    if not seconds:
        return "", ""
    median, tail = (1e3 * float(np.percentile(seconds, q)) for q in (50, 99))
    return f"{median:,.2f}", f"{tail:,.2f}"


def _share(hits: Iterable[bool]) -> str:
    counted = list(hits)
    return f"{np.mean(counted):.1%}" if counted else ""


def _gap(mine: list[Ours], theirs: list[Answer]) -> str:
    gaps = [
        (one.result.objective - other.objective) / abs(one.result.objective)
        for one, other in zip(mine, theirs, strict=False)
        if other.page and one.result.status is Status.OPTIMAL
    ]
    return f"{np.mean(gaps):.4%}" if gaps else ""


def main() -> None:
    """Run the benchmark, print its tables and write its plots. Raises AssertionError on a contradiction.

    With `--strict` the exit status is 1 when a target is missed.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=400, help="how many problems of a size we solve")
    parser.add_argument("--peers", type=int, default=6, help="how many of them each peer solves too")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first problem of a size")
    parser.add_argument("--cap", type=float, default=20.0, help="seconds after which a peer is cut off")
    parser.add_argument("--deadline", type=float, default=0.05, help="our deadline for a page in seconds")
    parser.add_argument("--plots", type=Path, default=Path("var/bench"), help="folder for the plots")
    parser.add_argument("--cpu", action="store_true", help="count CPU seconds, for a machine that others use")
    parser.add_argument("--strict", action="store_true", help="fail when a target is missed")
    chosen = parser.parse_args()
    if chosen.cpu:
        count_cpu()
    warm()
    ours(problem(10**6), 10.0, np.random.default_rng(0))
    # As serving does: a full collection over all modules takes longer than a page may.
    spare_requests_garbage_collections()
    console = Console()
    results = {}
    for size in SIZES:
        count = max(chosen.peers, chosen.problems // (4 if size.shelves > 60 else 1))
        seeds = range(chosen.seed, chosen.seed + count)
        results[size] = compare(size, seeds, chosen.peers, chosen.cap, chosen.deadline)
        print_size(console, size, *results[size])
    console.print("values equal wherever two are proven; no page is worth more than a proven one")
    short = [one for size in SIZES for one in missed(size, *results[size])]
    console.print("targets missed: " + "; ".join(short) if short else "all targets met")
    chosen.plots.mkdir(parents=True, exist_ok=True)
    plot_times(chosen.plots / "layout_time.png", results)
    few = range(chosen.seed, chosen.seed + _PLOTTED)
    best = {seed: solve(_LARGE.problem(seed), deadline_s=60.0).objective for seed in few}
    plot_deadlines(chosen.plots / "layout_deadline.png", _LARGE, best)
    console.print(f"plots: {chosen.plots}/layout_time.png, {chosen.plots}/layout_deadline.png")
    if short and chosen.strict:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
