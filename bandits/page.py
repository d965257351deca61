"""Drawing a page whose probability is known exactly: the anchored mixture.

The feasible page itself is the action. With anchor page p*, exploration rate ε and slot distributions q_k,

    π(page) = (1 − ε)·[page = p*] + ε·∏_k q_k(page_k | page_1 … page_{k−1}).

q_k is the policy's pmf for slot k, masked to the shelves that leave a feasible completion and renormalised,
mixed with a uniform floor over those same shelves. Because the mask is exact, no draw dead-ends and nothing
needs repair afterwards: with a positive floor every feasible page has support, and probabilities of prefixes
have the same form as those of pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bandits.types import Page, Probabilities


class LookAhead(Protocol):
    """What can still be shown: the port to whoever knows the rules of a page."""

    def supported(self, prefix: Page) -> NDArray[np.bool_]:
        """Which shelves may follow `prefix` so that a feasible page still exists: (n,) bool, exact.

        `prefix` is itself supported. A mask that admits a shelf without a completion makes draws dead-end;
        one that leaves a feasible shelf out takes support away from pages.
        """
        ...

    def along(self, page: Page) -> NDArray[np.bool_]:
        """`supported` of every beginning of `page`, the empty one first: (len(page), n) bool.

        All False below a shelf that is not supported.
        """
        ...


class DeadEndError(ValueError):
    """A supported prefix that nothing may follow: the look-ahead is not exact."""


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """A page with the probability it truly had. K = len(page).

    `explored`: whether the exploration branch was taken (it may still have drawn the anchor).
    `propensity`: π(page). `conditionals` (K,): P(shelf in slot k | shelves above it) under the mixture,
    with product `propensity`. `exploration_conditionals` (K,): q_k of what is shown. `anchor_exploration`:
    ∏ q_k of the anchor page. `support_sizes` (K,): how many shelves each slot could have drawn, 0 in slots
    below one that exploration could not have filled this way.
    """

    page: Page
    explored: bool
    propensity: float
    conditionals: Probabilities
    exploration_conditionals: Probabilities
    anchor_exploration: float
    support_sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """A page as exploration sees it: q_k of each of its shelves (K,), and each support's size (K,)."""

    q: Probabilities
    sizes: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class AnchoredMixture:
    """The anchored mixture over pages of K = len(anchor) slots and n shelves.

    `pmf` (n,), or (≥ K, n) with one row per slot; rows need not sum to 1. `epsilon` in [0, 1] is the share
    of pages that explore, `floor` in [0, 1] the uniform share of each q_k. With `floor` = 0 pages to which
    the pmf gives nothing have no support. Raises ValueError naming the field that is out of range, or an
    anchor that repeats a shelf.
    """

    anchor: Page
    pmf: Probabilities
    look_ahead: LookAhead
    epsilon: float
    floor: float

    def __post_init__(self) -> None:
        _check_share("epsilon", self.epsilon)
        _check_share("floor", self.floor)
        _check_pmf(self.pmf, len(self.anchor))
        _check_page("anchor", self.anchor, self.pmf.shape[-1])

    def slot_distribution(self, prefix: Page) -> Probabilities:
        """q_k for the slot after `prefix`: (n,), summing to 1.

        Where the mask leaves the pmf no mass, q_k is uniform over the supported shelves. Raises
        DeadEndError when no shelf is supported.
        """
        mask = self.look_ahead.supported(prefix)
        size = int(np.count_nonzero(mask))
        if size == 0:
            raise _dead_end(prefix)
        return self._distribution(mask, len(prefix), size)

    def exploration_probability(self, page: Page) -> float:
        """∏_k q_k(page): the probability of the page under exploration alone."""
        self._check(page)
        return float(np.prod(self._path(page).q))

    def exploration_conditionals(self, page: Page) -> Probabilities:
        """q_k of each of the page's shelves under exploration alone: (K,), 0 below the first that is 0."""
        self._check(page)
        return self._path(page).q

    def probability(self, page: Page) -> float:
        """π(page), exact; 0 for a page without support. Raises ValueError for one that does not fit."""
        self._check(page)
        return float(self._prefix_probabilities(page, self._path(page).q)[-1])

    def conditionals(self, page: Page) -> Probabilities:
        """P(page_k | page_1 … page_{k−1}) under the whole mixture: (K,), with product `probability`.

        0 from the first slot on whose prefix has probability 0.
        """
        self._check(page)
        return ratios(self._prefix_probabilities(page, self._path(page).q))

    def draw(self, rng: np.random.Generator) -> Draw:
        """Draw a page: one uniform number decides on exploration, then one per slot if it explores."""
        explored = bool(rng.random() < self.epsilon)
        anchor_path = self._path(self.anchor)
        page, path = self._explore(rng) if explored else (self.anchor, anchor_path)
        prefixes = self._prefix_probabilities(page, path.q)
        return Draw(
            page=page,
            explored=explored,
            propensity=float(prefixes[-1]),
            conditionals=ratios(prefixes),
            exploration_conditionals=path.q,
            anchor_exploration=float(np.prod(anchor_path.q)),
            support_sizes=tuple(path.sizes.tolist()),
        )

    def _distribution(self, mask: NDArray[np.bool_], slot: int, size: int) -> Probabilities:
        """q_k (n,) where `mask` (n,) leaves `size` shelves."""
        masked = np.where(mask, self.pmf if self.pmf.ndim == 1 else self.pmf[slot], 0.0)
        mass = float(masked.sum())
        if mass <= 0.0:
            return mask / size
        return masked * ((1.0 - self.floor) / mass) + mask * (self.floor / size)

    def _explore(self, rng: np.random.Generator) -> tuple[Page, _Path]:
        page: Page = ()
        masks = np.empty((len(self.anchor), self.pmf.shape[-1]), dtype=np.bool_)
        for slot in range(len(self.anchor)):
            masks[slot] = self.look_ahead.supported(page)
            size = int(np.count_nonzero(masks[slot]))
            if size == 0:
                raise _dead_end(page)
            page = (*page, _sample(self._distribution(masks[slot], slot, size), float(rng.random())))
        return page, self._seen(page, masks)

    def _path(self, page: Page) -> _Path:
        return self._seen(page, self.look_ahead.along(page))

    def _seen(self, page: Page, masks: NDArray[np.bool_]) -> _Path:
        """The page given what was supported along it (K, n)."""
        # An anchor from a fallback may break a rule. Past its first unsupported shelf no prefix is feasible
        # and the look-ahead has nothing to say, so exploration ends there with probability 0.
        slots, shelves = np.arange(len(page)), np.array(page, dtype=np.int64)
        each = np.broadcast_to(self.pmf, masks.shape) if self.pmf.ndim == 1 else self.pmf[: len(page)]
        mass, sizes = np.where(masks, each, 0.0).sum(axis=1), np.count_nonzero(masks, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            mixed = each[slots, shelves] * ((1.0 - self.floor) / mass) + self.floor / sizes
            shown = np.where(mass > 0.0, mixed, 1.0 / sizes)
        shown[~masks[slots, shelves]] = 0.0
        ends = np.flatnonzero(shown == 0.0)
        reached = int(ends[0]) + 1 if len(ends) else len(page)
        if (sizes[:reached] == 0).any():
            raise _dead_end(page[: int(sizes[:reached].argmin())])
        shown[reached:], sizes[reached:] = 0.0, 0
        return _Path(shown, sizes)

    def _prefix_probabilities(self, page: Page, q: Probabilities) -> Probabilities:
        """(K + 1,): P(page_1 … page_k) for k = 0 … K, by the mixture's own formula."""
        return (1.0 - self.epsilon) * self._on_anchor(page) + self.epsilon * _cumulative(q)

    def _on_anchor(self, page: Page) -> Probabilities:
        """(K + 1,): 1 while the prefix of length k agrees with the anchor, then 0."""
        agrees = np.equal(np.array(page, dtype=np.int64), np.array(self.anchor, dtype=np.int64))
        return _cumulative(agrees.astype(np.float64))

    def _check(self, page: Page) -> None:
        if len(page) != len(self.anchor):
            raise ValueError(f"page has {len(page)} slots: the anchor has {len(self.anchor)}")
        _check_page("page", page, self.pmf.shape[-1])


def certain(page: Page) -> Draw:
    """A page that was not drawn at all, such as a fallback: probability 1, no exploration."""
    ones, zeros = np.ones(len(page)), np.zeros(len(page))
    return Draw(page, False, 1.0, ones, zeros, 0.0, (0,) * len(page))


def _dead_end(prefix: Page) -> DeadEndError:
    return DeadEndError(f"look_ahead supports no shelf after {prefix}: its mask must be exact")


def ratios(prefixes: Probabilities) -> Probabilities:
    """Each prefix probability over the one before (K,), given K + 1 of them; 0 after the first that is 0."""
    conditionals = np.zeros(len(prefixes) - 1)
    np.divide(prefixes[1:], prefixes[:-1], out=conditionals, where=prefixes[:-1] > 0.0)
    return conditionals


def _cumulative(factors: Probabilities) -> Probabilities:
    return np.concatenate(([1.0], np.cumprod(factors)))


def _sample(q: Probabilities, u: float) -> int:
    """The shelf at quantile `u` in [0, 1); never one of probability 0, whatever the rounding of the sum."""
    cumulative = q.cumsum()
    shelf = int(cumulative.searchsorted(u * cumulative[-1], side="right"))
    return shelf if shelf < len(q) and q[shelf] > 0.0 else int(q.nonzero()[0][-1])


def _check_share(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} = {value}: must be a share between 0 and 1")


def _check_pmf(pmf: Probabilities, slots: int) -> None:
    if pmf.ndim not in (1, 2) or pmf.shape[-1] == 0 or (pmf.ndim == 2 and len(pmf) < slots):
        raise ValueError(f"pmf has shape {pmf.shape}: must be (n,) or (slots, n) with at least {slots} slots")
    if not np.isfinite(pmf).all() or (pmf < 0.0).any():
        raise ValueError("pmf holds a negative or non-finite number: pass probabilities")


def _check_page(name: str, page: Page, n: int) -> None:
    if len(set(page)) < len(page):
        raise ValueError(f"{name} = {page}: a page shows no shelf twice")
    if any(not 0 <= shelf < n for shelf in page):
        raise ValueError(f"{name} = {page}: shelf indices run from 0 to {n - 1}")
