"""Simulated listeners do what is expected of them, and nothing that a surface could not report."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest

from bandits.rewards import page_reward, shelf_rewards
from bandits.types import EventKind
from home.errors import ConfigurationError
from home.simulate.encounter import Encounter, patience, shown_rows
from home.simulate.expectation import expectation, outcome_worth
from home.simulate.listener import display_of
from home.simulate.parameters import DEFAULT_LISTENER_MODEL, load_listener_model
from home.simulate.truth import intent_probabilities, true_listener
from home.simulate.uniforms import uniforms
from layout.types import Grid, Slot
from tests.home.simulate.world import world


@pytest.mark.parametrize(("listener", "surface"), [(0, "phone"), (1, "desktop"), (2, "tv")])
def test_the_exact_expectation_is_the_mean_of_many_visits(listener: int, surface: str) -> None:
    # Tolerance: 4.5 standard errors of the Monte Carlo mean; under the truth all nine comparisons of this
    # test hold together with probability above 0.9999.
    here, page = world(), world().page(listener, surface)
    model = here.model()
    met, expected = model.meet_page(page), model.expected(page)
    shelf_ids = [placement.shelf.id for placement in page.placements]
    seen = []
    for visit in range(4000):
        outcomes = shelf_rewards(here.formula, page.context.now, shelf_ids, model.act(met, page, visit))
        clicks, looked_at = sum(o.clicked for o in outcomes), sum(o.examined for o in outcomes)
        seen.append((clicks, page_reward(outcomes), looked_at))
    means, errors = np.mean(seen, axis=0), np.std(seen, axis=0) / np.sqrt(len(seen))
    truth = np.array([expected.clicks, expected.reward, expected.looked_at])
    assert (np.abs(means - truth) < 4.5 * errors).all(), (means, truth, errors)


def test_the_expectation_agrees_with_adding_up_every_way_a_visit_can_go() -> None:
    parameters = world().parameters
    response = parameters.response
    rng = np.random.default_rng(3)
    intents, attraction = np.array([0.3, 0.7]), rng.uniform(0.0, 0.9, (2, 3))
    items = [rng.dirichlet(np.ones(4)) for _ in range(3)]
    listens = [rng.random(4) for _ in range(3)]
    everything = tuple(np.ones(4) for _ in range(3))
    met = Encounter(intents, attraction, everything, everything, tuple(items), tuple(listens))
    grid = Grid("phone", (Slot(0.9), Slot(0.6), Slot(0.5)), 4)
    depth_shares = (0.1, 0.3, 0.1, 0.5)
    clicks = looked_at = 0.0
    for intent, depth, went in product(range(2), range(4), product(("no", "click", "leave"), repeat=3)):
        p, seen, clicked = intents[intent] * depth_shares[depth], 0, 0
        for slot, how in enumerate(went):
            a = attraction[intent, slot]
            leave = a * response.play * float(items[slot] @ listens[slot]) * response.leave
            p *= {"no": 1 - a, "click": a - leave, "leave": leave}[how]
        for slot in range(depth):
            seen += 1
            clicked += went[slot] != "no"
            if went[slot] == "leave":
                break
        clicks, looked_at = clicks + p * clicked, looked_at + p * seen
    expected = expectation(met, grid, parameters, outcome_worth(world().formula))
    assert expected.clicks == pytest.approx(clicks, abs=1e-12)
    assert expected.looked_at == pytest.approx(looked_at, abs=1e-12)


def test_outcomes_are_worth_what_the_reward_formula_says() -> None:
    # click; click, play, skip; … 30 s; … saved; dismissed; nothing, by the default weights.
    assert outcome_worth(world().formula) == pytest.approx((0.4, 0.4, 1.3, 1.8, -1.0, 0.0))


def test_events_are_what_a_surface_could_report() -> None:
    here, page = world(), world().page()
    model = here.model()
    met = model.meet_page(page)
    shown = {p.shelf.id: {item.id for item in p.items} for p in page.placements}
    order = [placement.shelf.id for placement in page.placements]
    for visit in range(300):
        events = model.act(met, page, visit)
        assert len({event.id for event in events}) == len(events)
        assert all(a.at <= b.at for a, b in pairwise(events))
        assert all(page.context.now < e.at < page.context.now + here.formula.horizon for e in events)
        assert all(event.item_id is None or event.item_id in shown[event.shelf_id] for event in events)
        looked_at = [event.shelf_id for event in events if event.kind is EventKind.IMPRESSION]
        assert looked_at == order[: len(looked_at)]
        _check_follows(Counter((event.shelf_id, event.kind) for event in events))


def _check_follows(counts: Counter[tuple[str, EventKind]]) -> None:
    needs = {
        EventKind.CLICK: EventKind.IMPRESSION,
        EventKind.PLAY: EventKind.CLICK,
        EventKind.PLAY_30S: EventKind.PLAY,
        EventKind.SKIP: EventKind.PLAY,
        EventKind.SAVE: EventKind.PLAY_30S,
        EventKind.DISMISS: EventKind.IMPRESSION,
    }
    for shelf_id, kind in counts:
        assert kind not in needs or (shelf_id, needs[kind]) in counts
    assert not any((shelf, EventKind.SKIP) in counts for shelf, kind in counts if kind is EventKind.PLAY_30S)


def test_luck_depends_on_visit_and_shelf_but_not_on_the_page() -> None:
    page = world().page(seed=1)
    again = replace(page, decision_id="another")
    model = world().model()

    def story(visit: int) -> list[tuple[str, EventKind]]:
        return [(event.shelf_id, event.kind) for event in model.respond(page, visit)]

    assert story(7) == [(event.shelf_id, event.kind) for event in model.respond(again, 7)]
    assert len({tuple(story(visit)) for visit in range(50)}) > 10


def test_uniforms_are_uniform_and_unrelated() -> None:
    # Under uniformity each mean has a standard error of 0.0046 and each correlation one of 0.016.
    table = np.array([uniforms(5, "test", i) for i in range(4000)])
    assert np.abs(table.mean(axis=0) - 0.5).max() < 5 * 0.0046
    correlations = np.corrcoef(table.T) - np.eye(8)
    assert np.abs(correlations).max() < 5 * 0.016


def test_the_truth_is_the_same_whenever_and_wherever_the_listener_is_met() -> None:
    here = world()
    someone = here.contexts[0]
    elsewhere = replace(someone, surface="tv", now=someone.now.replace(hour=3))
    first = true_listener(here.parameters, here.catalog, someone, 1)
    second = true_listener(here.parameters, here.catalog, elsewhere, 1)
    assert first.persona == second.persona
    assert np.array_equal(first.taste, second.taste)
    assert first.private("watch", 1.0) == second.private("watch", 1.0)


def test_personas_come_in_their_shares() -> None:
    # 1,500 draws: the largest standard error of a share is 0.0123.
    here = world()
    drawn = Counter(
        true_listener(here.parameters, here.catalog, here.contexts[0], seed).persona.name
        for seed in range(1500)
    )
    for persona in here.parameters.persona:
        assert drawn[persona.name] / 1500 == pytest.approx(persona.share, abs=4.5 * 0.0123)


def test_private_feelings_have_the_stated_spread() -> None:
    here = world()
    truth = true_listener(here.parameters, here.catalog, here.contexts[0], 1)
    feelings = [truth.private(f"source {i}", 0.6) for i in range(4000)]
    assert np.mean(feelings) == pytest.approx(0.0, abs=0.043)  # 4.5 standard errors
    assert np.std(feelings) == pytest.approx(0.6, abs=0.031)


def test_a_television_in_the_evening_is_for_settling_in() -> None:
    intents = world().parameters.intent
    names = [intent.name for intent in intents]
    phone, tv = (intent_probabilities(intents, 21, surface) for surface in ("phone", "tv"))
    assert phone.sum() == pytest.approx(1.0)
    assert names[int(tv.argmax())] == "settle in"
    assert tv[names.index("settle in")] > phone[names.index("settle in")]


def test_what_is_shown_is_what_the_page_shows() -> None:
    page = world().page(3, "desktop")
    rows = shown_rows(page.options, page.draw.page, page.grid, world().tools.builder.min_items)
    ids = world().catalog.ids
    assert [[ids[row] for row in some] for some in rows] == [
        [item.id for item in placement.items] for placement in page.placements
    ]


def test_an_empty_shelf_attracts_nobody() -> None:
    page = world().page()
    display = display_of(page, world().catalog)
    empty = replace(display, shown=[display.shown[0][:0], *display.shown[1:]])
    model = world().model()
    met = model.meet(model.truth(page.context), page.context, empty)
    assert (met.attraction[:, 0] == 0.0).all()
    assert (met.attraction[:, 1:] > 0.0).all()


def test_patience_never_rises_down_the_page() -> None:
    grid = Grid("odd", (Slot(0.5), Slot(0.9), Slot(0.4)), 4)
    assert patience(grid).tolist() == [0.5, 0.5, 0.4]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("rate = 0.02", "rate = 2.0", "dismissal.rate"),
        ("continuation = 0.8", "continuation = 'slow'", "swipe.continuation"),
        ("[seconds]", "[minutes]", "seconds"),
        ("hours = [2, 1, 1, 1, 1, 1, 3,", "hours = [2, 1, 1, 1, 1, 1,", "intent.3.hours"),
        ("version =", "version 1 =", "Expected '='"),
    ],
)
def test_a_wrong_parameter_is_named(tmp_path: Path, old: str, new: str, field: str) -> None:
    text = DEFAULT_LISTENER_MODEL.read_text("utf-8")
    assert old in text
    path = tmp_path / "model.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigurationError, match=field) as raised:
        load_listener_model(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "can't decode"),
        (b"x = [", "at end of document"),
        (b'version = "1"\n', "visits is missing"),
    ],
)
def test_a_faulty_listener_model_is_one_message(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "model.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=said) as raised:
        load_listener_model(path)
    assert "pydantic" not in str(raised.value)
