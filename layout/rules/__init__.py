"""The rulebook's vocabulary: one class per kind of rule.

Slots, prefixes and windows in rules count from 1, as people count them.
"""

from __future__ import annotations

from typing import Final

from layout.rules.base import BaseRule
from layout.rules.item_overlap import ItemOverlap
from layout.rules.max_count import MaxCount
from layout.rules.min_count import MinCount
from layout.rules.min_gap import MinGap
from layout.rules.no_equal_neighbours import NoEqualNeighbours
from layout.rules.pinned import Pinned
from layout.rules.prefix_quota import PrefixQuota
from layout.rules.slot_range import SlotRange
from layout.rules.sponsored_spacing import SponsoredSpacing

RULE_KINDS: Final[dict[str, type[BaseRule]]] = {
    "item_overlap": ItemOverlap,
    "max_count": MaxCount,
    "min_count": MinCount,
    "min_gap": MinGap,
    "no_equal_neighbours": NoEqualNeighbours,
    "pinned": Pinned,
    "prefix_quota": PrefixQuota,
    "slot_range": SlotRange,
    "sponsored_spacing": SponsoredSpacing,
}
"""Kind name in a rulebook file → rule class, constructed with the file's fields as keywords."""

__all__ = [
    "RULE_KINDS",
    "BaseRule",
    "ItemOverlap",
    "MaxCount",
    "MinCount",
    "MinGap",
    "NoEqualNeighbours",
    "Pinned",
    "PrefixQuota",
    "SlotRange",
    "SponsoredSpacing",
]
