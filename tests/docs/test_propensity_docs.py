"""The worked example in the documentation is what the command prints, and it says what it claims."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import repair_example as example

TEXT = (Path(__file__).parents[2] / "docs" / "propensity.md").read_text("utf-8")


def test_the_example_shows_what_the_command_prints() -> None:
    shown = [
        line for block in re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()
    ]
    headings = ("A. Sample slot by slot, then repair", "B. Anchored mixture")
    assert [line for line in shown if line] == [
        line for line in example.lines() if line and line not in headings
    ]


def test_repair_overstates_the_target_and_the_mixture_does_not() -> None:
    truth, logged, mixed = example.shown(), example.sampled(), example.mixed()
    value = example.REWARD[example.TARGET]
    assert example.expected(truth, logged) == pytest.approx(truth[0, 1] / logged[0, 1] * value)
    assert example.expected(truth, logged) > 2.5 * value
    assert example.expected(mixed, mixed) == pytest.approx(value, abs=1e-12)
    assert sum(truth.values()) == pytest.approx(1.0, abs=1e-12)
    assert sum(mixed.values()) == pytest.approx(1.0, abs=1e-12)
    assert sum(logged[page] for page in example.REWARD) == pytest.approx(0.5)


def test_the_sentences_about_it_have_its_numbers() -> None:
    truth, logged = example.shown()[example.TARGET], example.sampled()[example.TARGET]
    assert f"the log has the probability of one: {logged:.4f} instead of {truth:.4f}" in " ".join(
        TEXT.split()
    )
    average = example.expected(example.shown(), example.sampled())
    sentence = f"A gives {truth:.4f} · (1 / {logged:.4f}) · {example.REWARD[example.TARGET]} = {average:.2f}"
    assert sentence in TEXT
    assert f"{average / example.REWARD[example.TARGET]:.1f} times what is true" in TEXT
