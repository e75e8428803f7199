"""Jobs: curate every dataset, build every mart, publish what is shared, in the order of one state machine."""

from __future__ import annotations

from pathlib import Path

from pulumi import AssetArchive, FileAsset

import contracts
from components.blocks.assets import archive, json_asset, sources
from components.lake.processing import JOBS, Processing, ProcessingArgs
from contracts import Contracts
from settings import DataStack
from stacks.parts.foundation import Foundation
from stacks.parts.lake import LakePart


def process_records(config: DataStack, data: Contracts, base: Foundation, lake: LakePart) -> Processing:
    """What is shipped beside every job: the package `lakehouse` with the marts' SQL, and the compiled contracts."""
    access, artifacts = base.access, lake.artifacts
    roles = {"curate": access.curate, "build_mart": access.build_mart, "publish": access.publish}
    for role in roles.values():
        artifacts.grant_read(role, ["glue"])
    return Processing(
        "processing",
        ProcessingArgs(
            where=base.where,
            processing=config.processing,
            datasets=[dataset.name for dataset in data.curated_datasets],
            marts={mart.name: data.sources_of(mart) for mart in data.marts},
            exchanges=[shared.name for shared in data.exchanges],
            scripts={job: artifacts.ship(f"glue/{job}.py", FileAsset(f"etl/jobs/{job}.py")) for job in JOBS},
            py_files=[artifacts.ship("glue/lakehouse.zip", _lakehouse())],
            extra_files=[artifacts.ship("glue/contracts.json", json_asset(contracts.compile_all(data)))],
            exchange_rates=lake.lake.exchange_rates,
            exchange_bucket=lake.lake.buckets["analytics"].bucket,
            warehouse=lake.warehouse("curated"),
            roles=roles,
            pipeline_role=access.pipeline,
            scheduler_role=access.scheduler,
            depends_on=[base.alerts.grant_publish(access.pipeline)],
            lake_key_arn=base.keys.arn("lake"),
            subnet_id=base.application_subnet_ids[0],
            zone=config.network.zones[0],
            security_group_id=base.group_id("jobs"),
        ),
    )


def _lakehouse() -> AssetArchive:
    return archive(sources(Path("etl/lakehouse"), below="lakehouse"), sources(Path("etl/marts"), below="marts"))
