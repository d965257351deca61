from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from home.db import (
    Base,
    FollowRow,
    FriendshipRow,
    InteractionRow,
    ItemRow,
    ListenerRow,
    writing,
)
from home.records import encode
from home.store import catalog, decisions, events, leases, listeners, models
from home.store.events import StoredEvent
from home.store.leases import Lease
from home.store.listeners import Dismissal, Dismissals, Play
from home.store.models import Artifact, ModelSummary, State, StoredModel
from shelves.types import Interaction, Item, Kind, Listener
from tests.home.loop import HORIZON, NOON, feedback, make_record

_MINUTE = timedelta(minutes=1)
_YESTERDAY = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)


def test_items_come_back_whole_and_by_id(engine: Engine) -> None:
    full = Item(
        id="b", kind=Kind.ALBUM, title="Tïtle", creator="Ada", genre="dub", tags=("dub", "roots"),
        released=date(2026, 1, 2), markets=frozenset({"DE", "FR"}), explicit=True, sponsor="Acme",
        popularity=0.1 + 0.2, artist_id="a",
    )  # fmt: skip
    bare = Item(id="a", kind=Kind.ARTIST, title="Ada")
    _fill(engine, ItemRow, [_item_row(full), _item_row(bare)])
    with Session(engine) as session:
        assert catalog.items(session) == (bare, full)


def test_interactions_come_back_as_columns(engine: Engine) -> None:
    _interact(engine, ("bo", "y", 2.0, None), ("ada", "x", 0.5, NOON), ("ada", "w", 1.0, _YESTERDAY))
    with Session(engine) as session:
        read = catalog.interactions(session)
        assert catalog.latest_day(session) == NOON.date()
    assert list(read.listener_id) == ["ada", "ada", "bo"]
    assert list(read.item_id) == ["w", "x", "y"]
    assert list(read.weight) == [1.0, 0.5, 2.0]
    assert list(read.last_at) == [NOON.date() - timedelta(days=1), NOON.date(), None]


def test_live_plays_add_to_the_history_and_leave_the_catalogues_day(engine: Engine) -> None:
    _interact(engine, ("ada", "x", 5.0, NOON), ("ada", "y", 3.0, None), ("bo", "x", 1.0, None))
    later = NOON + timedelta(days=5_000)
    plays = [
        Play("ada", "y", later),
        Play("ada", "z", later + _MINUTE),
        Play("ada", "y", later + 2 * _MINUTE),
        Play("ada", "y", later + _MINUTE),
        Play("ada", "x", NOON - _MINUTE),
    ]
    with writing(engine) as session:
        listeners.played(session, plays[:2])
        listeners.played(session, plays[2:])
        listeners.played(session, [])
    with Session(engine) as session:
        assert listeners.history(session, "ada") == (
            Interaction("x", 6.0, NOON),
            Interaction("y", 6.0, later + 2 * _MINUTE),
            Interaction("z", 1.0, later + _MINUTE),
        )
        assert listeners.history(session, "bo") == (Interaction("x", 1.0),)
        assert catalog.latest_day(session) == NOON.date()
        read = catalog.interactions(session)
    columns = zip(read.listener_id, read.item_id, read.weight, read.last_at, strict=True)
    assert list(columns) == [
        ("ada", "x", 6.0, NOON.date()),
        ("ada", "y", 6.0, None),
        ("ada", "z", 1.0, later.date()),
        ("bo", "x", 1.0, None),
    ]


def test_an_empty_catalogue_reads_as_empty(engine: Engine) -> None:
    with Session(engine) as session:
        assert catalog.items(session) == ()
        assert len(catalog.interactions(session).item_id) == 0
        assert catalog.latest_day(session) is None


def test_listeners_are_found_by_the_start_of_name_or_id(engine: Engine) -> None:
    people = [("u1", "Ada"), ("u2", "adam"), ("u3", "Bo"), ("ad_4", "Cy"), ("u5", "100%"), ("u6", "100x")]
    _listeners(engine, *people)
    with Session(engine) as session:
        assert _ids(listeners.search(session, "AD")) == ["ad_4", "u1", "u2"]
        assert _ids(listeners.search(session, "100%")) == ["u5"]
        assert _ids(listeners.search(session, "ad_")) == ["ad_4"]
        assert _ids(listeners.search(session, "zz")) == []


def test_pages_of_a_search_cover_everyone_once(engine: Engine) -> None:
    _listeners(engine, *((f"u{i:02}", f"N{i}") for i in range(25)))
    with Session(engine) as session:
        pages = [_ids(listeners.search(session, "n", limit=10, offset=o)) for o in (0, 10, 20, 30)]
        assert list(map(len, pages)) == [10, 10, 5, 0]
        assert list(chain.from_iterable(pages)) == _ids(catalog.listeners(session))
        assert listeners.count(session) == 25


def test_a_listener_is_read_with_their_settings(engine: Engine) -> None:
    ada = Listener("ada", "Ada", "DE", allows_explicit=False, tier="premium")
    row = {
        "id": "ada",
        "name": "Ada",
        "market": "DE",
        "allows_explicit": False,
        "tier": "premium",
        "dataset": "t",
    }
    _fill(engine, ListenerRow, [row])
    with Session(engine) as session:
        assert listeners.get(session, "ada") == ada
        assert listeners.get(session, "nobody") is None


