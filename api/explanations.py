"""What the API gives to explain a page: the worth of its shelves, of those left out, and of its rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict, Field

from api.examples import EXPLANATION
from home.options import option_id
from home.records import DecisionRecord, LoggedShelf
from layout.explain import AbsentShelf, Explanation, PlacedShelf, RulePrice
from layout.rules import BaseRule


class PlacedOut(BaseModel):
    """A shelf on the page and what it brings."""

    slot: int = Field(description="Position on the page, counted from 1.")
    shelf_id: str
    title: str
    presentation: str = Field(description="Empty on a surface with one way to show shelves.")
    value: int = Field(description="What it is worth in its slot.")
    loss: int | None = Field(
        description="What the best page loses without it; null when no page of this length does without it."
    )
    instead: str | None = Field(description="Id of the shelf that would then be in its slot.")
    instead_title: str | None
    instead_presentation: str | None
    proven: bool = Field(description="Whether the loss is proven; else it is an estimate.")


class AbsentOut(BaseModel):
    """A shelf that is not on the page, and why."""

    shelf_id: str
    title: str
    cost: int | None = Field(
        description="What the best page loses when it must have this shelf; null when no page can."
    )
    slot: int | None = Field(description="The slot that it then has, counted from 1.")
    kept_out_by: list[str] = Field(description="Ids of the rules that stand in its way; empty for none.")
    text: str = Field(description="All of it in a sentence.")
    proven: bool


class RuleOut(BaseModel):
    """A rule and what it does to the page."""

    rule: str
    price: int = Field(description="What the best page would gain without the rule.")
    binding: bool = Field(description="Whether the best page would be another without it.")
    slack: int | None = Field(
        description="How far the page is from the rule's limit, in the rule's own units; null without one."
    )
    paid: int = Field(description="What the page pays for breaking the rule, if it is soft.")
    reason: str = Field(description="Why the rule exists, in its author's words.")
    owner: str = Field(description="Whom to ask.")
    proven: bool


class ExplanationOut(BaseModel):
    """A page explained. Worths are in the units of `layout.objective`."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXPLANATION]})

    decision_id: str
    objective: int = Field(description="What the page is worth, less what it pays for soft rules.")
    best: int = Field(description="What the best page is worth; more than `objective` on an explored page.")
    placed: list[PlacedOut] = Field(description="Top slot first.")
    absent: list[AbsentOut] = Field(description="Those that would cost least first.")
    rules: list[RuleOut] = Field(description="The dearest first.")


def explanation(record: DecisionRecord, found: Explanation, rulebook: Iterable[BaseRule]) -> ExplanationOut:
    """The explanation of a decision, whose rules are those of the rulebook."""
    named = {rule.id: rule for rule in rulebook}
    shelves = {shelf.id: shelf for shelf in record.shelves}
    options = {
        option_id(record.shelf(index).id, option.presentation): (record.shelf(index), option.presentation)
        for index, option in enumerate(record.options)
    }
    absent = sorted(found.absent, key=lambda one: (one.cost is None, one.cost or 0, one.shelf))
    rules = sorted(found.rules, key=lambda one: (-one.price, -one.paid, one.rule))
    return ExplanationOut(
        decision_id=record.id,
        objective=found.objective,
        best=found.best,
        placed=[_placed(one, shelves, options) for one in found.placed],
        absent=[_absent(one, shelves[one.shelf].title, found.best) for one in absent],
        rules=[_rule(one, named[one.rule]) for one in rules],
    )


def _placed(
    one: PlacedShelf, shelves: Mapping[str, LoggedShelf], options: Mapping[str, tuple[LoggedShelf, str]]
) -> PlacedOut:
    other = None if one.instead is None else options[one.instead]
    return PlacedOut(
        slot=one.slot + 1,
        shelf_id=one.shelf,
        title=shelves[one.shelf].title,
        presentation=one.presentation,
        value=one.value,
        loss=one.loss,
        instead=None if other is None else other[0].id,
        instead_title=None if other is None else other[0].title,
        instead_presentation=None if other is None else other[1],
        proven=one.proven,
    )


def _absent(one: AbsentShelf, title: str, best: int) -> AbsentOut:
    return AbsentOut(
        shelf_id=one.shelf,
        title=title,
        cost=one.cost,
        slot=None if one.slot is None else one.slot + 1,
        kept_out_by=list(one.kept_out_by),
        text=absence_in_words(one, best),
        proven=one.proven,
    )


def absence_in_words(one: AbsentShelf, best: int) -> str:
    """Why a shelf is not on a page that is worth `best`."""
    rules = " and ".join(repr(rule) for rule in one.kept_out_by)
    if one.cost is None or one.slot is None:
        return f"{rules or 'The page'} leave{'s' * (len(one.kept_out_by) < 2)} no page with it."
    share = one.cost / max(1, abs(best))
    where = f"A page with it is worth {share:.2%} less, and has it in slot {one.slot + 1}"
    if not rules:
        return f"{where}."
    return f"{where}; where it would gain most, {rules} keep{'s' * (len(one.kept_out_by) == 1)} it out."


def _rule(one: RulePrice, rule: BaseRule) -> RuleOut:
    return RuleOut(
        rule=one.rule,
        price=one.price,
        binding=one.binding,
        slack=one.slack,
        paid=one.paid,
        reason=rule.reason,
        owner=rule.owner,
        proven=one.proven,
    )
