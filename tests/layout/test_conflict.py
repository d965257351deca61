"""Rulebooks that leave no page: who contradicts whom, by name, and what is laid out all the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import layout.completion
import layout.growing
from layout.compiled import Compiled, compiled
from layout.completion import completion, ranked, ruled_out
from layout.conflict import conflict
from layout.errors import ClockError, SolverError
from layout.kernels.support import OUT_OF_NODES
from layout.relax import relaxed, variant
from layout.rows import NO_LIMIT
from layout.rules import (
    CostBudget,
    DistinctValues,
    ExplorationFloor,
    Exposure,
    FreshnessFloor,
    Implication,
    Ineligible,
    ItemOverlap,
    MaxCount,
    MaxRun,
    MinCount,
    MinGap,
    MutualExclusion,
    NoEqualNeighbours,
    Pinned,
    Precedence,
    PrefixQuota,
    Share,
    SlotRange,
    SponsoredSpacing,
    VerticalSpace,
    VisitStability,
)
from layout.selector import Selector
from layout.solve import effective, solve
from layout.types import (
    Attribute,
    Grid,
    Ints,
    LayoutShelf,
    Page,
    PageContext,
    Presentation,
    Problem,
    Rule,
    Slot,
    Status,
)
from layout.validate import inputs_of, violations
from tests.layout.instances import feasible_pages
from tests.layout.random_rows import feasible_pages as pages_of_rows
from tests.layout.random_rows import random_problem
from tests.layout.small import problems

LAW = settings(max_examples=120, deadline=None, derandomize=True)

RED, BLUE = Selector({"colour": "red"}), Selector({"colour": "blue"})
_COLOURS = ("red", "red", "red", "red", "blue", "blue", "green", "green")


def _shelf(number: int, colour: str) -> LayoutShelf:
    attributes: dict[str, Attribute] = {
        "colour": colour,
        "cost": 2.0 if colour == "red" else 0.5,
        "fresh": colour == "green",
        "exploratory": colour == "green",
        "sponsored": colour == "blue",
        "number": float(number),
    }
    # Red shelves share their items: only two of them can show four each.
    items = tuple(range(8)) if colour == "red" else tuple(range(100 * number, 100 * number + 8))
    return LayoutShelf(f"s{number}", attributes, items, "tall" if colour == "red" else "low")


SHELVES = tuple(_shelf(number, colour) for number, colour in enumerate(_COLOURS))
GRID = Grid(
    "phone",
    tuple(Slot(round(0.9**k, 4), 0 if k < 3 else 1) for k in range(6)),
    8,
    presentations={"tall": Presentation(2), "low": Presentation(1)},
)
INNOCENT: tuple[Rule, ...] = (
    MaxCount(id="innocent cap", selector=RED, count=6, relaxation=1),
    Pinned(id="innocent wish", selector=RED, slot=1, weight=2.0),
    SlotRange(id="innocent range", selector=Selector({"number": 7.0}), first=1, last=6),
)


def _problem(*rules: Rule) -> Problem:
    values = np.arange(48, 0, -1, dtype=np.int64).reshape(8, 6)
    context = PageContext(previous=tuple(shelf.id for shelf in reversed(SHELVES)))
    return Problem(SHELVES, GRID, (*INNOCENT, *rules), values, context=context)


CONTRADICTIONS: Mapping[str, tuple[Rule, ...]] = {
    "two pins of one slot": (
        Pinned(id="a", selector=RED, slot=2),
        Pinned(id="b", selector=BLUE, slot=2),
    ),
    "one shelf pinned twice": (
        Pinned(id="a", selector=Selector({"number": 3.0}), slot=2),
        Pinned(id="b", selector=Selector({"number": 3.0}), slot=4),
    ),
    "min above max": (MinCount(id="a", selector=RED, count=3), MaxCount(id="b", selector=RED, count=2)),
    "prefix against window": (
        PrefixQuota(id="a", selector=RED, prefix=4, lo=3),
        MaxCount(id="b", selector=RED, count=1, first=2, last=5),
    ),
    "a pin out of range": (
        Pinned(id="a", selector=BLUE, slot=1),
        SlotRange(id="b", selector=BLUE, first=3),
    ),
    "a pin of what is ineligible": (Pinned(id="a", selector=BLUE, slot=1), Ineligible(id="b", selector=BLUE)),
    "too many for the gaps": (
        MinCount(id="a", selector=RED, count=3),
        MinGap(id="b", selector=RED, gap=2),
    ),
    "too many for neighbours that differ": (
        Share(id="a", selector=RED, at_least=0.6),
        NoEqualNeighbours(id="b", attribute="colour"),
    ),
    "too long a run": (
        MinCount(id="a", selector=RED, count=3, last=3),
        MaxRun(id="b", attribute="colour", run=2),
    ),
    "too alike for variety": (
        PrefixQuota(id="a", selector=RED, prefix=3, lo=2),
        DistinctValues(id="b", attribute="colour", window=3),
    ),
    "below what it must precede": (
        Pinned(id="a", selector=BLUE, slot=1),
        Precedence(id="b", above=RED, below=BLUE),
    ),
    "together what excludes each other": (
        MinCount(id="a", selector=BLUE, count=1),
        MutualExclusion(id="b", one=RED, other=BLUE),
    ),
    "without what it needs": (
        Implication(id="a", present=RED, needs=BLUE),
        Ineligible(id="b", selector=BLUE),
    ),
    "seen too much below": (
        Exposure(id="a", selector=BLUE, at_least=1.5),
        SlotRange(id="b", selector=BLUE, first=5),
    ),
    "sponsors on top": (
        Pinned(id="a", selector=BLUE, slot=1),
        SponsoredSpacing(id="b", clear_first=1),
    ),
    "news among the old": (
        FreshnessFloor(id="a", count=2, last=2),
        Pinned(id="b", selector=RED, slot=2),
    ),
    "explored among the known": (
        ExplorationFloor(id="a", count=2, last=2),
        MaxCount(id="b", selector=Selector({"exploratory": True}), count=1),
    ),
    "too high for the fold": (
        MinCount(id="a", selector=RED, count=2, last=3),
        VerticalSpace(id="b", height=4, fold=0),
    ),
    "too dear": (MinCount(id="a", selector=RED, count=4), CostBudget(id="b", budget=8.0)),
    "too few items": (MinCount(id="a", selector=RED, count=3), ItemOverlap(id="b", min_items=4)),
    "moved too far": (
        Pinned(id="a", selector=Selector({"number": 7.0}), slot=3),
        VisitStability(id="b", max_moves=0),
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_contradiction_is_named_by_the_rules_that_it_takes(name: str) -> None:
    given_ = _problem(*CONTRADICTIONS[name])
    expected = tuple(rule.id for rule in CONTRADICTIONS[name])
    assert conflict(given_) == expected
    assert conflict(given_, seconds=60.0) == expected


def test_a_conflict_without_time_to_find_it_is_an_error() -> None:
    with pytest.raises(SolverError, match="time"):
        conflict(_problem(*CONTRADICTIONS["two pins of one slot"]), seconds=0.0)


@pytest.mark.parametrize("name", ["two pins of one slot", "min above max", "prefix against window"])
def test_prices_prove_at_once_that_counts_contradict_each_other(name: str) -> None:
    assert ruled_out(compiled(_problem(*CONTRADICTIONS[name])))
    assert not ruled_out(compiled(_problem(*CONTRADICTIONS[name][:1])))


@LAW
@given(st.integers(0, 10**6))
def test_what_prices_rule_out_has_no_page(seed: int) -> None:
    made = random_problem(seed)
    if ruled_out(compiled(made)):
        assert not pages_of_rows(made)


@pytest.mark.parametrize("name", sorted(CONTRADICTIONS.keys() - {"without what it needs"}))
def test_a_demand_that_contradicts_other_rules_does_not_cost_the_page(name: str) -> None:
    given_ = _problem(*CONTRADICTIONS[name])
    result = solve(given_, deadline_s=60.0)
    assert result.status is Status.RELAXED
    assert len(result.page) >= len(GRID.slots) // 2
    assert set(result.relaxed) <= {rule.id for rule in CONTRADICTIONS[name]}
    assert violations(effective(given_, result), result.page) == ()


def test_rules_that_forbid_what_is_shown_cost_slots_before_they_are_dropped() -> None:
    few = (Ineligible(id="barred", selector=Selector({"colour": ["red", "green"]})),)
    result = solve(_problem(*few, MinCount(id="wish", selector=RED, count=1)), deadline_s=60.0)
    assert (result.status, result.relaxed, len(result.page)) == (Status.RELAXED, ("wish",), 2)


def test_where_several_rules_forbid_every_shelf_as_few_as_can_be_are_dropped() -> None:
    last = Selector({"number": 7.0})
    rules = (Ineligible(id="most", selector=Selector(none_of=(last,))), Ineligible(id="last", selector=last))
    result = solve(_problem(*rules), deadline_s=60.0)
    assert (result.status, result.relaxed, len(result.page)) == (Status.RELAXED, ("most",), 6)


@LAW
@given(problems(least=2, rules=5))
def test_a_rule_that_never_yields_is_dropped_only_where_it_must(given_: Problem) -> None:
    result = solve(given_, deadline_s=60.0)
    rules = {rule.id: rule for rule in given_.rules}
    overruled = {name for name in result.relaxed if rules[name].relaxation is None}
    if not overruled:
        return
    yielding = tuple(r.id for r in given_.rules if r.weight is None and r.relaxation is not None)
    full = min(len({shelf.group for shelf in given_.shelves}), len(given_.grid.slots))
    lengths = [size for size in range(1, full + 1) if len(feasible_pages(variant(given_, size, yielding)))]
    assert max(lengths, default=0) < (full + 1) // 2
    inputs = inputs_of(given_)
    demands = {name for name, rule in rules.items() if (rule.rows(inputs).hi >= NO_LIMIT).all()}
    if not overruled <= demands:
        dropped = (*yielding, *demands)
        assert not any(len(feasible_pages(variant(given_, size, dropped))) for size in range(1, full + 1))


@LAW
@given(problems(least=2, rules=5))
def test_without_time_to_relax_there_is_a_valid_page_and_it_says_so(given_: Problem) -> None:
    found = relaxed(given_, lambda: 0.0)
    assume(found is not None)
    assert found is not None
    page = found.rows.outward(found.page)
    assert violations(found.problem, page) == ()
    assert found.cut or not found.altered
    known = {rule.id for rule in given_.rules if rule.weight is None}
    assert set(found.dropped) <= known


def test_a_rulebook_without_pages_is_given_up_in_time() -> None:
    """Rules that only a long search could tell apart: the deadline counts from the first step on."""
    given_ = _hard_to_tell()
    result = solve(given_, deadline_s=0.0)
    assert result.status is Status.FALLBACK
    assert violations(effective(given_, result), result.page) == ()


def test_a_search_that_the_clock_stops_early_is_no_proof_that_there_is_no_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stopped(rows: Compiled, *_: object, **__: object) -> Page | None:
        if len(rows.lo):
            raise ClockError("the clock ran ahead")
        return tuple(range(rows.size))

    monkeypatch.setattr(layout.growing, "completion", stopped)
    found = relaxed(_few_of_a_kind(), lambda: 1.0)
    assert found is not None
    assert (found.dropped, found.cut) == (("few",), True)


def test_a_search_that_gave_up_is_no_proof_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def undecided(rows: Compiled, *_: object, **__: object) -> Page | None:
        if len(rows.lo):
            raise SolverError("no answer within the limit")
        return tuple(range(rows.size))

    monkeypatch.setattr(layout.growing, "completion", undecided)
    assert solve(_few_of_a_kind(), deadline_s=60.0).status is Status.FALLBACK


def _few_of_a_kind() -> Problem:
    """Three of four shelves, of which one of a kind may be there."""
    shelves = tuple(LayoutShelf(f"s{i}", {"kind": i % 2}) for i in range(4))
    rule = MaxCount(id="few", selector=Selector({"kind": 0}), count=1, relaxation=1)
    return Problem(shelves, Grid("phone", (Slot(0.9),) * 3, 8), (rule,), np.ones((4, 3), dtype=np.int64))


def _hard_to_tell() -> Problem:
    """Rules that only a long search could tell apart."""
    values = np.ones((60, 24), dtype=np.int64)
    shelves = tuple(LayoutShelf(f"s{i:02d}", {"kind": f"k{i % 8}", "tone": f"t{i % 7}"}) for i in range(60))
    where = Grid("phone", tuple(Slot(0.9) for _ in range(24)), 8)
    rules = (
        DistinctValues(id="kinds", attribute="kind", window=8),
        DistinctValues(id="tones", attribute="tone", window=7),
        *(MinCount(id=f"{k}", selector=Selector({"kind": f"k{k}"}), count=4) for k in range(4)),
    )
    return Problem(shelves, where, rules, values)


def test_no_model_is_begun_that_takes_longer_to_write_than_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(*_: object, **__: object) -> None:
        raise AssertionError("the solver was asked")

    monkeypatch.setattr(layout.completion, "solve_feasible", begun)
    monkeypatch.setattr(layout.completion, "ruled_out", lambda _: False)
    monkeypatch.setattr(layout.completion, "model_seconds", lambda *_: 30.0)
    rows = compiled(_hard_to_tell())
    with pytest.raises(ClockError, match="no time"):
        completion(rows, ranked(rows.values), nodes=0, seconds=20.0)
    with pytest.raises(AssertionError, match="asked"):
        completion(rows, ranked(rows.values), nodes=0, seconds=40.0)


def test_a_dive_looks_no_further_than_there_is_time_for(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def counted(*arguments: object) -> tuple[int, Ints]:
        looked.append(int(str(arguments[-1])))
        return OUT_OF_NODES, np.zeros(0, dtype=np.int64)

    monkeypatch.setattr(layout.completion, "dive", counted)
    rows = compiled(_hard_to_tell())
    with pytest.raises(ClockError):
        completion(rows, ranked(rows.values), seconds=0.0)
    with pytest.raises(ClockError):
        completion(rows, ranked(rows.values), seconds=1e-3)
    with pytest.raises(SolverError, match="deterministic"):
        completion(rows, ranked(rows.values), seconds=float("inf"), deterministic_time=1e-9)
    assert looked[1] == 0
    assert 0 < looked[3] < 500
    assert looked[5] == 2000


def test_without_time_rules_that_the_page_obeys_are_taken_back() -> None:
    """Each of many rules is dropped to find a page at once; all but one hold on that page anyway."""
    shelves = tuple(LayoutShelf(f"s{i}", {"kind": i}) for i in range(6))
    easy = tuple(
        MaxCount(id=f"at most {i}", selector=Selector({"kind": float(i)}), count=1, first=1, last=i + 1,
                 relaxation=i)
        for i in range(6)
    )  # fmt: skip
    pins = tuple(
        Pinned(id=f"kind {i} first", selector=Selector({"kind": float(i)}), slot=1, relaxation=8 + i)
        for i in range(2)
    )
    values = np.arange(24, 0, -1, dtype=np.int64).reshape(6, 4)
    found = relaxed(Problem(shelves, Grid("phone", (Slot(0.9),) * 4, 8), (*easy, *pins), values), lambda: 0.0)
    assert found is not None
    assert (found.dropped, found.cut, len(found.page)) == (("kind 1 first",), True, 4)
