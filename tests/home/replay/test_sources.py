"""Readers of logs: what comes out is what is in the file, and what cannot be is listed."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from vowpal_wabbit_next import CBLabel, CCBLabel, DSJsonFormatReader, Workspace

from home.ingest.rejects import Rejects
from home.replay.sources.chunk import Chunk, ReplayInputError, Source
from home.replay.sources.columns import ColumnsSource
from home.replay.sources.dsjson import DsJsonSource
from home.replay.sources.obd import OpenBanditSource, campaigns


def read(source: Source) -> tuple[list[Chunk], list[tuple[int, str, str]]]:
    rejects = Rejects(keep=1000)
    chunks = list(source.chunks(rejects))
    return chunks, [(one.line, one.field, one.reason) for one in rejects.samples()]


GOOD: dict[str, Any] = {
    "reward": [1.0, 0.0, 0.5],
    "propensity": [0.5, 0.25, 1.0],
    "action": [1, 0, 1],
    "action_distribution": [[0.5, 0.5], [0.25, 0.75], [0.0, 1.0]],
    "position": [0, 1, 2],
    "group": ["ada", "bob", "ada"],
    "timestamp": ["2026-03-01T12:00:00Z", "2026-03-01T13:00:00+01:00", "2026-03-02T00:00:00Z"],
    "target_propensity:new": [0.1, 0.0, 1.0],
    "target_distribution": [[0.5, 0.5], [1.0, 0.0], [0.5, 0.5]],
    "expected_rewards": [[0.5, 0.5], [1.0, 0.0], [2.0, 0.5]],
    "context_age": [1.0, 2.0, 3.0],
    "market": ["DE", None, "SE"],
}


def _csv(path: Path, columns: dict[str, Any]) -> Path:
    lists = {name: [str(v) if isinstance(v, list) else v for v in column] for name, column in columns.items()}
    pl.DataFrame(lists, strict=False).write_csv(path)
    return path


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_is_read_as_it_was_written(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"log.{ending}"
    if ending == "csv":
        _csv(path, GOOD)
    else:
        pl.DataFrame(GOOD).write_parquet(path)
    source = ColumnsSource(path, by=("market",))
    (chunk,), rejected = read(source)
    assert not rejected
    assert source.has_propensities
    assert source.targets == ("new", "given")
    for name in ("reward", "propensity", "action", "position"):
        assert getattr(chunk, name).tolist() == GOOD[name]
    assert chunk.distribution is not None
    assert chunk.distribution.tolist() == GOOD["action_distribution"]
    assert chunk.group[0] == chunk.group[2] != chunk.group[1]
    assert chunk.at is not None
    assert [str(at)[:13] for at in chunk.at] == ["2026-03-01T12", "2026-03-01T12", "2026-03-02T00"]
    assert chunk.targets["new"].tolist() == GOOD["target_propensity:new"]
    assert chunk.targets["given"].tolist() == GOOD["target_distribution"]
    assert chunk.context is not None
    assert chunk.context.tolist() == [[1.0], [2.0], [3.0]]
    assert chunk.segments["market"].tolist() == ["DE", "(none)", "SE"]


FAULTS: list[tuple[str, Any, str, str]] = [
    ("propensity", 0.0, "propensity", "is not above 0"),
    ("propensity", -0.5, "propensity", "is not above 0"),
    ("propensity", 1.5, "propensity", "is above 1"),
    ("propensity", None, "propensity", "is missing"),
    ("propensity", "x", "propensity", "is not a finite number"),
    ("propensity", 0.4, "propensity", "is not what its distribution gives"),
    ("action_distribution", "[0.5, 0.6]", "action_distribution", "does not sum to 1"),
    ("action_distribution", "[1.5, -0.5]", "action_distribution", "holds something that is no probability"),
    ("action_distribution", "0.5", "action_distribution", "is missing, or no list"),
    ("action", 2, "action", "is not one of the actions"),
    ("action", 0.5, "action", "is not a whole number"),
    ("reward", "nan", "reward", "is not a finite number"),
    ("reward", None, "reward", "is missing"),
    ("target_propensity:new", 1.1, "target_propensity:new", "is not between 0 and 1"),
    ("target_distribution", "[0.5]", "target_distribution", "does not sum to 1"),
    ("expected_rewards", "0.5", "expected_rewards", "is missing, or no list"),
    ("expected_rewards", "[]", "expected_rewards", "holds something that is no number"),
    ("action", 1.0, "propensity", "is not what its distribution gives"),
    ("timestamp", "noon", "timestamp", "is not a time"),
]


@pytest.mark.parametrize(("column", "value", "name", "reason"), FAULTS)
def test_a_row_that_cannot_be_is_listed_with_its_line_and_left_out(
    tmp_path: Path, column: str, value: Any, name: str, reason: str
) -> None:
    columns = {key: [str(one) if one is not None else None for one in many] for key, many in GOOD.items()}
    columns[column][1] = None if value is None else str(value)
    (chunk,), rejected = read(ColumnsSource(_csv(tmp_path / "log.csv", columns)))
    assert len(chunk) == 2
    ((line, field, why),) = rejected
    assert (line, field) == (3, name)
    assert why.startswith(reason)


def test_lists_of_different_lengths_are_tables_of_one_width(tmp_path: Path) -> None:
    frame = {
        "reward": [1.0, 0.0],
        "propensity": [0.5, 1.0],
        "action": [0, 0],
        "action_distribution": [[0.5, 0.5], [1.0]],
        "target_distribution:new": [[0.25, 0.25, 0.5], [1.0]],
    }
    pl.DataFrame(frame).write_parquet(tmp_path / "log.parquet")
    (chunk,), rejected = read(ColumnsSource(tmp_path / "log.parquet"))
    assert not rejected
    assert chunk.distribution is not None
    assert chunk.distribution.tolist() == [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]
    assert chunk.targets["new"].tolist() == [[0.25, 0.25, 0.5], [1.0, 0.0, 0.0]]
    assert chunk.available is not None
    assert chunk.available.tolist() == [[True, True, False], [True, False, False]]


def test_a_table_without_a_column_names_it(tmp_path: Path) -> None:
    path = _csv(tmp_path / "log.csv", {"propensity": [0.5]})
    with pytest.raises(ReplayInputError, match="has no column 'reward', only propensity"):
        ColumnsSource(path)
    with pytest.raises(ReplayInputError, match="does not exist"):
        ColumnsSource(tmp_path / "none.csv")
    with pytest.raises(ReplayInputError, match=r"from \.csv or \.parquet"):
        ColumnsSource(tmp_path / "log.xlsx")
    assert not ColumnsSource(_csv(tmp_path / "bare.csv", {"reward": [1.0]})).has_propensities


CB = {
    "_label_cost": -1.0,
    "_label_probability": 0.75,
    "_label_Action": 2,
    "_labelIndex": 1,
    "Timestamp": "2026-03-01T12:00:00.1234567Z",
    "Version": "1",
    "EventId": "e",
    "a": [2, 1, 3],
    "p": [0.75, 0.125, 0.125],
    "c": {"user": {"market": "DE"}, "_multi": [{"f": {"x": 1}}, {"f": {"y": 1}}, {"f": {"z": 1}}]},
}
CCB = {
    "Timestamp": "2026-03-01T12:00:00Z",
    "Version": "1",
    "c": {"user": {"market": "SE"}, "_multi": [{"f": {"x": 1}}] * 3, "_slots": [{"_id": "1"}, {"_id": "2"}]},
    "_outcomes": [
        {"_label_cost": -0.5, "_id": "1", "_a": [1, 0, 2], "_p": [0.5, 0.25, 0.25]},
        {"_label_cost": 0.25, "_id": "2", "_a": [2, 0], "_p": [0.625, 0.375]},
    ],
}


def _lines(path: Path, *decisions: object) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in decisions))
    return path


def test_cb_lines_say_what_vowpal_wabbit_reads_from_them(tmp_path: Path) -> None:
    path = _lines(tmp_path / "cb.dsjson", CB)
    (chunk,), rejected = read(DsJsonSource(path, by=("user.market",)))
    assert not rejected
    (examples,) = DSJsonFormatReader(Workspace(["--cb_explore_adf"]), io.StringIO(path.read_text()))
    labels = [one.get_label() for one in examples]
    (label,) = (one.label for one in labels if isinstance(one, CBLabel) and one.label)
    assert label == (2, -chunk.reward[0], chunk.propensity[0])
    assert chunk.action[0] == 1
    assert chunk.distribution is not None
    assert chunk.distribution.tolist() == [[0.125, 0.75, 0.125]]
    assert chunk.segments["user.market"].tolist() == ["DE"]
    assert chunk.at is not None
    assert str(chunk.at[0]) == "2026-03-01T12:00:00.123456"
    assert chunk.slate is None


def test_ccb_lines_say_what_vowpal_wabbit_reads_from_them(tmp_path: Path) -> None:
    path = _lines(tmp_path / "ccb.dsjson", CCB, CCB)
    (chunk,), rejected = read(DsJsonSource(path))
    assert not rejected
    reader = DSJsonFormatReader(Workspace(["--ccb_explore_adf"]), io.StringIO(path.read_text()))
    labels = [one.get_label() for many in reader for one in many]
    outcomes = [one.outcome for one in labels if isinstance(one, CCBLabel) and one.outcome]
    assert [-reward for reward in chunk.reward] == [cost for cost, _ in outcomes]
    assert chunk.propensity.tolist() == [listed[0][1] for _, listed in outcomes]
    assert chunk.action.tolist() == [listed[0][0] for _, listed in outcomes]
    assert chunk.position.tolist() == [0, 1, 0, 1]
    assert chunk.slate is not None
    assert chunk.slate.tolist() == [1, 1, 2, 2]
    assert chunk.available is not None
    assert chunk.available.sum(axis=1).tolist() == [3, 2, 3, 2]


@pytest.mark.parametrize(
    ("changes", "name", "reason"),
    [
        ({"_label_probability": 0.0}, "_label_probability", "is not in"),
        ({"_label_probability": None}, "_label_probability", "is missing"),
        ({"_label_probability": 0.5}, "_label_probability", "is not what p gives"),
        ({"_label_cost": "x"}, "_label_cost", "is missing, or not"),
        ({"_label_Action": 4}, "_label_Action", "is not one of"),
        ({"p": [0.75, 0.125, 0.25]}, "p", "does not sum to 1"),
        ({"p": [0.75, 0.25]}, "p", "has not as many"),
        ({"p": None}, "p", "is missing"),
        ({"a": [2, 2, 3]}, "a", "repeats"),
        ({"a": [2, 0, 3]}, "a", "repeats an action, or counts from below 1"),
        ({"DeferredAction": True}, "DeferredAction", "was never activated"),
        ({"Timestamp": "noon"}, "Timestamp", "is not a time"),
        ({"a": [2.5, 1, 3]}, "a", "holds something that is no whole number"),
        ({"a": [2, 1, 10**12]}, "a", "holds something that is no whole number below"),
        ({"pdrop": "half"}, "pdrop", "is missing, or not a finite number"),
        ({"pdrop": None}, "pdrop", "is missing, or not a finite number"),
        ({"_outcomes": 5}, "_outcomes", "is no list of outcomes"),
        ({"_outcomes": []}, "_outcomes", "is no list of outcomes"),
    ],
)
def test_a_faulty_line_is_listed(tmp_path: Path, changes: dict[str, Any], name: str, reason: str) -> None:
    (chunk,), rejected = read(DsJsonSource(_lines(tmp_path / "cb.dsjson", CB, CB | changes, CB)))
    assert len(chunk) == 2
    ((line, field, why),) = rejected
    assert (line, field) == (2, name)
    assert why.startswith(reason)


def test_a_faulty_slot_takes_the_whole_slate_with_it(tmp_path: Path) -> None:
    broken = json.loads(json.dumps(CCB))
    broken["_outcomes"][1]["_p"] = [0.0, 1.0]
    path = _lines(tmp_path / "ccb.dsjson", broken, CCB)
    path.write_text(path.read_text() + "no json\n")
    (chunk,), rejected = read(DsJsonSource(path))
    assert len(chunk) == 2
    assert [(line, name) for line, name, _ in rejected] == [(1, "_p"), (3, "line")]


def test_times_with_an_offset_are_moved_to_utc(tmp_path: Path) -> None:
    (chunk,), _ = read(
        DsJsonSource(_lines(tmp_path / "cb.dsjson", CB | {"Timestamp": "2026-03-01T01:30+02:00"}))
    )
    assert chunk.at is not None
    assert chunk.at.astype(str).tolist() == ["2026-02-28T23:30:00.000000"]


def test_single_actions_and_slates_in_one_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReplayInputError, match="split the file"):
        read(DsJsonSource(_lines(tmp_path / "mixed.dsjson", CB, CCB)))


def test_lines_dropped_with_different_probabilities_are_refused(tmp_path: Path) -> None:
    path = _lines(tmp_path / "cb.dsjson", CB | {"pdrop": 0.5}, CB)
    with pytest.raises(ReplayInputError, match=r"pdrop is 0\.0 and 0\.5"):
        read(DsJsonSource(path))


def _open_bandit(root: Path, **changes: Any) -> Path:
    """A made-up campaign of three items in the layout of the data set."""
    rows: dict[str, list[Any]] = {
        "timestamp": ["2019-11-24 00:03:13.442536+00:00"] * 4,
        "item_id": [0, 1, 2, 1],
        "position": [1, 2, 3, 1],
        "click": [0, 1, 0, 0],
        "propensity_score": [1 / 3] * 4,
        **{f"user_feature_{i}": ["a", "b", "a", "c"] for i in range(4)},
    }
    for policy in ("random", "bts"):
        folder = root / policy / "men"
        folder.mkdir(parents=True)
        pl.DataFrame(rows | changes, strict=False).write_csv(folder / "men.csv")
        pl.DataFrame({"item_id": [0, 1, 2]}).write_csv(folder / "item_context.csv")
    return root


def test_the_open_bandit_dataset_is_read(tmp_path: Path) -> None:
    root = _open_bandit(tmp_path)
    assert campaigns(root) == ("men",)
    source = OpenBanditSource(root, "men", "random", by=("user_feature_0",))
    (chunk,), rejected = read(source)
    assert not rejected
    assert source.items == 3
    assert chunk.reward.tolist() == [0, 1, 0, 0]
    assert chunk.position.tolist() == [0, 1, 2, 0]
    assert chunk.action.tolist() == [0, 1, 2, 1]
    assert chunk.distribution is not None
    assert np.allclose(chunk.distribution, 1 / 3)
    assert chunk.context is not None
    assert chunk.context.tolist() == [[0, 0] * 4, [1, 0] * 4, [0, 0] * 4, [0, 1] * 4]
    assert chunk.segments["user_feature_0"].tolist() == ["a", "b", "a", "c"]
    (thompson,), _ = read(OpenBanditSource(root, "men", "bts"))
    assert thompson.distribution is None


def test_faulty_rows_of_the_open_bandit_dataset_are_listed(tmp_path: Path) -> None:
    root = _open_bandit(
        tmp_path, item_id=[3, 1, 2, 1], position=[1, 4, 3, 1], propensity_score=[0.1, 0.1, 0, 1]
    )
    (chunk,), rejected = read(OpenBanditSource(root, "men", "random"))
    assert len(chunk) == 1
    assert sorted(rejected)[0][:2] == (2, "item_id")
    assert {(line, name) for line, name, _ in rejected} == {
        (2, "item_id"),
        (3, "position"),
        (4, "propensity_score"),
    }
    with pytest.raises(ReplayInputError, match="holds no campaign of the Open Bandit Dataset"):
        campaigns(tmp_path / "random")
    with pytest.raises(ReplayInputError, match=r"women\.csv does not exist"):
        OpenBanditSource(root, "women", "random")
