"""What the API gives to explain a page: the worth of its shelves, of those left out, and of its rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from api.examples import EXPLANATION
from home.options import option_id
from home.records import DecisionRecord, LoggedShelf
from layout.explanation import Absence, AbsentShelf, Explanation, PlacedShelf, RulePrice
from layout.rules import BaseRule
from layout.types import Page


class PlacedOut(BaseModel):
    """A shelf on the page and what it brings."""

    slot: int = Field(description="Position on the page, counted from 1.")
    shelf_id: str
    title: str
    presentation: str = Field(description="Empty on a surface with one way to show shelves.")
    value: int = Field(description="What it is worth in its slot.")
    loss: int | None = Field(
        description="What the best page loses without it; null when it is needed, and when time ran out."
    )
    instead: str | None = Field(description="Id of the shelf that would then be in its slot.")
    instead_title: str | None
    instead_presentation: str | None
    needed: bool = Field(description="Whether no page of this length that obeys the rules does without it.")
    proven: bool = Field(description="Whether the loss is proven; else it is an estimate.")


class ShelfHereOut(BaseModel):
    """A slot of a page that was not served."""

    shelf_id: str
    title: str
    presentation: str


class AbsentOut(BaseModel):
    """A shelf that is not on the page, why, and the best page that has it."""

    shelf_id: str
    title: str
    absence: Absence = Field(
        description=(
            "`kept out`: without the rules named, the best page has it. `worth less`: no rule keeps it out. "
            "`impossible`: no page with it obeys the rules named together. `by chance`: a best page "
            "has it, and another one was drawn. `unknown`: time ran out."
        )
    )
    cost: int | None = Field(
        description="What the best page loses when it must have this shelf; null when no page can, and when "
        "time ran out."
    )
    slot: int | None = Field(description="The slot that it then has, counted from 1.")
    page: list[ShelfHereOut] | None = Field(
        description="The best page that has it, top slot first; null like `cost`."
    )
    leaves: list[str] = Field(description="Titles of the shelves that then leave the page.")
    kept_out_by: list[str] = Field(
        description="A minimal set of rules, hard and soft, that keeps it out; empty for none."
    )
    text: str = Field(description="All of it in a sentence.")
    proven: bool = Field(
        description="Whether all of it is proven; else a better page may have it, and other rules may be "
        "what keeps it out."
    )


class RuleOut(BaseModel):
    """A rule and what it does to the page."""

    rule: str
    price: int | None = Field(
        description="What the best page would gain without the rule; null when time ran out."
    )
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
    contradicting: list[str] = Field(
        description="A minimal set of rules that no whole page obeys together, where rules were dropped or "
        "the page is short for that reason."
    )
    left_out: list[str] = Field(
        description="Ids of rules and shelves about which there was no time to find out everything."
    )


def explanation(record: DecisionRecord, found: Explanation, rulebook: Iterable[BaseRule]) -> ExplanationOut:
    """The explanation of a decision, whose rules are those of the rulebook."""
    named = {rule.id: rule for rule in rulebook}
    shelves = {shelf.id: shelf for shelf in record.shelves}
    options = {
        option_id(record.shelf(index).id, option.presentation): (record.shelf(index), option.presentation)
        for index, option in enumerate(record.options)
    }
    here = [ShelfHereOut(shelf_id=s.id, title=s.title, presentation=shown) for s, shown in options.values()]
    absent = sorted(found.absent, key=lambda one: (one.cost is None, one.cost or 0, one.shelf))
    rules = sorted(found.rules, key=lambda one: (-(one.price or 0), -one.paid, one.rule))
    return ExplanationOut(
        decision_id=record.id,
        objective=found.objective,
        best=found.best,
        placed=[_placed(one, shelves, options) for one in found.placed],
        absent=[_absent(one, shelves[one.shelf].title, here, record.page, found.best) for one in absent],
        rules=[_rule(one, named[one.rule]) for one in rules],
        contradicting=list(found.contradicting),
        left_out=list(found.left_out),
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
        needed=one.needed,
        proven=one.proven,
    )


def _absent(
    one: AbsentShelf, title: str, options: Sequence[ShelfHereOut], served: Page, best: int
) -> AbsentOut:
    page = None if one.page is None else [options[option] for option in one.page]
    with_it = {shelf.shelf_id for shelf in page or ()}
    return AbsentOut(
        shelf_id=one.shelf,
        title=title,
        absence=one.absence,
        cost=one.cost,
        slot=None if one.slot is None else one.slot + 1,
        page=page,
        leaves=[options[s].title for s in served if page and options[s].shelf_id not in with_it],
        kept_out_by=list(one.kept_out_by),
        text=absence_in_words(one, best),
        proven=one.proven,
    )


def absence_in_words(one: AbsentShelf, best: int) -> str:
    """Why a shelf is not on a page, where the best page is worth `best`, and what a page with it is worth."""
    return " ".join(filter(None, (_reason_in_words(one), _cost_in_words(one, best))))


def _reason_in_words(one: AbsentShelf) -> str:
    rules = " and ".join(repr(rule) for rule in one.kept_out_by)
    several = len(one.kept_out_by) > 1
    match one.absence:
        case Absence.KEPT_OUT if several:
            return f"{rules} keep it out together: without them the best page has it."
        case Absence.KEPT_OUT:
            return f"{rules} keeps it out: without that rule the best page has it."
        case Absence.WORTH_LESS:
            return "No rule keeps it out: it is worth less than what is there."
        case Absence.IMPOSSIBLE:
            return f"{rules or 'The grid'} leave{'s' * (not several)} no page with it."
        case Absence.BY_CHANCE:
            return "A page that is worth as much as the best has it; another one was drawn."
        case Absence.UNKNOWN:
            return "Time ran out before it was known what keeps it out."


def _cost_in_words(one: AbsentShelf, best: int) -> str:
    if one.absence is Absence.IMPOSSIBLE:
        return ""
    if one.cost is None or one.slot is None:
        return "There was no time to find the best page with it."
    share = one.cost / max(1, abs(best))
    if one.proven:
        return f"The best page with it is worth {share:.2%} less, and has it in slot {one.slot + 1}."
    return f"A page with it in slot {one.slot + 1} is worth {share:.2%} less; a better one may exist."


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
