"""Policies of the carousel: the ten published ones with their published settings, and ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from home.simulate.carousel.policies.empirical_bayes import EmpiricalBayes
from home.simulate.carousel.policies.epsilon_greedy import EpsilonGreedy
from home.simulate.carousel.policies.explore_then_commit import ExploreThenCommit
from home.simulate.carousel.policies.kl_ucb import KlUcb
from home.simulate.carousel.policies.policy import CarouselPolicy, State, Task
from home.simulate.carousel.policies.random_lists import RandomLists
from home.simulate.carousel.policies.thompson_linear import LinearThompson
from home.simulate.carousel.policies.thompson_segment import SegmentThompson

__all__ = ["OURS", "POLICIES", "PUBLISHED", "CarouselPolicy", "State", "Task"]

PUBLISHED: Mapping[str, Callable[[Task], CarouselPolicy]] = {
    "random": RandomLists,
    "etc-seg-explore": partial(ExploreThenCommit, displays=100),
    "etc-seg-exploit": partial(ExploreThenCommit, displays=20),
    "epsilon-greedy-explore": partial(EpsilonGreedy, epsilon=0.1),
    "epsilon-greedy-exploit": partial(EpsilonGreedy, epsilon=0.01),
    "kl-ucb-seg": partial(KlUcb, precision=1e-6),
    "ts-seg-naive": partial(SegmentThompson, alpha=1.0, beta=1.0),
    "ts-seg-pessimistic": partial(SegmentThompson, alpha=1.0, beta=99.0),
    "ts-lin-naive": partial(LinearThompson, bias=0.0),
    "ts-lin-pessimistic": partial(LinearThompson, bias=-5.0),
}
"""Source: `main.py` of https://github.com/deezer/carousel_bandits."""

OURS = "ts-lin-empirical-bayes"

POLICIES: Mapping[str, Callable[[Task], CarouselPolicy]] = {**PUBLISHED, OURS: EmpiricalBayes}
"""All policies by name."""
