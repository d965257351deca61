"""Times as labels, to break results down by."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from home.replay.sources.chunk import Labels, Times


def time_labels(at: Times) -> Mapping[str, Labels]:
    """The day, such as 2026-03-01, and the hour of the day, such as 09, of UTC times (m,)."""
    hours = at.astype("datetime64[h]").astype(np.int64) % 24
    return {
        "day": at.astype("datetime64[D]").astype(np.str_),
        "hour_utc": np.char.zfill(hours.astype(np.str_), 2),
    }
