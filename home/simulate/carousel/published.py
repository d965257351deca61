"""What the paper found with its 974,960 users: cumulative regret after 50 and 100 rounds of 20,000 users.

Source: figure 2 as redrawn in https://github.com/deezer/carousel_bandits, read to within 2,500.
"""

from __future__ import annotations

from collections.abc import Mapping

REGRET_50: Mapping[str, float] = {
    "random": 655_000.0,
    "etc-seg-explore": 641_000.0,
    "kl-ucb-seg": 441_000.0,
    "etc-seg-exploit": 281_000.0,
    "ts-lin-naive": 262_000.0,
    "ts-seg-naive": 188_000.0,
    "epsilon-greedy-exploit": 164_000.0,
    "epsilon-greedy-explore": 159_000.0,
    "ts-seg-pessimistic": 115_000.0,
}

REGRET_100: Mapping[str, float] = {
    "random": 1_312_000.0,
    "etc-seg-explore": 1_007_000.0,
    "kl-ucb-seg": 613_000.0,
    "etc-seg-exploit": 301_000.0,
    "ts-lin-naive": 301_000.0,
    "epsilon-greedy-exploit": 275_000.0,
    "ts-lin-pessimistic": 274_000.0,
    "ts-seg-naive": 268_000.0,
    "epsilon-greedy-explore": 252_000.0,
    "ts-seg-pessimistic": 160_000.0,
}
