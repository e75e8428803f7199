"""The shop's customers and products: their rows when a period begins, and what changes as it passes.

Customers are the source's households, with what its demographics say of a third of them; products are its products.
What it lacks comes from the seed: e-mail addresses and countries, who and what is new, and every change. Each day has
the same number of changes of each kind; the same seed gives the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from local.rehearsal.replay import seeded
from local.rehearsal.replay.source import Period, data_file, database

Row = dict[str, Any]

PER_DAY = {
    "customer_new": 3,
    "customer_email": 6,
    "customer_country": 3,
    "customer_household": 6,
    "customer_deleted": 1,
    "product_new": 4,
    "product_category": 8,
    "product_package": 24,
    "product_deleted": 2,
}
"""Kind of change -> how many a day."""
OPENED = datetime(2016, 1, 4, 8)
"""When the rows were made that a period begins with; the shop's tables have UTC without saying so."""
HOUSEHOLD = ("age", "income", "home_ownership", "marital_status", "household_size", "household_comp", "kids_count")
CATEGORY = ("product_category", "product_type")
KEYS = {"customers": "customer_id", "products": "product_id"}


class Change(NamedTuple):
    """One change, which is a transaction of its own."""

    kind: str
    table: str
    op: str
    """I, U or D."""
    key: int
    values: Row
    """What it sets: of an insert every column, of an update those that change, of a delete none."""


class Table:
    """One table as time passes."""

    def __init__(self, name: str, rows: list[Row], new: int, seed: str) -> None:
        """Begin with all rows but the new ones.

        Args:
            rows: all that there ever are, by key.
            new: how many of them are not there at first.
        """
        self.name, self._seed = name, seed
        self._every = rows
        late = set(sorted(range(len(rows)), key=lambda n: seeded.number(seed, f"{name}:late", n))[:new])
        self.rows = {row[KEYS[name]]: row for n, row in enumerate(rows) if n not in late}
        self._late = iter([row for n, row in enumerate(rows) if n in late])
        self._keys = list(self.rows)

    def insert(self, kind: str, when: datetime) -> Change:
        row = {**next(self._late), "created_at": when, "updated_at": when}
        key = row[KEYS[self.name]]
        self.rows[key] = row
        self._keys.append(key)
        return Change(kind, self.name, "I", key, row)

    def delete(self, kind: str, drawn: int) -> Change:
        at = drawn % len(self._keys)
        key, self._keys[at] = self._keys[at], self._keys[-1]
        self._keys.pop()
        del self.rows[key]
        return Change(kind, self.name, "D", key, {})

    def update(self, kind: str, when: datetime, drawn: int) -> Change:
        key = self._keys[drawn % len(self._keys)]
        # the hash's other half, so that the row that is copied from says nothing of the row that is changed
        like = self._every[(drawn >> 32) % len(self._every)]
        values = {**_values(kind, self.rows[key], like, drawn), "updated_at": when}
        self.rows[key] = {**self.rows[key], **values}
        return Change(kind, self.name, "U", key, values)


def tables(period: Period, seed: str = seeded.SEED) -> dict[str, Table]:
    """Make the tables as they are when the period begins; `changes` moves them on."""
    days = (period.end - period.first).days
    return {
        name: Table(name, rows, PER_DAY[kind] * days, seed)
        for name, rows, kind in (
            ("customers", _customers(seed), "customer_new"),
            ("products", _products(), "product_new"),
        )
    }


def changes(period: Period, shop: dict[str, Table], seed: str = seeded.SEED) -> Iterator[Change]:
    """Make the period's changes in their order; each is in `shop` once it is given. No two have the same time."""
    kinds = [kind for kind, count in PER_DAY.items() for _ in range(count)]
    apart = timedelta(days=1) / len(kinds)
    for number in range((period.end - period.first).days):
        begin = datetime.combine(period.first, datetime.min.time()) + timedelta(days=number)
        mixed = sorted((seeded.number(seed, f"mix:{number}", at), at) for at in range(len(kinds)))
        for order, (_, at) in enumerate(mixed):
            kind, when = kinds[at], begin + order * apart
            table = shop["customers" if kind.startswith("customer") else "products"]
            drawn = seeded.number(seed, f"change:{number}", at)
            if kind.endswith("_new"):
                yield table.insert(kind, when)
            elif kind.endswith("_deleted"):
                yield table.delete(kind, drawn)
            else:
                yield table.update(kind, when, drawn)


def _values(kind: str, row: Row, like: Row, drawn: int) -> Row:
    """Decide what a change of this kind sets in the row; what the seed does not make up is another row's, `like`."""
    match kind:
        case "customer_email":
            return {"email": f"household{row['customer_id']}-{drawn % 10_000}@mail.example"}
        case "customer_country":
            others = sorted({country for country, _, _ in seeded.MARKETS} - {row["country"]})
            return {"country": others[drawn % len(others)]}
        case "customer_household":
            return {name: like[name] for name in HOUSEHOLD}
        case "product_category":
            return {name: like[name] for name in CATEGORY}
        case "product_package":
            return {"package_size": like["package_size"]}
    raise ValueError(f"no change of a row is called {kind}")


def _customers(seed: str) -> list[Row]:
    with database() as connection:
        found = connection.execute(
            f"""
            SELECT household_id AS customer_id, {", ".join(HOUSEHOLD)}
            FROM (SELECT DISTINCT household_id FROM read_parquet($transactions))
            LEFT JOIN read_parquet($demographics) USING (household_id) ORDER BY 1
            """,  # noqa: S608 - made of the names above
            {"transactions": str(data_file("transactions")), "demographics": str(data_file("demographics"))},
        )
        return [
            {
                "customer_id": row["customer_id"],
                "email": f"household{row['customer_id']}@mail.example",
                "country": seeded.market(seed, row["customer_id"])[0],
                **{name: row[name] for name in HOUSEHOLD},
                "created_at": OPENED,
                "updated_at": OPENED,
            }
            for row in found.to_arrow_table().to_pylist()
        ]


def _products() -> list[Row]:
    with database() as connection:
        found = connection.execute(
            """
            SELECT product_id, manufacturer_id, department, brand, product_category, product_type, package_size
            FROM read_parquet($products) ORDER BY 1
            """,
            {"products": str(data_file("products"))},
        )
        return [{**row, "created_at": OPENED, "updated_at": OPENED} for row in found.to_arrow_table().to_pylist()]
