"""From a composed page to the record that is logged: all that is needed to know its exact propensity."""

from __future__ import annotations

from collections.abc import Sequence

from bandits.portfolio import Portfolio
from home.compose import ComposedPage
from home.configuration import digest, software
from home.draw import Exploration
from home.options import prominence_of
from home.records import DecisionRecord, LoggedDraw, LoggedOption, LoggedShelf, LoggedSolver
from shelves.types import Item, Shelf


def record_of(page: ComposedPage, items: Sequence[Item]) -> DecisionRecord:
    """The decision record of a page whose rows refer to `items`, the catalogue it was composed from."""
    result, drawn = page.result, page.draw
    prominences = prominence_of([option.presentation for option in page.options], page.grid).tolist()
    return DecisionRecord(
        id=page.decision_id,
        listener_id=page.context.listener.id,
        surface=page.context.surface,
        at=page.context.now,
        context=page.context_features,
        about=page.about,
        shelves=tuple(_logged(shelf, items) for shelf in page.shelves),
        options=tuple(
            LoggedOption(option.index, option.presentation, features, prominence)
            for option, features, prominence in zip(page.options, page.features, prominences, strict=True)
        ),
        values=page.scores.values,
        pmf=page.scores.pmf,
        grid_version=f"{page.grid.surface}@{page.grid.version}",
        examination=page.examination,
        rules_version=page.rules_version,
        effective_rules=page.effective_rules,
        relaxed_rules=result.relaxed,
        policy_version=page.policy_version,
        solver=LoggedSolver(result.status.value, result.objective, result.bound, result.proof, page.paid),
        anchor=result.page,
        page=drawn.page,
        explored=drawn.explored,
        epsilon=page.exploration.epsilon if page.portfolio is None else 1.0,
        floor=page.exploration.floor,
        seed=page.seed,
        propensity=page.propensity,
        conditionals=tuple(drawn.conditionals),
        exploration_conditionals=tuple(drawn.exploration_conditionals),
        anchor_exploration=drawn.anchor_exploration,
        support_sizes=tuple(drawn.support_sizes),
        shown=tuple(tuple(item.id for item in placement.items) for placement in page.placements),
        fallback=page.fallback,
        drawing=drawing_of(page.exploration, page.least_value, page.portfolio),
        dropped={d.source: f"{d.reason}: {d.detail}" for d in page.dropped},
        seconds=page.seconds,
        configuration={kind: digest(text) for kind, text in page.documents.items()},
        limits=page.limits,
        software=software(),
    )


def drawing_of(exploration: Exploration, least_value: int | None, portfolio: Portfolio | None) -> LoggedDraw:
    """How a page was drawn, as it is logged; `least_value` and `portfolio` are those of `home.draw.Drawn`."""
    asked, cap = exploration.portfolio, exploration.regret_cap
    if asked is None or portfolio is None:
        return LoggedDraw(regret_cap=cap, least_value=least_value)
    return LoggedDraw(
        "portfolio",
        cap,
        least_value,
        portfolio.pages,
        tuple(portfolio.probabilities.tolist()),
        asked.size,
        asked.weighting.value,
        asked.sharpness,
    )


def _logged(shelf: Shelf, items: Sequence[Item]) -> LoggedShelf:
    return LoggedShelf(
        id=shelf.id,
        source=shelf.provenance.source,
        title=shelf.title,
        reason=shelf.provenance.reason,
        attributes=shelf.attributes,
        item_ids=tuple(items[row].id for row in shelf.rows.tolist()),
        scores=shelf.scores,
        seed_item=shelf.provenance.seed_item or "",
    )
