"""The shop's tables and their changes: the same every time, and each change is one that its row can have."""

from __future__ import annotations

from collections import Counter

import pytest

from local.rehearsal.replay import KEYS, PERIODS, changes, tables
from local.rehearsal.replay.shop import PER_DAY

DAY, MONTH = PERIODS["day"], PERIODS["month"]


def test_a_period_begins_with_every_household_and_product_but_the_new_ones() -> None:
    shop = tables(MONTH)

    assert len(shop["customers"].rows) == 2_469 - 31 * PER_DAY["customer_new"]
    assert len(shop["products"].rows) == 92_331 - 31 * PER_DAY["product_new"]
    assert {row["country"] for row in shop["customers"].rows.values()} == {"US", "CA", "GB", "DE"}


def test_a_day_has_its_number_of_changes_of_each_kind_at_times_of_their_own() -> None:
    made = list(changes(MONTH, tables(MONTH)))
    times = [change.values["updated_at"] for change in made if change.op != "D"]

    assert Counter(change.kind for change in made) == {kind: 31 * count for kind, count in PER_DAY.items()}
    assert times == sorted(set(times))
    assert (times[0].date(), times[-1].date().isoformat()) == (MONTH.first, "2017-05-31")


def test_the_same_seed_gives_the_same_changes_and_another_seed_others() -> None:
    first, again, other = (list(changes(DAY, tables(DAY, seed), seed)) for seed in ("a", "a", "b"))

    assert first == again
    assert first != other


def test_every_change_is_of_a_row_that_is_there_and_an_insert_of_one_that_is_not() -> None:
    there = {name: set(table.rows) for name, table in tables(MONTH).items()}
    after = tables(MONTH)
    for change in changes(MONTH, after):
        keys = there[change.table]
        assert (change.key in keys) == (change.op != "I"), change
        {"I": keys.add, "D": keys.discard, "U": keys.add}[change.op](change.key)

    assert there == {name: set(table.rows) for name, table in after.items()}


@pytest.mark.parametrize("name", KEYS)
def test_the_tables_have_the_columns_of_their_contract(name: str) -> None:
    import contracts

    (source,) = (table for table in contracts.load().source_tables if table.name == name)
    row = next(iter(tables(DAY)[name].rows.values()))

    assert set(row) == {column.name for column in source.columns}
    assert KEYS[name] in source.primary_key
