"""The rulebook's vocabulary: one class per kind of rule.

Slots, prefixes and windows in rules count from 1, as people count them.
"""

from __future__ import annotations

from typing import Final

from layout.rules.base import BaseRule, applicable
from layout.rules.calibration import Calibration
from layout.rules.cost_budget import CostBudget
from layout.rules.distinct_values import DistinctValues
from layout.rules.exploration_floor import ExplorationFloor
from layout.rules.exposure import Exposure
from layout.rules.freshness_floor import FreshnessFloor
from layout.rules.implication import Implication
from layout.rules.ineligible import Ineligible
from layout.rules.item_overlap import ItemOverlap
from layout.rules.max_count import MaxCount
from layout.rules.max_run import MaxRun
from layout.rules.min_count import MinCount
from layout.rules.min_gap import MinGap
from layout.rules.mutual_exclusion import MutualExclusion
from layout.rules.no_equal_neighbours import NoEqualNeighbours
from layout.rules.pinned import Pinned
from layout.rules.precedence import Precedence
from layout.rules.prefix_quota import PrefixQuota
from layout.rules.share import Share
from layout.rules.slot_range import SlotRange
from layout.rules.sponsored_spacing import SponsoredSpacing
from layout.rules.vertical_space import VerticalSpace
from layout.rules.visit_stability import VisitStability

RULE_KINDS: Final[dict[str, type[BaseRule]]] = {
    "calibration": Calibration,
    "cost_budget": CostBudget,
    "distinct_values": DistinctValues,
    "exploration_floor": ExplorationFloor,
    "exposure": Exposure,
    "freshness_floor": FreshnessFloor,
    "implication": Implication,
    "ineligible": Ineligible,
    "item_overlap": ItemOverlap,
    "max_count": MaxCount,
    "max_run": MaxRun,
    "min_count": MinCount,
    "min_gap": MinGap,
    "mutual_exclusion": MutualExclusion,
    "no_equal_neighbours": NoEqualNeighbours,
    "pinned": Pinned,
    "precedence": Precedence,
    "prefix_quota": PrefixQuota,
    "share": Share,
    "slot_range": SlotRange,
    "sponsored_spacing": SponsoredSpacing,
    "vertical_space": VerticalSpace,
    "visit_stability": VisitStability,
}
"""Kind name in a rulebook file → rule class, constructed with the file's fields as keywords."""

__all__ = [
    "RULE_KINDS",
    "BaseRule",
    "Calibration",
    "CostBudget",
    "DistinctValues",
    "ExplorationFloor",
    "Exposure",
    "FreshnessFloor",
    "Implication",
    "Ineligible",
    "ItemOverlap",
    "MaxCount",
    "MaxRun",
    "MinCount",
    "MinGap",
    "MutualExclusion",
    "NoEqualNeighbours",
    "Pinned",
    "Precedence",
    "PrefixQuota",
    "Share",
    "SlotRange",
    "SponsoredSpacing",
    "VerticalSpace",
    "VisitStability",
    "applicable",
]
