"""A builder that recalls builds what one that does not would build, and asks no source twice for the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelves import recall
from shelves.build import Builder, Built
from shelves.catalog import Catalog
from shelves.recall import RecallingBuilder, recalling
from shelves.registry import SOURCES
from shelves.types import Context, Shelf
from shelves.view import View
from tests.shelves.stubs import Stub, a_shelf
from tests.shelves.synthetic import NOW, context


@pytest.fixture(scope="module")
def plain(catalog: Catalog) -> Builder:
    return Builder(SOURCES.values(), catalog, budget_s=10, max_shelves=40)


@pytest.fixture(scope="module")
def recaller(plain: Builder) -> Builder:
    return recalling(plain)


def said(built: Built) -> tuple[object, ...]:
    shelves = [
        (s.id, s.title, s.rows.tolist(), s.scores.tolist(), s.provenance, dict(s.attributes))
        for s in built.shelves
    ]
    return shelves, built.dropped, built.view.affinity.tolist(), built.view.today


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    who=st.integers(0, 5),
    day=st.integers(0, 400),
    dismissed=st.integers(0, 4),
    forgotten=st.booleans(),
    barred=st.booleans(),
)
def test_it_builds_what_the_plain_builder_builds(
    plain: Builder, recaller: Builder, who: int, day: int, dismissed: int, forgotten: bool, barred: bool
) -> None:
    person = context(plain.catalog, who, now=NOW + timedelta(days=day))
    gone = frozenset(shelf.id for shelf in plain.build(person).shelves[:dismissed])
    person = replace(person, dismissed_shelves=gone)
    if forgotten:
        person = replace(person, history=(), follows=frozenset(), friends=())
    if barred:
        person = replace(person, dismissed_items=frozenset(plain.catalog.ids[:50]))
    assert said(recaller.build(person)) == said(plain.build(person))


class Counting:
    """A source that counts how often it is asked."""

    def __init__(self, look: Callable[[View], object]) -> None:
        self.asked = 0
        self._look = look

    def __call__(self, view: View) -> Sequence[Shelf]:
        self.asked += 1
        self._look(view)
        return [a_shelf("counted", np.flatnonzero(view.eligible)[:4].tolist())]


def asked(catalog: Catalog, look: Callable[[View], object], people: Sequence[Context]) -> int:
    source = Counting(look)
    builder = RecallingBuilder([Stub("counted", source)], catalog)
    for person in people:
        assert [shelf.id for shelf in builder.build(person).shelves] == ["counted:1"]
    return source.asked


@pytest.mark.parametrize(
    ("look", "times"),
    [
        (lambda view: view.affinity, 1),
        (lambda view: (view.market, view.follows, view.taste), 1),
        (lambda view: view.editorial, 1),
        (lambda view: view.today, 2),
        (lambda view: view.context, 3),
    ],
)
def test_a_source_is_asked_again_when_what_it_looked_at_has_changed(
    catalog: Catalog, look: Callable[[View], object], times: int
) -> None:
    moments = (NOW, NOW, NOW + timedelta(hours=1), NOW + timedelta(days=1))
    assert asked(catalog, look, [context(catalog, now=moment) for moment in moments]) == times


def test_a_source_is_asked_again_when_something_else_is_known_of_the_listener(catalog: Catalog) -> None:
    person = context(catalog)
    follower = replace(person, follows=person.follows | {catalog.ids[0]})
    assert asked(catalog, lambda view: view.affinity, [person, person, follower, follower, person]) == 3


def test_only_the_listeners_seen_last_are_remembered(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c = (context(catalog, who) for who in range(3))
    monkeypatch.setattr(recall, "_REMEMBERED_ROWS", 2 * len(catalog))
    assert asked(catalog, lambda view: view.affinity, [a, b, a, c, a, b]) == 4


def test_a_source_that_fails_is_left_out_until_it_works(catalog: Catalog) -> None:
    moods = iter([False, True])

    def moody(view: View) -> Sequence[Shelf]:
        if not next(moods):
            raise RuntimeError("out")
        return [a_shelf("moody", np.flatnonzero(view.eligible)[:4].tolist())]

    builder = RecallingBuilder([Stub("moody", moody)], catalog)
    first, second, third = (builder.build(context(catalog)) for _ in range(3))
    assert [(d.source, d.detail) for d in first.dropped] == [("moody", "RuntimeError: out")]
    assert [len(built.shelves) for built in (first, second, third)] == [0, 1, 1]


def test_an_interruption_is_not_a_failing_source(catalog: Catalog) -> None:
    def interrupted(_: View) -> Sequence[Shelf]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        RecallingBuilder([Stub("slow", interrupted)], catalog).build(context(catalog))
