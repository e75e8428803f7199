from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from local.clouds import tables
from local.clouds.warehouse import Warehouse
from local.site import Site
from tests.local.clouds.aws.running import aws_server, bucket, free_site

EVENT = pa.struct([("event_id", pa.string()), ("event_type", pa.string()), ("offset", pa.int64())])


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with two Iceberg tables in its lake."""
    site = free_site(tmp_path_factory.mktemp("site"))
    with aws_server(site):
        catalog = tables.catalog(site)
        location = f"s3://{bucket(site, 'lake')}"
        orders = pa.table(
            {
                "order_id": ["1", "2", "3"],
                "placed_at": [datetime(2017, 5, day, 12, tzinfo=UTC) for day in (1, 1, 2)],
                "net_amount": pa.array([Decimal("1.10"), Decimal("2.20"), None], pa.decimal128(14, 2)),
                "quantity": pa.array([1, 2, 0], pa.int64()),
                "events": pa.array(
                    [
                        [{"event_id": "a", "event_type": "placed", "offset": 0}],
                        [
                            {"event_id": "b", "event_type": "placed", "offset": 1},
                            {"event_id": "c", "event_type": "paid", "offset": 2},
                        ],
                        [],
                    ],
                    pa.list_(EVENT),
                ),
            }
        )
        sales = pa.table({"country": ["DE", "US"], "orders": pa.array([2, 3], pa.int64())})
        for name, rows in (("lake_curated.orders", orders), ("lake_analytics.daily_sales", sales)):
            catalog.create_namespace(name.split(".")[0])
            catalog.create_table(name, rows.schema, location=f"{location}/{name}").append(rows)
        yield site


@pytest.fixture
def warehouse(site: Site) -> Warehouse:
    """An empty warehouse with external schemas over the two databases."""
    warehouse = Warehouse(site)
    warehouse.reset()
    for schema in ("curated", "analytics"):
        warehouse.execute(
            f"CREATE EXTERNAL SCHEMA IF NOT EXISTS {schema} FROM DATA CATALOG DATABASE 'lake_{schema}' "
            "REGION 'eu-west-1' IAM_ROLE 'arn:aws:iam::123456789012:role/warehouse'"
        )
    return warehouse
