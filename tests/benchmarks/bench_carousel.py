"""Carousels per minute, against a simulation that goes from user to user.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.bench_carousel --data-dir DATA --published CHECKOUT

Both sides play the same policies for the same users, one after the other in this process with one thread, and
are measured in CPU time. The peer is the published code when `--published` names a checkout of
https://github.com/deezer/carousel_bandits, else a loop over users written anew, which has no linear policies
and no KL-UCB. Linear policies get fewer users (`--linear-users`), since the peer takes minutes for more.

With `--workers`, all published policies are then played at once by that many processes, by the clock.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from home.simulate.carousel.engines import Processes
from home.simulate.carousel.play import Job, Protocol, play
from home.simulate.carousel.policies import PUBLISHED
from home.simulate.carousel.population import PopulationModel
from home.simulate.carousel.run import simulate
from home.simulate.carousel.world import World
from home.simulate.carousel.worlds import WorldRequest
from tests.benchmarks.carousel_peer import PeerSimulation, load_published, recreated


def main() -> None:
    """Measure and print the tables."""
    arguments, console = _arguments(), Console()
    request = WorldRequest(arguments.data_dir, None, PopulationModel(users=arguments.population))
    world = request.make()
    peer = recreated(world) if arguments.published is None else load_published(arguments.published, world)
    table = Table(title=f"Carousels of 12 slots per CPU minute; peer: {peer.name}")
    for column in ("policy", "users a round", "here", "peer", "ratio"):
        table.add_column(column, justify="left" if column == "policy" else "right")
    totals = np.zeros(2)
    for name in track(peer.policies, "Measuring", console=console):
        users = arguments.linear_users if "-lin-" in name else arguments.users
        own = own_seconds(world, name, users, arguments.rounds)
        seconds = np.array([own, peer_seconds(world, peer, name, users, arguments.rounds)])
        carousels = users * arguments.rounds
        totals += seconds / carousels
        here, there = 60.0 * carousels / seconds
        table.add_row(name, f"{users:,}", f"{here:,.0f}", f"{there:,.0f}", f"{here / there:.1f}")
    here, there = 60.0 * len(peer.policies) / totals
    table.add_row("all, equally often", "", f"{here:,.0f}", f"{there:,.0f}", f"{here / there:.1f}")
    console.print(table)
    if arguments.workers:
        console.print(_by_the_clock(request, arguments))


def own_seconds(world: World, name: str, users: int, rounds: int) -> float:
    """CPU seconds of `rounds` rounds here."""
    with tempfile.TemporaryDirectory() as directory:
        return play(world, Protocol(rounds, users), Job(name, 1), Path(directory), rounds).seconds


def peer_seconds(world: World, peer: PeerSimulation, name: str, users: int, rounds: int) -> float:
    """CPU seconds of `rounds` rounds of the peer."""
    rng, policy = np.random.default_rng(1), peer.policies[name]()
    started = time.process_time()
    for _ in range(rounds):
        batch = rng.integers(world.users, size=users)
        lists = policy.recommend_to_users_batch(batch)
        policy.update_policy(batch, lists, peer.answer(batch, lists))
    return time.process_time() - started


def _by_the_clock(request: WorldRequest, arguments: argparse.Namespace) -> str:
    protocol = Protocol(arguments.clock_rounds, arguments.users)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        simulate(directory, request, protocol, (), (), Processes(1))
        started = time.perf_counter()
        result = simulate(directory, request, protocol, tuple(PUBLISHED), (1,), Processes(arguments.workers))
        seconds = time.perf_counter() - started
    carousels = len(result.curves) * protocol.rounds * protocol.users
    used = sum(curve.seconds for curve in result.curves.values())
    return (
        f"The ten published policies, {protocol.rounds} rounds × {protocol.users:,} users, "
        f"{arguments.workers} workers: {60 * carousels / seconds:,.0f} carousels per minute by the clock, "
        f"start of processes included; {60 * carousels / used:,.0f} per CPU minute."
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data-dir", type=Path, help="directory of the published playlists; else invented ones"
    )
    parser.add_argument("--published", type=Path, help="checkout of the published code, to measure against")
    parser.add_argument("--population", type=int, default=20_000, help="synthetic users")
    parser.add_argument("--users", type=int, default=20_000, help="users in a round")
    parser.add_argument("--linear-users", type=int, default=1_000, help="the same for linear policies")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of each policy")
    parser.add_argument(
        "--workers", type=int, default=0, help="also measure all policies on this many processes"
    )
    parser.add_argument("--clock-rounds", type=int, default=10, help="rounds of that")
    return parser.parse_args()


if __name__ == "__main__":
    main()
