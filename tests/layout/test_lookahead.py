"""The look-ahead mask is exact: neither a shelf too many nor one too few, for every prefix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layout.compiled import Compiled, compiled
from layout.completion import completion, ranked
from layout.errors import InvalidProblemError
from layout.kernels.support import OUT_OF_NODES, UNKNOWN, YES, supports
from layout.lookahead import LookAhead
from layout.solve import effective, solve
from layout.types import Ints, Page, Pages, Problem
from tests.layout.instances import feasible_pages, problem
from tests.layout.small import problems

LAW = settings(max_examples=100, deadline=None, derandomize=True)


def brute(pages: Pages, prefix: Page, n: int) -> list[bool]:
    below = pages[(pages[:, : len(prefix)] == prefix).all(axis=1)]
    return [bool(found) for found in np.isin(np.arange(n), below[:, len(prefix)])]


@LAW
@given(problems(least=2, rules=5), st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_supported_shelves_are_those_of_the_feasible_pages(
    given_: Problem, pick: int, random: object
) -> None:
    result = solve(given_, deadline_s=60.0)
    if not result.page:
        return
    given_ = effective(given_, result)
    pages = feasible_pages(given_)
    look = LookAhead(given_, tuple(pages[pick % len(pages)].tolist()))
    prefixes = sorted({tuple(page[:k]) for page in pages.tolist() for k in range(len(page))})
    random.shuffle(prefixes)  # type: ignore[attr-defined]
    for prefix in prefixes[:40]:
        assert look.supported(prefix).tolist() == brute(pages, prefix, len(given_.shelves))


@pytest.mark.parametrize("seed", range(4))
def test_answers_depend_neither_on_the_anchor_nor_on_the_order_of_calls(seed: int) -> None:
    given_ = problem(seed, count=30, size=8)
    best = solve(given_, deadline_s=60.0).page
    look, rng = LookAhead(given_, best), np.random.default_rng(seed)
    page = _walk(look, rng, len(best))
    other = LookAhead(given_, page)
    for k in reversed(range(len(best))):
        assert (other.supported(page[:k]) == look.supported(page[:k])).all()
        assert (other.supported(best[:k]) == look.supported(best[:k])).all()


@pytest.mark.parametrize("seed", range(3))
def test_on_realistic_problems_every_mask_is_exact(seed: int) -> None:
    """Against one exact search per shelf, along a sampled path."""
    given_ = problem(seed, count=24, size=8)
    rows, look = compiled(given_), LookAhead(given_, solve(given_, deadline_s=60.0).page)
    page = _walk(look, np.random.default_rng(seed), 8)
    for k in range(8):
        free = [s for s in range(24) if s not in page[:k]]
        exact = {s for s in free if _completable(rows, (*page[:k], s))}
        assert set(np.flatnonzero(look.supported(page[:k])).tolist()) == exact


def test_a_search_that_runs_out_of_nodes_is_settled_by_the_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    given_ = problem(1, count=20, size=6)
    best = solve(given_, deadline_s=60.0).page
    expected = [LookAhead(given_, best).supported(best[:k]).tolist() for k in range(6)]
    given_ = problem(1, count=20, size=6)
    monkeypatch.setattr("layout.completion.dive", lambda *_: (OUT_OF_NODES, np.array([])))
    monkeypatch.setattr("layout.lookahead.supports", _unsure)
    look = LookAhead(given_, best)
    assert [look.supported(best[:k]).tolist() for k in range(6)] == expected


def test_prefixes_and_pages_that_make_no_sense_are_refused() -> None:
    given_ = problem(0, count=20, size=6)
    best = solve(given_, deadline_s=60.0).page
    look = LookAhead(given_, best)
    with pytest.raises(InvalidProblemError, match="fills the page"):
        look.supported(best)
    with pytest.raises(InvalidProblemError, match="no feasible completion"):
        look.supported((best[0], best[0]))
    with pytest.raises(InvalidProblemError, match="not proposed"):
        look.supported((99,))
    with pytest.raises(InvalidProblemError, match="feasible page"):
        LookAhead(given_, best[::-1])


def _unsure(*arguments: object) -> tuple[Ints, Ints]:
    """The kernel's answers if no page near the given one were of any help."""
    answers, pages = supports(*arguments)  # type: ignore[arg-type]
    answers[answers == YES] = UNKNOWN
    return answers, pages


def _completable(rows: Compiled, prefix: Page) -> bool:
    return completion(rows, ranked(rows.values), rows.inward(prefix)) is not None


def _walk(look: LookAhead, rng: np.random.Generator, size: int) -> Page:
    page: Page = ()
    for _ in range(size):
        page = (*page, int(rng.choice(np.flatnonzero(look.supported(page)))))
    return page
