"""What is remembered is made once, and not kept without end."""

from __future__ import annotations

from bandits.remembered import Remembered


def test_a_value_is_made_once() -> None:
    asked: list[int] = []

    def twice(key: int) -> int:
        asked.append(key)
        return 2 * key

    remembered = Remembered(twice)
    assert [remembered[key] for key in (3, 4, 3)] == [6, 8, 6]
    assert asked == [3, 4]


def test_no_more_are_kept_than_asked_for() -> None:
    remembered = Remembered(str, most=3)
    assert [remembered[key] for key in range(10)] == [str(key) for key in range(10)]
    assert len(remembered) <= 3
