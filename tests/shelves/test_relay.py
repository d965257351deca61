"""Whatever one source does, the others' shelves are served."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from shelves.build import Builder, Drop
from shelves.catalog import Catalog
from shelves.registry import SOURCES
from shelves.sources.base import Source
from shelves.types import Provenance, Shelf
from shelves.view import View
from tests.shelves.stubs import Stub, a_shelf, good
from tests.shelves.synthetic import context

BUDGET = 0.25


def fail(_: View) -> Sequence[Shelf]:
    raise RuntimeError("no connection")


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets hung sources go at the end of a test."""
    event = threading.Event()
    yield event
    event.set()


def hang(release: threading.Event) -> Callable[[View], Sequence[Shelf]]:
    def act(_: View) -> Sequence[Shelf]:
        release.wait(30)
        return ()

    return act


def test_a_source_that_raises_is_named_and_the_others_stay(catalog: Catalog) -> None:
    built = Builder([good("a"), Stub("bad", fail), good("z")], catalog).build(context(catalog))
    assert [shelf.id for shelf in built.shelves] == ["a:1", "z:1"]
    assert [(d.source, d.reason, d.detail) for d in built.dropped] == [
        ("bad", Drop.RAISED, "RuntimeError: no connection")
    ]
    assert set(built.seconds) == {"a", "bad", "z"}


@pytest.mark.parametrize(
    "broken",
    [
        a_shelf("bad", [1, 2, 3, 4], title=""),
        a_shelf("bad", [1, 2, 3, 4], id=""),
        a_shelf("bad", [1, 2, 3, 4], provenance=Provenance("bad", "")),
        a_shelf("bad", [1, 2, 3, 4], scores=np.zeros(3, dtype=np.float32)),
        a_shelf("bad", [1, 2, 3, 4], rows=np.zeros(4, dtype=np.float32)),
        a_shelf("bad", [1, 2, 3, 10**6]),
        a_shelf("bad", [-1, 2, 3, 4]),
        a_shelf("bad", [1, 2, 3, 4], scores=np.array([1, np.nan, 0, 0], dtype=np.float32)),
        a_shelf("bad", [1, 2, 3, 4], scores=np.array([1, "x", 0, 0], dtype=object)),
        a_shelf("bad", [1, 2, 3, 4], title="half a \ud83d"),
        "not a shelf",
    ],
    ids=[
        "title",
        "id",
        "reason",
        "length",
        "dtype",
        "too high",
        "negative",
        "nan",
        "object",
        "surrogate",
        "type",
    ],
)
def test_a_source_of_malformed_shelves_is_dropped_as_a_whole(catalog: Catalog, broken: Shelf) -> None:
    bad = Stub("bad", lambda _: [a_shelf("bad", [1, 2, 3, 4], id="fine"), broken])
    built = Builder([good("a"), bad, good("z")], catalog, min_items=1).build(context(catalog))
    assert [shelf.id for shelf in built.shelves] == ["a:1", "z:1"]
    assert [(d.source, d.reason) for d in built.dropped] == [("bad", Drop.RAISED)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("freshness", float("nan")),
        ("freshness", "new"),
        ("freshness", True),
        ("royalty", float("-inf")),
        ("royalty", 10**400),
        ("royalty", None),
        ("royalty", np.float32(1)),
        ("royalty", object()),
        ("royalty", "half a \ud83d"),
        ("sponsor", 3),
        ("exploratory", np.bool_(True)),
    ],
)
def test_an_attribute_that_nobody_could_read_costs_its_source_and_not_the_page(
    catalog: Catalog, name: str, value: object
) -> None:
    bad = Stub("bad", lambda _: [a_shelf("bad", [1, 2, 3, 4], attributes={name: value})])
    built = Builder([good("a"), bad, good("z")], catalog, min_items=1).build(context(catalog))
    assert [shelf.id for shelf in built.shelves] == ["a:1", "z:1"]
    (drop,) = built.dropped
    assert (drop.source, drop.reason) == ("bad", Drop.RAISED)
    assert name in drop.detail
    assert repr(value) in drop.detail


