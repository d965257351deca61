"""How long a page takes, stage by stage, and layout against the textbook model on the very same problems.

    python -m tests.benchmarks.bench_compose

It runs on the database of HOME_DATABASE_URL, preparing the embedded catalogue when that is empty. Pages of
about 60 candidate shelves are trimmed to exactly 60 for 12 slots, so that runs are comparable.
"""

from __future__ import annotations

SHELVES, SLOTS = 60, 12
