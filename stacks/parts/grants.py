"""Who may read and write which tables: one table of roles, from which the lake's and the catalog's policies follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import Resource

from components.account.access import Access
from components.blocks.policies import Grantee
from components.lake.catalog import Catalog
from components.lake.lake import Lake
from contracts import Contracts, Table


@dataclass(frozen=True)
class Grants:
    """Name of a role -> its policies about tables, for whoever must not come before them."""

    by_role: Mapping[str, Sequence[Resource]]

    def of(self, grantee: Grantee) -> Sequence[Resource]:
        return self.by_role[grantee.name]


def grant_tables(data: Contracts, access: Access, lake: Lake, catalog: Catalog) -> Grants:
    """Give each role what it needs of the lake's files and of the catalog's entries, and nothing else."""
    made: list[tuple[Grantee, Resource]] = [
        (access.curate, lake.grant_reference(access.curate)),
        (access.publish, lake.grant_exchange_write(access.publish, data.exchanges)),
    ]
    for grantee, tables in _reads(data, access):
        made += [(grantee, lake.grant_read(grantee, tables)), (grantee, catalog.grant_read(grantee, tables))]
    for grantee, tables in _writes(data, access):
        made += [(grantee, lake.grant_write(grantee, tables)), (grantee, catalog.grant_write(grantee, tables))]
    roles = {grantee.name for grantee, _ in made}
    return Grants({role: [policy for grantee, policy in made if grantee.name == role] for role in roles})


def _reads(data: Contracts, access: Access) -> list[tuple[Grantee, Sequence[Table]]]:
    curated_datasets = {dataset.name for dataset in data.curated_datasets}
    return [
        (access.curate, [table for table in _of(data, "raw") if table.dataset in curated_datasets]),
        (access.build_mart, _of(data, "curated")),
        (access.publish, [shared.table for shared in data.exchanges]),
        (access.warehouse, [table for table in data.tables if table.database != "raw"]),
    ]


def _writes(data: Contracts, access: Access) -> list[tuple[Grantee, Sequence[Table]]]:
    ledger = data.operations_table("ledger")
    return [
        *((access.connectors[topic.name], [topic.raw_table]) for topic in data.topics),
        (access.curate, [*_of(data, "curated"), *_of(data, "operations")]),
        (access.build_mart, [ledger, *data.marts]),
        (access.publish, [ledger]),
        (access.optimizer, list(data.iceberg_tables)),
    ]


def _of(data: Contracts, database: str) -> list[Table]:
    return [table for table in data.tables if table.database == database]
