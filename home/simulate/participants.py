"""Who takes part in a simulation: policies by name, learning or not, with their exploration."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from bandits.policies import FixedPolicy, UniformPolicy, build
from bandits.policy import Policy
from home.compose import Tools
from home.draw import Exploration
from home.rules.book import Rulebook

Load = Callable[[bytes | None], Policy]
"""A model snapshot, or None for an untrained policy, to the policy that serves."""


UNTRAINED = "untrained"
"""What a policy without a snapshot starts from."""


@dataclass(frozen=True, slots=True)
class Participant:
    """A policy in a simulation: how to make it, whether it learns, and where it differs from what serves.

    `restore` reads a learning policy back from its snapshot; a simulation that can be taken up again needs
    it. `exploration` and `rulebook` replace those of the simulation. `start` tells what it starts from, so
    that a simulation is not taken up again from another model.
    """

    make: Callable[[], Policy]
    learns: bool = False
    exploration: Exploration | None = None
    restore: Callable[[bytes], Policy] | None = None
    rulebook: Rulebook | None = None
    start: str = UNTRAINED

    def revive(self, snapshot: bytes) -> Policy:
        """The policy of a snapshot. Raises ValueError without a `restore`."""
        if self.restore is None:
            raise ValueError("restore is None: this policy cannot be read back from a snapshot")
        return self.restore(snapshot)

    def equip(self, tools: Tools) -> Tools:
        """The tools with which this policy composes."""
        if self.exploration is not None:
            tools = replace(tools, exploration=self.exploration)
        if self.rulebook is not None:
            book = self.rulebook
            tools = replace(tools, rules=book.rules, rules_version=book.version, rulebook=book.text)
        return tools


PARTICIPANTS: Mapping[str, str] = MappingProxyType(
    {
        "serving": "the policy that serves, learning after every batch",
        "frozen": "the policy that serves as it starts, never learning",
        "vw": "Vowpal Wabbit with a softmax, learning after every batch",
        "uniform": "every shelf is worth the same: the rules alone make the page",
        "order": "shelves as the sources give them",
        "taste": "shelves by their affinity to the listener's taste",
        "popularity": "shelves by the popularity of their items",
        "random": "a random page among those the rules allow",
        "epsilon_greedy": "the mean reward of each kind of shelf, whoever is asking",
        "vw_epsilon": "Vowpal Wabbit with ε-greedy choices",
        "vw_bag": "Vowpal Wabbit with bagging",
        "vw_cover": "Vowpal Wabbit with online cover",
        "vw_squarecb": "Vowpal Wabbit with SquareCB",
        "vw_regcb": "Vowpal Wabbit with RegCB",
        "vw_ccb": "Vowpal Wabbit with a decision per slot",
        "linucb": "a linear model with upper confidence bounds",
        "lints": "a linear model with Thompson sampling",
    }
)
"""Name → what it does. All but "random" explore as configured, and from "epsilon_greedy" on all learn."""

_EVERY_PAGE_RANDOM = Exploration(epsilon=1.0, floor=1.0)


def participants(
    names: Sequence[str], load: Load, snapshot: bytes | None = None
) -> Mapping[str, Participant]:
    """Participants by name.

    "serving" and "frozen" are what `load` makes of `snapshot`, and so is the policy of that very name; other
    learners start untrained, with their default options.

    Raises ValueError for a name that is not one of `PARTICIPANTS`.
    """
    serving = Participant(
        lambda: load(snapshot),
        learns=True,
        restore=load,
        start=UNTRAINED if snapshot is None else hashlib.sha256(snapshot).hexdigest()[:12],
    )
    known: dict[str, Participant] = {
        "serving": serving,
        "frozen": replace(serving, learns=False, restore=None),
        "uniform": Participant(UniformPolicy),
        "order": Participant(FixedPolicy),
        "taste": Participant(lambda: FixedPolicy(by="taste")),
        "popularity": Participant(lambda: FixedPolicy(by="popularity")),
        "random": Participant(UniformPolicy, exploration=_EVERY_PAGE_RANDOM),
    }
    serves = load(None).name
    known |= {
        name: serving if name == serves else _learner(name) for name in PARTICIPANTS if name not in known
    }
    for name in names:
        if name not in known:
            raise ValueError(f"policies: {name!r} is not known; choose among {', '.join(known)}")
    return {name: known[name] for name in names}


def _learner(name: str) -> Participant:
    return Participant(lambda: build(name), learns=True, restore=lambda data: build(name, snapshot=data))
