"""The tallies find every way in which a record can go astray."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from local.rehearsal.positions import Position
from local.rehearsal.report.datasets import DatasetTally, conservation_problems, ledger_problems

LANDED = [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_each_record_in_exactly_one_table_is_no_problem() -> None:
    assert list(conservation_problems(LANDED, [(0, 0), (1, 0)], [(0, 1)], [(1, 1)])) == []


@pytest.mark.parametrize(
    ("accepted", "quarantined", "duplicates", "expected"),
    [
        ([(0, 0), (1, 0)], [(0, 1)], [], "1 in raw but in none of curated, quarantine and duplicates"),
        ([(0, 0), (1, 0)], [(0, 1)], [(1, 1), (7, 7)], "1 in curated, quarantine or duplicates but not in raw"),
        ([(0, 0), (1, 0)], [(0, 1), (0, 0)], [(1, 1)], "1 in more than one of curated, quarantine and duplicates"),
        ([(0, 0), (0, 0), (1, 0)], [(0, 1)], [(1, 1)], "1 in more than one of curated, quarantine and duplicates"),
    ],
    ids=["lost", "from nowhere", "in two tables", "twice in one"],
)
def test_a_record_that_went_astray_is_found(
    accepted: list[Position], quarantined: list[Position], duplicates: list[Position], expected: str
) -> None:
    (problem,) = conservation_problems(LANDED, accepted, quarantined, duplicates)

    assert problem.startswith(expected)


def test_equal_counts_do_not_hide_a_swap() -> None:
    problems = list(conservation_problems(LANDED, [(0, 0), (1, 0)], [(0, 1)], [(9, 9)]))

    assert len(problems) == 2
    assert "partition:offset 1:1" in problems[0]


def ledger_row(**changes: object) -> dict[str, Any]:
    row = {"run_id": "r", "rows_in": 4, "accepted": 2, "quarantined": [("json", 1)], "quarantined_rows": 1}
    return {**row, "duplicates": 1, **changes}


def test_a_ledger_that_says_what_the_tables_hold_is_no_problem() -> None:
    assert list(ledger_problems([ledger_row()], 2, Counter({"json": 1}), 1)) == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (ledger_row(rows_in=5), "ledger, run r: 5 rows in, but 2 accepted + 1 quarantined + 1 duplicates"),
        (ledger_row(accepted=3, rows_in=5), "accepted: the ledger says 3, the tables hold 2"),
        (ledger_row(quarantined=[("currency", 1)]), "quarantined by rule: the ledger says {'currency': 1}"),
        (ledger_row(duplicates=0, rows_in=3), "duplicates: the ledger says 0, the tables hold 1"),
    ],
)
def test_a_ledger_that_differs_from_the_tables_is_found(row: dict[str, Any], expected: str) -> None:
    (problem,) = ledger_problems([row], 2, Counter({"json": 1}), 1)

    assert problem.startswith(expected)


def test_a_dataset_is_conserved_only_without_problems() -> None:
    tally = DatasetTally(produced=1, landed=1, accepted=1, quarantined={}, duplicates=0)
    assert tally.as_dict()["conserved"] is True
    assert replace(tally, problems=("x",)).as_dict()["conserved"] is False
