"""Who takes part in a simulation: policies by name, learning or not, with their exploration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bandits.policies import FixedPolicy, UniformPolicy
from bandits.policy import Policy
from home.draw import Exploration

Load = Callable[[bytes | None], Policy]
"""A model snapshot, or None for an untrained policy, to the policy that serves."""


@dataclass(frozen=True, slots=True)
class Participant:
    """A policy in a simulation: how to make it, whether it learns, and its own exploration if it has one."""

    make: Callable[[], Policy]
    learns: bool = False
    exploration: Exploration | None = None


PARTICIPANTS: Mapping[str, str] = MappingProxyType(
    {
        "vw": "the serving policy, learning after every batch",
        "frozen": "the serving policy as it starts, never learning",
        "uniform": "every shelf is worth the same: the rules alone make the page",
        "order": "shelves as the sources give them",
        "taste": "shelves by their affinity to the listener's taste",
        "popularity": "shelves by the popularity of their items",
        "random": "a random page among those the rules allow",
    }
)
"""Name → what it does. All but "random" explore as configured."""

_EVERY_PAGE_RANDOM = Exploration(epsilon=1.0, floor=1.0)


def participants(
    names: Sequence[str], load: Load, snapshot: bytes | None = None
) -> Mapping[str, Participant]:
    """Participants by name; "vw" and "frozen" start from `snapshot`, or untrained.

    Raises ValueError for a name that is not one of `PARTICIPANTS`.
    """
    known: Mapping[str, Participant] = {
        "vw": Participant(lambda: load(snapshot), learns=True),
        "frozen": Participant(lambda: load(snapshot)),
        "uniform": Participant(UniformPolicy),
        "order": Participant(FixedPolicy),
        "taste": Participant(lambda: FixedPolicy(by="taste")),
        "popularity": Participant(lambda: FixedPolicy(by="popularity")),
        "random": Participant(UniformPolicy, exploration=_EVERY_PAGE_RANDOM),
    }
    for name in names:
        if name not in known:
            raise ValueError(f"policies: {name!r} is not known; choose among {', '.join(known)}")
    return {name: known[name] for name in names}
