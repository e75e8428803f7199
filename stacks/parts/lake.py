"""Where records are kept: buckets, the catalog of their tables, the bucket of code, and who may use which table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pulumi import Input, Output

from components.lake.access_logs import AccessLogs, AccessLogsArgs
from components.lake.artifacts import Artifacts, ArtifactsArgs
from components.lake.catalog import Catalog, CatalogArgs
from components.lake.lake import Lake, LakeArgs
from contracts import Contracts
from settings import DataStack
from stacks.parts.foundation import Foundation
from stacks.parts.grants import Grants, grant_tables

EXCHANGE_RATES = Path("contracts/reference/exchange_rates.csv")


@dataclass(frozen=True, kw_only=True)
class LakePart:
    """The lake with its catalog; `grants` are the policies of each role that uses its tables."""

    lake: Lake
    catalog: Catalog
    artifacts: Artifacts
    grants: Grants

    def warehouse(self, zone: str) -> Output[str]:
        """A zone as Iceberg's writers want it: s3://bucket."""
        return Output.concat("s3://", self.lake.buckets[zone].bucket)


def keep_records(config: DataStack, data: Contracts, base: Foundation) -> LakePart:
    """Buckets first, then the tables in them, then the grants on both."""
    where, lake_key_arn = base.where, base.keys.arn("lake")
    access_logs = AccessLogs("access-logs", AccessLogsArgs(where=where, access_logs=config.access_logs))
    lake = Lake(
        "lake",
        LakeArgs(
            where=where,
            lake=config.lake,
            contracts=data,
            kms_key_arn=lake_key_arn,
            endpoint_ids=base.network.s3_endpoint_ids,
            outside=_outside(base),
            exchange=base.exchange,
            exchange_endpoint_id=base.network.s3_interface.id,
            access_logs=access_logs.target,
            exchange_rates=EXCHANGE_RATES,
        ),
    )
    catalog = Catalog(
        "catalog",
        CatalogArgs(
            where=where,
            tables=config.tables,
            contracts=data,
            kms_key_arn=lake_key_arn,
            location=lake.location,
            optimizer=base.access.optimizer,
        ),
    )
    artifacts = Artifacts(
        "artifacts",
        ArtifactsArgs(
            where=where, artifacts=config.artifacts, kms_key_arn=lake_key_arn, access_logs=access_logs.target
        ),
    )
    grants = grant_tables(data, base.access, lake, catalog)
    return LakePart(lake=lake, catalog=catalog, artifacts=artifacts, grants=grants)


def _outside(base: Foundation) -> list[Input[str]]:
    """The roles that use the lake's objects from outside our networks; every other goes through an endpoint."""
    return [
        # Glue compacts tables and removes files on machines of its own.
        base.access.optimizer.arn,
        # Spectrum reads external tables on machines of Redshift's own, also with enhanced VPC routing.
        base.access.warehouse.arn,
        # Whoever deploys uploads reference files, and empties buckets that need not be kept, from where CI runs.
        *base.target.deployer_arns,
    ]
