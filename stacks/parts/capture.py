"""Changes: the shop's database and what captures it, and the small files that partners bring."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import contracts
from components.ingest.cdc import ChangeDataCapture, ChangeDataCaptureArgs
from components.ingest.database import Database, DatabaseArgs
from components.ingest.landing import Landing, LandingArgs
from contracts import Contracts
from settings import DataStack
from stacks.parts.foundation import Foundation
from stacks.parts.lake import LakePart

CAPTURE_USER = Path("etl/functions/capture_user.py")
CAPTURE_USER_PACKAGES = Path("build/packages/capture_user")
LAND_REFERENCE = Path("etl/functions/land_reference.py")


@dataclass(frozen=True, kw_only=True)
class Capture:
    """The shop, and the replication of its changes to raw."""

    shop: Database
    replication: ChangeDataCapture


def capture_changes(config: DataStack, data: Contracts, base: Foundation, lake: LakePart) -> Capture:
    """The replication begins when the capturing user can sign in, and DMS may write."""
    _land_files(config, base, lake)
    shop = _shop(config, data, base)
    role = base.access.migration
    replication = ChangeDataCapture(
        "cdc",
        ChangeDataCaptureArgs(
            where=base.where,
            cdc=config.cdc,
            database_name=data.source_database,
            secret_arn=shop.capture_secret.arn,
            certificate_file=shop.certificate_file,
            ready=[shop.capture_ready, shop.grant_capture(role), lake.lake.grant_capture(role)],
            bucket=lake.lake.buckets["raw"].bucket,
            folder=contracts.CDC_FOLDER,
            mappings=contracts.table_mappings(data),
            timestamp_column=contracts.COMMITTED_AT,
            role=role,
            network_role=base.access.migration_network,
            logs_role=base.access.migration_logs,
            subnet_ids=base.network.subnet_ids("databases"),
            security_group_id=base.group_id("migration"),
            kms_key_arn=base.keys.arn("database"),
            lake_key_arn=base.keys.arn("lake"),
        ),
    )
    return Capture(shop=shop, replication=replication)


def _shop(config: DataStack, data: Contracts, base: Foundation) -> Database:
    return Database(
        "database",
        DatabaseArgs(
            where=base.where,
            database=config.database,
            database_name=data.source_database,
            tables=[source.full_name for source in data.source_tables],
            statements=contracts.source_ddl(data),
            code=CAPTURE_USER,
            packages=CAPTURE_USER_PACKAGES,
            function_role=base.access.capture_user,
            monitoring_role=base.access.monitoring,
            subnet_ids=base.network.subnet_ids("databases"),
            security_group_id=base.group_id("databases"),
            client_group_id=base.group_id("migration"),
            kms_key_arn=base.keys.arn("database"),
            secrets_key_arn=base.keys.arn("secrets"),
        ),
    )


def _land_files(config: DataStack, base: Foundation, lake: LakePart) -> None:
    Landing(
        "landing",
        LandingArgs(
            where=base.where,
            landing=config.landing,
            code=LAND_REFERENCE,
            currencies=sorted(contracts.currencies()),
            role=base.access.landing,
            bucket=lake.lake.buckets["raw"].bucket,
            subnet_ids=base.application_subnet_ids,
            security_group_id=base.group_id("applications"),
            kms_key_arn=base.keys.arn("logs"),
            depends_on=[lake.lake.grant_landing(base.access.landing)],
        ),
    )
