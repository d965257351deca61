"""What docs/simulator.md says can be run, runs; what it lists, exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from home.settings import Settings
from home.simulate.happenings import KINDS
from home.simulate.metrics.page import PAGE_MEASURES
from home.simulate.scenario import scenario_names

TEXT = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text("utf-8")


def test_the_example_in_python_runs(
    demo_settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME_DATABASE_URL", demo_settings.database_url)
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(example, "docs/simulator.md", "exec"), {})  # noqa: S102 - it is our own documentation
    assert "Interval(" in capsys.readouterr().out


def test_scenarios_happenings_and_measures_are_listed() -> None:
    for name in (*scenario_names(), *KINDS, *set(PAGE_MEASURES) - {"sponsored", "fresh"}):
        assert f"`{name}`" in TEXT, name