def test_history_runs_from_strongest_to_weakest(engine: Engine) -> None:
    _interact(
        engine,
        ("ada", "z", 1.0, None),
        ("ada", "y", 9.0, NOON),
        ("ada", "a", 1.0, None),
        ("bo", "q", 5.0, None),
    )
    with Session(engine) as session:
        expected = (Interaction("y", 9.0, NOON), Interaction("a", 1.0), Interaction("z", 1.0))
        assert listeners.history(session, "ada") == expected


def test_friends_run_from_the_closest(engine: Engine) -> None:
    heard = {"ada": "xyz", "bo": "x", "cy": "xyq", "di": "", "ed": "x"}
    _interact(engine, *((who, item, 1.0, None) for who, what in heard.items() for item in what))
    _fill(
        engine, FriendshipRow, [{"listener_id": "ada", "friend_id": who} for who in ("di", "ed", "cy", "bo")]
    )
    _fill(engine, FollowRow, [{"listener_id": "ada", "item_id": "x"}, {"listener_id": "bo", "item_id": "y"}])
    with Session(engine) as session:
        assert listeners.friends(session, "ada") == ("cy", "bo", "ed", "di")
        assert listeners.friends(session, "bo") == ()
        assert listeners.follows(session, "ada") == {"x"}


def test_dismissals_are_kept_per_listener_and_kind(engine: Engine) -> None:
    wishes = [
        Dismissal("ada", "shelf", "s", NOON),
        Dismissal("ada", "item", "i", NOON),
        Dismissal("bo", "item", "j", NOON),
    ]
    with writing(engine) as session:
        listeners.dismiss(session, wishes)
        listeners.dismiss(session, [Dismissal("ada", "shelf", "s", NOON + _MINUTE)])
    with Session(engine) as session:
        assert listeners.dismissals(session, "ada") == Dismissals(frozenset({"i"}), frozenset({"s"}))
        assert listeners.dismissals(session, "cy") == Dismissals(frozenset(), frozenset())


def test_decisions_are_logged_and_listed_newest_first(engine: Engine) -> None:
    for i in range(3):
        _log(engine, f"d{i}", at=NOON + i * _MINUTE)
    _log(engine, "e", listener_id="bo", propensity=None)
    with Session(engine) as session:
        read = decisions.get(session, "d1")
        assert read is not None
        assert encode(read) == encode(make_record("d1", NOON + _MINUTE))
        assert decisions.get(session, "nothing") is None
        assert [s.id for s in decisions.summaries(session, "ada")] == ["d2", "d1", "d0"]
        assert [s.id for s in decisions.summaries(session, "ada", limit=1, offset=1)] == ["d1"]
        assert {s.id: s.propensity for s in decisions.summaries(session)}["e"] is None
        assert [d.id for d in decisions.stream(session, start=NOON + _MINUTE, batch=1)] == ["d1", "d2"]
        assert [d.id for d in decisions.stream(session, end=NOON + _MINUTE)] == ["d0", "e"]


def test_decisions_become_learnable_when_their_horizon_closes(engine: Engine) -> None:
    for name, minutes in (("b", 0), ("a", 0), ("c", 1), ("d", 2)):
        _log(engine, name, at=NOON + minutes * _MINUTE)
    closed = NOON + HORIZON + _MINUTE
    with writing(engine) as session:
        assert [d.id for d in decisions.learnable(session, closed, 10)] == ["a", "b", "c"]
        assert [d.id for d in decisions.learnable(session, closed, 2)] == ["a", "b"]
        assert decisions.waiting(session, closed) == 3
        assert decisions.mark_learned(session, ["a", "b"], 7) == 2
        assert decisions.mark_learned(session, ["a", "c"], 8) == 1
    with Session(engine) as session:
        assert decisions.learnable(session, closed, 10) == ()
        assert {s.id: s.learned_in for s in decisions.summaries(session)} == {
            "a": 7,
            "b": 7,
            "c": 8,
            "d": None,
        }


def test_an_event_id_is_stored_once(engine: Engine) -> None:
    first = [StoredEvent(feedback(name, "d"), NOON, late=False) for name in ("e2", "e1")]
    again = [StoredEvent(feedback(name, "d"), NOON, late=False) for name in ("e3", "e1")]
    with writing(engine) as session:
        assert events.insert(session, first) == {"e1", "e2"}
        assert events.insert(session, again) == {"e3"}
        assert events.insert(session, []) == frozenset()
        assert [e.id for e in events.for_decision(session, "d")] == ["e1", "e2", "e3"]


