"""The tally of captured changes finds what is missing, repeated, out of order, made up or different."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from local.rehearsal.replay import Change
from local.rehearsal.report.captured import TableTally, tally

KEY = ("id",)


def when(minute: int) -> datetime:
    return datetime(2017, 5, 1) + timedelta(minutes=minute)


def row(op: str, id: int, minute: int, name: str = "") -> dict[str, object]:
    return {"Op": op, "id": id, "name": name, "updated_at": when(minute)}


def stored(id: int, minute: int, name: str = "") -> dict[str, object]:
    return {"id": id, "name": name, "updated_at": when(minute)}


MADE = [
    Change("new", "items", "I", 3, {"id": 3, "updated_at": when(1)}),
    Change("named", "items", "U", 1, {"name": "a", "updated_at": when(2)}),
    Change("named", "items", "U", 1, {"name": "b", "updated_at": when(3)}),
    Change("gone", "items", "D", 2, {}),
]
LOAD = {"LOAD00000001.parquet": [row("I", 1, 0), row("I", 2, 0)]}
FIRST, SECOND, THIRD, LAST = row("I", 3, 1), row("U", 1, 2, "a"), row("U", 1, 3, "b"), row("D", 2, 0)
TABLE = [stored(1, 3, "b"), stored(3, 1)]


def told(*files: list[dict[str, object]], table: list[dict[str, object]] = TABLE) -> TableTally:
    return tally(LOAD | {f"2026010{n}.parquet": rows for n, rows in enumerate(files)}, MADE, 2, table, KEY)


def test_what_is_complete_has_no_problem() -> None:
    found = told([FIRST, SECOND], [THIRD, LAST])

    assert found.problems == []
    assert (found.rows, found.committed, found.loaded) == (2, 4, 2)
    assert found.files == {"load": 1, "changes": 2}
    assert found.landed == {"I": 1, "U": 2, "D": 1}


def test_a_repeat_of_the_last_changes_is_counted_and_no_problem() -> None:
    found = told([FIRST, SECOND, THIRD], [SECOND, THIRD, LAST])

    assert (found.problems, found.repeated) == ([], 2)


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ([[FIRST, SECOND, LAST]], "1 changes missing"),
        ([[FIRST, THIRD, SECOND, LAST]], "1 changes out of order"),
        ([[FIRST, SECOND, THIRD, LAST, row("U", 3, 9)]], "1 changes unexpected"),
        ([[FIRST, SECOND, row("U", 1, 3, "c"), LAST]], "1 rows in raw are not those of the database"),
        ([[FIRST, SECOND, THIRD]], "1 rows in raw are not those of the database"),
    ],
)
def test_what_is_wrong_is_named(files: list[list[dict[str, object]]], problem: str) -> None:
    assert problem in told(*files).problems


def test_a_row_that_the_load_left_out_is_found() -> None:
    found = tally({"2026.parquet": [FIRST, SECOND, THIRD, LAST]}, MADE, 2, TABLE, KEY)

    assert found.problems == ["2 rows were there at the full load, 0 landed"]