def test_attributes_of_every_kind_are_kept(catalog: Catalog) -> None:
    own = {"mood": "calm", "live": True, "royalty": 0.25, "freshness": 1, "sponsor": "Acme"}
    source = Stub("s", lambda _: [a_shelf("s", np.arange(60), attributes=own)])
    (shelf,) = Builder([source], catalog).build(context(catalog)).shelves
    assert {name: shelf.attributes[name] for name in own} == own


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_a_source_that_asks_to_exit_is_dropped_once_and_asked_again(
    catalog: Catalog, error: BaseException
) -> None:
    def leave(_: View) -> Sequence[Shelf]:
        raise error

    builder = Builder([Stub("bad", leave), good("a")], catalog, budget_s=BUDGET)
    for _ in range(2):
        built = builder.build(context(catalog))
        assert [shelf.id for shelf in built.shelves] == ["a:1"]
        assert [(d.source, d.reason) for d in built.dropped] == [("bad", Drop.RAISED)]


def test_a_slow_source_is_named_and_the_others_stay(catalog: Catalog, release: threading.Event) -> None:
    sources = [good("a"), Stub("slow", hang(release)), good("z")]
    started = time.perf_counter()
    built = Builder(sources, catalog, budget_s=BUDGET).build(context(catalog))
    assert time.perf_counter() - started < BUDGET + 5
    assert [shelf.id for shelf in built.shelves] == ["a:1", "z:1"]
    assert [(d.source, d.reason) for d in built.dropped] == [("slow", Drop.SLOW)]
    assert built.seconds["slow"] >= BUDGET


def test_a_hung_source_holds_one_thread_and_comes_back(catalog: Catalog, release: threading.Event) -> None:
    calls = []

    def hang_once(view: View) -> Sequence[Shelf]:
        calls.append(1)
        return hang(release)(view) if len(calls) == 1 else good("slow").propose(view)

    builder = Builder([Stub("slow", hang_once), good("a")], catalog, budget_s=BUDGET)
    assert [d.reason for d in builder.build(context(catalog)).dropped] == [Drop.SLOW]
    for _ in range(5):
        built = builder.build(context(catalog))
        assert [(d.source, d.reason) for d in built.dropped] == [("slow", Drop.BUSY)]
        assert [shelf.id for shelf in built.shelves] == ["a:1"]
    assert len(calls) == 1
    release.set()
    deadline = time.monotonic() + 10
    while builder.build(context(catalog)).dropped and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [shelf.id for shelf in builder.build(context(catalog)).shelves] == ["slow:1", "a:1"]


def test_threads_end_with_their_requests(catalog: Catalog) -> None:
    builder = Builder(SOURCES.values(), catalog, budget_s=10)
    for _ in range(5):
        builder.build(context(catalog))
    deadline = time.monotonic() + 5
    while any(t.name == "shelves-relay" for t in threading.enumerate()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not [t for t in threading.enumerate() if t.name == "shelves-relay"]


def test_requests_at_the_same_time_do_not_make_each_other_busy(catalog: Catalog) -> None:
    builder = Builder(SOURCES.values(), catalog, budget_s=10)
    expected = [shelf.id for shelf in builder.build(context(catalog)).shelves]
    found: list[list[str]] = []

    def request() -> None:
        built = builder.build(context(catalog))
        assert not built.dropped
        found.append([shelf.id for shelf in built.shelves])

    threads = [threading.Thread(target=request) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 6


def test_every_source_failing_gives_an_empty_result(catalog: Catalog) -> None:
    built = Builder([Stub("x", fail), Stub("y", fail)], catalog).build(context(catalog))
    assert built.shelves == ()
    assert [d.source for d in built.dropped] == ["x", "y"]


def test_settings_that_contradict_are_errors(catalog: Catalog) -> None:
    twins: list[Source] = [good("a"), good("a")]
    with pytest.raises(ValueError, match="a given more than once"):
        Builder(twins, catalog)
    with pytest.raises(ValueError, match="min_items=5, max_items=4"):
        Builder([], catalog, min_items=5, max_items=4)
    with pytest.raises(ValueError, match="budget_s=0"):
        Builder([], catalog, budget_s=0)
