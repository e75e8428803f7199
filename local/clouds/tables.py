"""Reads the Iceberg tables of a site as any reader of Iceberg would: through the Glue Data Catalog."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pyarrow as pa
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.table import Table

from local.site import REGION, Site


@lru_cache
def catalog(site: Site) -> GlueCatalog:
    """The catalog of the site's AWS."""
    endpoint = site.aws_url
    environment = site.environment()
    properties: dict[str, Any] = {
        "glue.endpoint": endpoint,
        "s3.endpoint": endpoint,
        "client.region": REGION,
        "client.access-key-id": environment["AWS_ACCESS_KEY_ID"],
        "client.secret-access-key": environment["AWS_SECRET_ACCESS_KEY"],
    }
    return GlueCatalog("glue", **properties)


def table(site: Site, full_name: str) -> Table:
    """The table `database.name` in its present state."""
    return catalog(site).load_table(full_name)


def read(site: Site, full_name: str, columns: tuple[str, ...] = ("*",)) -> pa.Table:
    """All rows of a table, or only some columns of them."""
    return table(site, full_name).scan(selected_fields=columns).to_arrow()


def row_count(site: Site, full_name: str) -> int:
    """Rows by the summary of the newest snapshot; reads no data file."""
    snapshot = table(site, full_name).current_snapshot()
    if snapshot is None or snapshot.summary is None:
        return 0
    return int(snapshot.summary.get("total-records") or 0)
