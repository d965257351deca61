"""What the rules of a world cost on pages for its listeners."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from bandits.policies import FixedPolicy
from bandits.policy import Policy
from home.compose import propose
from home.ingest.progress import Progress, Silent
from home.rules.check import CheckReport, check
from home.rules.corpus import Case
from home.simulate.world import World

_CASES = 12


def rule_prices(world: World, *, cases: int = _CASES, progress: Progress | None = None) -> CheckReport:
    """Price every rule on pages for the first `cases` listeners, valued by the policy that serves.

    An untrained policy finds every shelf worth the same, and no rule would cost anything: where the world has
    no trained one, shelves are worth what the order of their sources says.
    """
    progress = progress or Silent()
    policy: Policy = FixedPolicy() if world.snapshot is None else world.load(world.snapshot)
    start = datetime.combine(world.catalog.as_of + timedelta(days=1), time(12), UTC)
    progress.start("Pricing rules", min(cases, len(world.contexts)))
    found = []
    for context in world.contexts[:cases]:
        case = replace(context, now=start)
        found.append(Case(case, propose(case, policy, world.tools)))
        progress.advance()
    progress.finish()
    return check(world.tools.rules, found)