def test_events_are_joined_on_time_only(engine: Engine) -> None:
    batch = [
        StoredEvent(feedback("e1", "d", after=2 * _MINUTE, item="c1"), NOON, late=False),
        StoredEvent(feedback("e2", "d", after=_MINUTE), NOON, late=False),
        StoredEvent(feedback("e3", "d"), NOON, late=True),
        StoredEvent(feedback("e4", "f"), NOON, late=False),
    ]
    with writing(engine) as session:
        events.insert(session, batch)
        joined = events.on_time(session, ["d", "f", "g"])
        assert joined == {"d": (batch[1].event, batch[0].event), "f": (batch[3].event,)}
        events.mark_late(session, ["e1"])
        assert events.on_time_ids(session, ["d", "f"]) == {"e2", "e4"}
        assert events.count_late(session, ["d", "f"]) == 2


def test_more_ids_than_one_query_takes_are_all_found(engine: Engine) -> None:
    batch = [StoredEvent(feedback(f"e{i}", f"d{i}"), NOON, late=False) for i in range(1203)]
    names = [f"d{i}" for i in range(1203)]
    with writing(engine) as session:
        assert len(events.insert(session, batch)) == 1203
        assert len(events.on_time(session, names)) == 1203
        events.mark_late(session, [f"e{i}" for i in range(1203)])
        assert events.count_late(session, names) == 1203


def test_models_are_numbered_once(engine: Engine) -> None:
    first, second = _model(1), _model(2)
    with writing(engine) as session:
        assert models.newest_version(session) is None
        assert models.live(session) is None
        assert models.add(session, first)
        assert models.add(session, second)
        assert not models.add(session, _model(2))
    with Session(engine) as session:
        assert models.newest_version(session) == 2
        assert models.live(session) == second
        assert models.get(session, 1) == first
        assert models.get(session, 3) is None
        assert models.summaries(session, limit=1) == (second.summary,)


def test_an_artifact_is_replaced_as_a_whole(engine: Engine) -> None:
    new = Artifact("embeddings", NOON + _MINUTE, {"dim": 64}, b"new")
    with writing(engine) as session:
        assert models.artifact(session, "embeddings") is None
        models.put_artifact(session, Artifact("embeddings", NOON, {"dim": 32}, b"old"))
        models.put_artifact(session, new)
    with Session(engine) as session:
        assert models.artifact(session, "embeddings") == new


@pytest.mark.parametrize(("passed", "taken"), [(timedelta(0), False), (_MINUTE, True)])
def test_a_lease_keeps_others_out_until_it_expires(engine: Engine, passed: timedelta, taken: bool) -> None:
    with writing(engine) as session:
        assert leases.take(session, Lease("learner", "a", NOON + _MINUTE), NOON)
        assert leases.take(session, Lease("learner", "a", NOON + _MINUTE), NOON)
    with writing(engine) as session:
        assert leases.take(session, Lease("learner", "b", NOON + 3 * _MINUTE), NOON + passed) is taken
        assert leases.take(session, Lease("other", "b", NOON + _MINUTE), NOON)
    with Session(engine) as session:
        lease = leases.get(session, "learner")
    assert lease is not None
    assert lease.holder == ("b" if taken else "a")


def test_a_lease_is_released_by_its_holder_alone(engine: Engine) -> None:
    with writing(engine) as session:
        leases.take(session, Lease("learner", "a", NOON + _MINUTE), NOON)
        leases.release(session, "learner", "b")
        assert leases.get(session, "learner") is not None
        leases.release(session, "learner", "a")
        assert leases.get(session, "learner") is None


def _fill(engine: Engine, row: type[Base], rows: list[dict[str, Any]]) -> None:
    with writing(engine) as session:
        session.execute(insert(row), rows)


def _item_row(item: Item) -> dict[str, Any]:
    return {
        "id": item.id, "kind": item.kind, "title": item.title, "creator": item.creator, "genre": item.genre,
        "tags": list(item.tags), "released": item.released, "markets": sorted(item.markets),
        "explicit": item.explicit, "sponsor": item.sponsor, "popularity": item.popularity,
        "artist_id": item.artist_id, "dataset": "test",
    }  # fmt: skip


def _interact(engine: Engine, *rows: tuple[str, str, float, datetime | None]) -> None:
    names = ("listener_id", "item_id", "weight", "last_at")
    _fill(engine, InteractionRow, [dict(zip(names, row, strict=True)) | {"dataset": "test"} for row in rows])


def _listeners(engine: Engine, *people: tuple[str, str]) -> None:
    _fill(engine, ListenerRow, [{"id": i, "name": n, "market": "DE", "dataset": "test"} for i, n in people])


def _ids(people: tuple[Listener, ...]) -> list[str]:
    return [person.id for person in people]


def _log(engine: Engine, name: str, at: datetime = NOON, **changes: Any) -> None:
    with writing(engine) as session:
        decisions.add(session, make_record(name, at, **changes), closes_at=at + HORIZON)


def _model(version: int) -> StoredModel:
    summary = ModelSummary(
        version=version,
        parent=version - 1 or None,
        created_at=NOON,
        state=State.LIVE if version == 2 else State.RETIRED,
        share=0.0,
        arguments="--cb",
        code="1.2",
        feature_schema="7",
        data_from=NOON,
        data_to=NOON + _MINUTE,
        sha256="0" * 64,
        metrics={"examples": 3},
        stored=True,
    )
    return StoredModel(summary, bytes([version]))
