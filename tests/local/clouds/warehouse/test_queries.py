from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from local.clouds import tables
from local.clouds.warehouse import Warehouse, WarehouseError
from local.site import Site


def test_a_query_reads_the_lake_through_an_external_schema(warehouse: Warehouse) -> None:
    result = warehouse.execute(
        "SELECT date_trunc('day', placed_at) AS day, sum(net_amount) AS amount, sum(quantity) AS units, count(*) AS n "
        "FROM novaretail.curated.orders GROUP BY 1 ORDER BY 1"
    )

    assert result.columns == ("day", "amount", "units", "n")
    assert result.rows == (
        (datetime(2017, 5, 1, tzinfo=UTC), Decimal("3.30"), 3, 2),
        (datetime(2017, 5, 2, tzinfo=UTC), None, 0, 1),
    )


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT TOP 1 order_id FROM curated.orders ORDER BY order_id DESC", (("3",),)),
        ("SELECT nvl(net_amount, 0) FROM curated.orders WHERE order_id = '3'", ((Decimal("0.00"),),)),
        ("SELECT datediff(day, min(placed_at), max(placed_at)) FROM curated.orders", ((1,),)),
        ("SELECT quantity / 4 FROM curated.orders WHERE order_id = '2'", ((0,),)),
        (
            "SELECT order_id FROM curated.orders QUALIFY row_number() OVER (ORDER BY quantity DESC) = 1",
            (("2",),),
        ),
        (
            'SELECT o.order_id, e.event_type FROM curated.orders o, o.events e WHERE e."offset" = 2',
            (("2", "paid"),),
        ),
        ("WITH x AS (SELECT 1 AS one) SELECT one FROM x", ((1,),)),
    ],
    ids=["top", "nvl", "datediff", "integer-division", "qualify", "nested", "cte"],
)
def test_redshifts_own_forms_are_understood(warehouse: Warehouse, sql: str, rows: tuple[object, ...]) -> None:
    assert warehouse.execute(sql).rows == rows


def test_only_the_tables_that_a_query_names_are_read(
    warehouse: Warehouse, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    original = tables.read

    def note(of: Site, name: str) -> object:
        read.append(name)
        return original(of, name)

    monkeypatch.setattr(tables, "read", note)

    warehouse.execute("SELECT a.country FROM analytics.daily_sales a JOIN analytics.daily_sales b USING (country)")

    assert read == ["lake_analytics.daily_sales"]


def test_a_view_over_the_lake_shows_the_lake_as_it_is_when_asked(warehouse: Warehouse) -> None:
    warehouse.execute("CREATE SCHEMA IF NOT EXISTS reports")
    warehouse.execute(
        "CREATE OR REPLACE VIEW reports.sales AS SELECT country, orders FROM analytics.daily_sales "
        "WITH NO SCHEMA BINDING"
    )
    warehouse.execute("CREATE VIEW reports.total AS SELECT sum(orders) AS orders FROM reports.sales")

    assert warehouse.execute("SELECT orders FROM reports.total").rows == ((5,),)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT * FROM curated.order", r'relation "curated.order" does not exist; curated has: orders\n'),
        ("SELECT * FROM nowhere.x", r'schema "nowhere" does not exist; there are: analytics, curated, public\n'),
        ("SELECT * FROM orders", r'relation "public.orders" does not exist; public has: nothing'),
        ("SELECT * FROM other.curated.orders", r'database "other" does not exist'),
        ("SELECT nothing FROM curated.orders", r'"nothing" not found'),
        ("SELECT FROM WHERE", r"not understood as Redshift SQL"),
        ("COPY x FROM 's3://a' IAM_ROLE 'b'", r"COPY is not run here"),
        ("CREATE TABLE public.x (a int)", r"CREATE is not run here"),
        ("DELETE FROM curated.orders", r"DELETE is not run here"),
        (" ; ", r"there is no statement to run"),
    ],
)
def test_an_error_has_the_reason_and_the_statement(warehouse: Warehouse, sql: str, reason: str) -> None:
    with pytest.raises(WarehouseError, match=reason) as caught:
        warehouse.execute(sql)

    assert sql.strip(" ;") in str(caught.value)


def test_several_statements_give_the_last_ones_result(warehouse: Warehouse) -> None:
    assert warehouse.execute("SELECT 1 AS a; SELECT ';' AS b; -- that is all").rows == ((";",),)


def test_a_result_prints_as_a_table(warehouse: Warehouse) -> None:
    text = warehouse.execute("SELECT country, orders, NULL AS note FROM analytics.daily_sales ORDER BY 1").text()

    assert text.splitlines() == [
        "country  orders  note",
        "-------  ------  ----",
        "DE            2",
        "US            3",
        "(2 rows)",
    ]
