"""Why repair after sampling is wrong, in numbers: `python -m tests.docs.repair_example`.

Three shelves, two slots, one rule: the sponsored shelf may not come first. Draw A samples slot by slot and
has the solver repair what breaks the rule; draw B is the anchored mixture. All is worked out by listing
all pages, with the real rule, solver, look-ahead and mixture. docs/propensity.md shows what this prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import permutations

import numpy as np

from bandits.types import Page
from home.draw import Exploration, source_of
from layout.rules import SlotRange
from layout.selector import Selector
from layout.solve import solve
from layout.types import Grid, LayoutShelf, Problem, Slot
from layout.validate import violations

NAMES = ("mix", "sponsored", "new")
PMF = np.array([0.2, 0.5, 0.3])
REWARD: dict[Page, float] = {(0, 1): 0.3, (0, 2): 0.5, (2, 0): 0.4, (2, 1): 0.2}
"""What each valid page earns."""

TARGET: Page = (0, 1)
"""The policy to judge always shows this page."""

EXPLORATION = Exploration(epsilon=0.5, floor=0.1)
VISITS = (100, 10_000, 1_000_000)


def problem() -> Problem:
    """The sponsored shelf may not be in the first slot."""
    shelves = tuple(LayoutShelf(name, {"sponsored": name == "sponsored"}) for name in NAMES)
    rule = SlotRange(id="sponsor-below", selector=Selector({"sponsored": True}), first=2)
    values = np.array([[40, 20], [30, 30], [50, 25]], dtype=np.int64)
    return Problem(shelves, Grid("phone", (Slot(0.9), Slot(0.5)), 8), (rule,), values)


def sampled() -> dict[Page, float]:
    """Probability of every sample of two different shelves, valid or not."""
    return {(a, b): float(PMF[a] * PMF[b] / (1.0 - PMF[a])) for a, b in permutations(range(3), 2)}


def repaired(page: Page) -> Page:
    """The best valid arrangement of the sampled shelves."""
    given = problem()
    if not violations(given, page):
        return page
    kept = replace(given, shelves=tuple(given.shelves[s] for s in page), values=given.values[list(page)])
    return tuple(page[s] for s in solve(kept, deadline_s=60.0).page)


def shown() -> dict[Page, float]:
    """Probability of every valid page under sampling with repair: that of all samples that lead to it."""
    total = dict.fromkeys(REWARD, 0.0)
    for page, probability in sampled().items():
        total[repaired(page)] += probability
    return total


def mixed() -> dict[Page, float]:
    """Probability of every valid page under the anchored mixture, as it logs it."""
    given = problem()
    source = source_of(given, solve(given, deadline_s=60.0), PMF, EXPLORATION)
    return {page: source.probability(page) for page in REWARD}


def expected(truth: Mapping[Page, float], logged: Mapping[Page, float]) -> float:
    """What inverse propensity scoring gives on average when pages come as `truth` says, logged so."""
    weight = {page: (page == TARGET) / logged[page] for page in truth}
    return sum(truth[page] * weight[page] * REWARD[page] for page in truth)


def estimates(truth: Mapping[Page, float], logged: Mapping[Page, float]) -> list[float]:
    """The estimate on logs of more and more visits."""
    rng, pages = np.random.default_rng(1), list(truth)
    upto = np.cumsum([truth[page] for page in pages])[:-1]
    terms = np.array([(page == TARGET) / logged[page] * REWARD[page] for page in pages])
    return [float(terms[np.searchsorted(upto, rng.random(visits))].mean()) for visits in VISITS]


def lines() -> Iterator[str]:
    """The example as text."""
    yield "A. Sample slot by slot, then repair"
    yield ""
    yield f"{'sample':<20}{'probability':>11}   page shown"
    for page, probability in sampled().items():
        yield f"{_named(page):<20}{probability:>11.4f}   {_named(repaired(page))}"
    yield ""
    yield f"{'page':<20}{'logged':>10}{'true':>10}{'reward':>10}"
    for page, probability in shown().items():
        yield f"{_named(page):<20}{sampled()[page]:>10.4f}{probability:>10.4f}{REWARD[page]:>10.1f}"
    yield f"{'sum':<20}{sum(sampled()[page] for page in REWARD):>10.4f}{sum(shown().values()):>10.4f}"
    yield ""
    yield "B. Anchored mixture"
    yield ""
    yield f"{'page':<20}{'logged':>10}{'true':>10}{'reward':>10}"
    for page, probability in mixed().items():
        yield f"{_named(page):<20}{probability:>10.4f}{probability:>10.4f}{REWARD[page]:>10.1f}"
    yield f"{'sum':<20}{sum(mixed().values()):>10.4f}{sum(mixed().values()):>10.4f}"
    yield ""
    yield f"The target always shows {_named(TARGET)}, which earns {REWARD[TARGET]}."
    yield ""
    yield f"{'estimate':<20}{'on average':>10}" + "".join(f"{visits:>12,}" for visits in VISITS)
    for name, truth, logged in (("A, with repair", shown(), sampled()), ("B, mixture", mixed(), mixed())):
        row = "".join(f"{value:>12.4f}" for value in estimates(truth, logged))
        yield f"{name:<20}{expected(truth, logged):>10.4f}{row}"


def _named(page: Page) -> str:
    return ", ".join(NAMES[shelf] for shelf in page)


def main() -> None:
    """Print the example."""
    print("\n".join(lines()))


if __name__ == "__main__":
    main()
