"""The claim of the whole: on the embedded catalogue, learning is clicked more than not learning."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from home.bootstrap import load_catalog, open_database, open_tools, policy_loader
from home.rewards import load_rewards
from home.sampling import sample_contexts
from home.settings import Settings
from home.simulate.parameters import load_listener_model
from home.simulate.participants import participants
from home.simulate.report import report
from home.simulate.run import SimulationConfig, simulate


@pytest.mark.slow
def test_learning_beats_not_learning_with_an_interval_that_excludes_zero(demo_settings: Settings) -> None:
    """From the same untrained start, with the same exploration, on the same visits with the same luck."""
    engine = open_database(demo_settings)
    result = simulate(
        sample_contexts(engine, 300, "phone", 1, datetime(2026, 11, 1, tzinfo=UTC)),
        open_tools(demo_settings, load_catalog(engine, demo_settings)),
        participants(("vw", "frozen"), policy_loader(demo_settings)),
        load_listener_model(),
        load_rewards(demo_settings.rewards_file),
        SimulationConfig(visits=800, batch=100, seed=1, regret=False),
    )
    engine.dispose()
    found = report(result, "frozen")
    for metric in ("clicks", "clicked", "reward"):
        lift = found.comparison("vw", metric)
        assert lift.difference.low > 0.0, lift
    assert all(summary.fallback == 0.0 for summary in found.summaries)
