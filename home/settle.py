"""What a decision teaches: early, when its short horizon closes, and finally, when its long one does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bandits.corrections import second_reward
from bandits.position import as_taught
from bandits.responses import Response, responses_to
from bandits.rewards import RewardFormula, ShelfOutcome, shelf_rewards
from bandits.types import EventKind, Example, RewardEvent
from home.records import DecisionRecord
from shelves.types import shelf_kind


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the rest of a decision's reward teaches.

    `examples` are the second halves of its rounds, and both halves of those whose first feedback arrived
    after the early lesson. `corrected` counts the shelves whose reward has changed since. `returns` are the
    derived events of a return on the next day.
    """

    examples: tuple[Example, ...] = ()
    corrected: int = 0
    returns: tuple[RewardEvent, ...] = ()


def examples_of(
    record: DecisionRecord, feedback: Sequence[RewardEvent], formula: RewardFormula
) -> tuple[Example, ...]:
    """What one decision teaches early: an example per examined shelf, top slot first.

    On a surface without impressions every shelf teaches, its reward corrected for its slot.

    The probability is the logged conditional of the slot. Without an exact propensity there is nothing to
    learn from, because nobody knows how likely the page was.
    """
    if record.propensity is None:
        return ()
    outcomes = taught_outcomes(record, outcomes_of(record, feedback, formula), formula)
    return tuple(
        _example(record, slot, outcome.reward) for slot, outcome in enumerate(outcomes) if outcome.examined
    )


def responses_of(
    record: DecisionRecord, feedback: Sequence[RewardEvent], formula: RewardFormula
) -> tuple[Response, ...]:
    """How the listener responded to the shelves of a logged page within the short horizon.

    It counts whatever the page's propensity: what somebody clicked is known, however the page came about. On
    a surface without impressions a shelf counts as looked at as likely as it was.
    """
    kinds = [shelf_kind(record.shelf(option).attributes) for option in record.page]
    outcomes = outcomes_of(record, feedback, formula)
    looks = record.looks if record.surface in formula.without_impressions else None
    return responses_to(record.shelf_ids(record.page), kinds, outcomes, record.at, looks)


def taught_by(examples: Sequence[Example], slots: int) -> tuple[float | None, ...]:
    """The reward that each of a page's slots taught, None where its shelf was not examined."""
    rewards = {example.slot: example.reward for example in examples}
    return tuple(rewards.get(slot) for slot in range(slots))


def settle(
    record: DecisionRecord,
    feedback: Sequence[RewardEvent],
    formula: RewardFormula,
    taught: Sequence[float | None],
    returned_at: datetime | None = None,
) -> Settlement:
    """What is still to be learned from a decision that `taught` its early rewards, slot by slot.

    `returned_at` is when its listener opened Home on the next day, None if they did not.
    """
    if record.propensity is None:
        return Settlement()
    returns = _returns(record, feedback, formula, returned_at)
    final = outcomes_of(record, [*feedback, *returns], formula, final=True)
    outcomes = taught_outcomes(record, final, formula)
    examples: list[Example] = []
    corrected = 0
    for slot, (early, outcome) in enumerate(zip(taught, outcomes, strict=True)):
        if early is None and not outcome.examined:
            continue
        corrected += outcome.reward != early
        if early is None:
            examples.append(_example(record, slot, outcome.reward))
        first = outcome.reward if early is None else early
        examples.append(_example(record, slot, second_reward(first, outcome.reward)))
    return Settlement(tuple(examples), corrected, returns)


def in_turn(early: Sequence[Example], late: Sequence[Example]) -> tuple[Example, ...]:
    """Both in their order, spread evenly: a run of one kind alone would pull the values towards its mean."""
    placed = [
        (index / len(group), kind, example)
        for kind, group in enumerate((early, late))
        for index, example in enumerate(group)
    ]
    return tuple(example for _, _, example in sorted(placed, key=lambda entry: entry[:2]))


def outcomes_of(
    record: DecisionRecord, feedback: Sequence[RewardEvent], formula: RewardFormula, *, final: bool = False
) -> tuple[ShelfOutcome, ...]:
    """The outcomes of the shelves of a logged page, top slot first."""
    return shelf_rewards(
        formula,
        record.at,
        record.shelf_ids(record.page),
        feedback,
        content_types=_content_types(record),
        final=final,
    )


def taught_outcomes(
    record: DecisionRecord, outcomes: Sequence[ShelfOutcome], formula: RewardFormula
) -> tuple[ShelfOutcome, ...]:
    """The outcomes of a logged page as they teach: see `bandits.position.as_taught`."""
    return as_taught(outcomes, record.surface, record.looks, _content_types(record), formula)


def _content_types(record: DecisionRecord) -> tuple[str, ...]:
    shelves = (record.shelves[record.options[option].shelf] for option in record.page)
    return tuple(str(shelf.attributes.get("content_type", "")) for shelf in shelves)


def _returns(
    record: DecisionRecord,
    feedback: Sequence[RewardEvent],
    formula: RewardFormula,
    returned_at: datetime | None,
) -> tuple[RewardEvent, ...]:
    """An event for each clicked shelf, under an id that is the same however often it is derived."""
    kind = EventKind.NEXT_DAY_RETURN
    if returned_at is None or kind not in formula.weights:
        return ()
    return tuple(
        RewardEvent(f"{kind}:{record.id}:{outcome.shelf_id}", record.id, kind, outcome.shelf_id, returned_at)
        for outcome in outcomes_of(record, feedback, formula, final=True)
        if outcome.clicked
    )


def _example(record: DecisionRecord, slot: int, reward: float) -> Example:
    features = record.options[record.page[slot]].features
    return Example(record.context, features, slot, reward, record.conditionals[slot])
