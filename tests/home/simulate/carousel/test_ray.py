"""Ray, where it is installed: the same results as processes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from home.errors import ConfigurationError
from home.simulate.carousel.engines import Processes
from home.simulate.carousel.play import Protocol
from home.simulate.carousel.policies import OURS
from home.simulate.carousel.ray_engine import Ray
from home.simulate.carousel.run import simulate
from home.simulate.carousel.worlds import WorldRequest
from tests.home.simulate.carousel.small import small_world


@pytest.mark.slow
def test_two_ray_workers_give_the_results_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="ray is not installed: pip install 'home-composer[scale]'")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(WorldRequest, "make", lambda self: small_world())
    protocol, policies = Protocol(rounds=15, users=100), ("ts-seg-pessimistic", OURS)
    on_ray = simulate(tmp_path / "ray", WorldRequest(), protocol, policies, (1, 2), Ray(2))
    here = simulate(tmp_path / "processes", WorldRequest(), protocol, policies, (1, 2), Processes(2))
    assert on_ray.curves.keys() == here.curves.keys()
    for job, curve in here.curves.items():
        np.testing.assert_array_equal(on_ray.curves[job].rewards, curve.rewards)
        np.testing.assert_array_equal(on_ray.curves[job].expected, curve.expected)


def test_without_ray_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'home-composer\[scale\]'"):
        Ray(2)
