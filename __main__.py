"""The NovaRetail data backbone: which components a stack has, in the order of the data's flow."""

from __future__ import annotations

from pathlib import Path

import pulumi
from pulumi import FileArchive, FileAsset, Output

import contracts
import settings
from components.access import Access, AccessArgs
from components.artifacts import Artifacts, ArtifactsArgs
from components.assets import archive, json_asset, sources
from components.catalog import Catalog, CatalogArgs, OptimizerArgs
from components.encryption import Encryption, EncryptionArgs
from components.lake import Lake, LakeArgs
from components.network import Network, NetworkArgs
from components.organization import Organization, OrganizationArgs
from components.processing import JOBS, PIPELINE, Processing, ProcessingArgs
from components.pubsub_bridge import CONSUMER_GROUP, FUNCTION, PubSubBridge, PubSubBridgeArgs
from components.sinks import LakeSinks, LakeSinksArgs, connector_name
from components.streaming import Streaming, StreamingArgs
from components.tagging import base_tags
from components.warehouse import Warehouse, WarehouseArgs


def organization(config: settings.OrganizationStack, tags: dict[str, str]) -> None:
    """The accounts that the other stacks deploy into."""
    units = Organization("organization", OrganizationArgs(accounts=config.organization.accounts, tags=tags))
    pulumi.export("accounts", {name: account.id for name, account in units.accounts.items()})


def backbone(config: settings.DataStack, data: contracts.Contracts, tags: dict[str, str]) -> None:
    """The data backbone of one environment."""
    environment, account, region = config.environment, config.account, config.region
    keep_data = config.protection.keep_data
    zones = {zone: [table for table in data.tables if table.zone == zone] for zone in ("raw", "curated", "analytics")}
    shared = [topic for topic in data.topics if config.gcp and topic.share and topic.share.target == "gcp"]

    access = Access(
        "access",
        AccessArgs(
            environment=environment,
            account=account,
            region=region,
            connectors={topic.name: connector_name(topic) for topic in data.topics},
            pipeline=PIPELINE,
            bridge=FUNCTION if shared else None,
            tags=tags,
        ),
    )
    keys = Encryption(
        "keys",
        EncryptionArgs(
            environment=environment,
            account=account,
            region=region,
            deletion_days=config.encryption.deletion_days,
            rotation_days=config.encryption.rotation_days,
            keep_data=keep_data,
            tags=tags,
        ),
    )
    network = Network(
        "network",
        NetworkArgs(
            environment=environment,
            region=region,
            cidr=str(config.network.cidr),
            zones=config.network.zones,
            subnets=config.network.subnets.by_purpose(),
            kafka_authentication=config.streaming.authentication,
            reaches_google=bool(shared),
            flow_log_days=config.network.flow_log_days,
            flow_log_role=access.flow_logs,
            logs_key_arn=keys.arn("logs"),
            tags=tags,
        ),
    )
    applications = network.groups["applications"].id

    lake = Lake(
        "lake",
        LakeArgs(
            environment=environment,
            region=region,
            contracts=data,
            kms_key_arn=keys.arn("lake"),
            exchange_rates=Path("contracts/reference/exchange_rates.csv"),
            noncurrent_days=config.lake.noncurrent_days,
            keep_data=keep_data,
            tags=tags,
        ),
    )
    catalog = Catalog(
        "catalog",
        CatalogArgs(
            account=account,
            region=region,
            contracts=data,
            location=lake.location,
            optimizer=OptimizerArgs(
                role=access.optimizer,
                snapshot_days=config.lake.snapshot_days,
                orphan_days=config.lake.orphan_days,
            )
            if config.lake.optimize_tables
            else None,
            keep_data=keep_data,
            tags=tags,
        ),
    )
    artifacts = Artifacts(
        "artifacts",
        ArtifactsArgs(
            environment=environment,
            region=region,
            kms_key_arn=keys.arn("lake"),
            noncurrent_days=config.lake.noncurrent_days,
            tags=tags,
        ),
    )

    streaming = Streaming(
        "streaming",
        StreamingArgs(
            environment=environment,
            topics=data.topics,
            subnet_ids=network.subnet_ids("streaming"),
            security_group_id=network.groups["streaming"].id,
            kms_key_arn=keys.arn("streaming"),
            logs_key_arn=keys.arn("logs"),
            keep_data=keep_data,
            tags=tags,
            **config.streaming.model_dump(),
        ),
    )
    plugin = artifacts.put("connect/lake_sink.zip", FileArchive("build/packages/lake_sink"))
    sinks = LakeSinks(
        "sinks",
        LakeSinksArgs(
            environment=environment,
            region=region,
            topics=data.topics,
            code=Path("bridges/lake_sink"),
            plugin_bucket_arn=artifacts.bucket.arn,
            plugin_key=plugin.key,
            plugin_version=plugin.version_id,
            warehouse=Output.concat("s3://", lake.buckets["raw"].bucket),
            bootstrap=streaming.bootstrap,
            authentication=config.streaming.authentication,
            replication_factor=config.streaming.replication_factor,
            subnet_ids=network.subnet_ids("applications"),
            security_group_id=applications,
            roles=access.connectors,
            depends_on={
                topic.name: [
                    *(streaming.topics[name] for name in (topic.name, topic.dead_letter, topic.control)),
                    catalog.tables[topic.landing.full_name],
                    *(
                        streaming.grant_sink(access.connectors[topic.name], topic, connector=connector_name(topic)),
                        lake.grant_write(access.connectors[topic.name], [topic.landing]),
                        catalog.grant_write(access.connectors[topic.name], [topic.landing]),
                    ),
                ]
                for topic in data.topics
            },
            logs_key_arn=keys.arn("logs"),
            tags=tags,
            **config.sinks.model_dump(),
        ),
    )

    lakehouse = archive(sources(Path("etl/lakehouse"), below="lakehouse"), sources(Path("etl/marts"), below="marts"))
    scripts = {job: artifacts.put(f"glue/{job}.py", FileAsset(f"etl/jobs/{job}.py")) for job in JOBS}
    code = artifacts.put("glue/lakehouse.zip", lakehouse)
    compiled = artifacts.put("glue/contracts.json", json_asset(contracts.compile_all(data)))
    jobs = {"curate": access.curate, "build_mart": access.build_mart}
    for job in jobs.values():
        artifacts.grant_read(job, ["glue"])
    lake.grant_read(access.curate, zones["raw"], prefixes={"raw": "reference"})
    lake.grant_write(access.curate, zones["curated"])
    catalog.grant_read(access.curate, zones["raw"])
    catalog.grant_write(access.curate, zones["curated"])
    ledger = data.operations_table("ledger")
    curated = [table for table in zones["curated"] if table.database == "curated"]
    lake.grant_read(access.build_mart, curated)
    lake.grant_write(access.build_mart, [ledger, *zones["analytics"]])
    catalog.grant_read(access.build_mart, curated)
    catalog.grant_write(access.build_mart, [ledger, *zones["analytics"]])
    if config.lake.optimize_tables:
        lake.grant_write(access.optimizer, data.tables)
        catalog.grant_write(access.optimizer, data.tables)
    processing = Processing(
        "processing",
        ProcessingArgs(
            environment=environment,
            datasets=[dataset.name for dataset in data.curated_datasets],
            marts=[mart.name for mart in data.marts],
            scripts={job: artifacts.uri(script) for job, script in scripts.items()},
            py_files=[artifacts.uri(code)],
            extra_files=[artifacts.uri(compiled)],
            exchange_rates=lake.exchange_rates,
            warehouse=Output.concat("s3://", lake.buckets["curated"].bucket),
            roles=jobs,
            pipeline_role=access.pipeline,
            scheduler_role=access.scheduler,
            lake_key_arn=keys.arn("lake"),
            logs_key_arn=keys.arn("logs"),
            subnet_id=network.subnet_ids("applications")[0],
            zone=config.network.zones[0],
            security_group_id=applications,
            tags=tags,
            **config.processing.model_dump(),
        ),
    )

    seen = [table for table in data.tables if table.database != "raw"]
    warehouse = Warehouse(
        "warehouse",
        WarehouseArgs(
            environment=environment,
            role=access.warehouse,
            statements=lambda arn: contracts.warehouse_statements(data, database_role_arn=arn, region=region),
            subnet_ids=network.subnet_ids("applications"),
            security_group_id=applications,
            kms_key_arn=keys.arn("warehouse"),
            keep_data=keep_data,
            depends_on=[
                *(catalog.tables[table.full_name] for table in seen),
                lake.grant_read(access.warehouse, seen),
                catalog.grant_read(access.warehouse, seen),
            ],
            tags=tags,
            **config.warehouse.model_dump(),
        ),
    )

    exports = {
        "buckets": {zone: bucket.bucket for zone, bucket in lake.buckets.items()},
        "code_bucket": artifacts.bucket.bucket,
        "bootstrap": streaming.bootstrap,
        "topics": [topic.name for topic in data.topics],
        "connectors": [connector.name for connector in sinks.connectors.values()],
        "jobs": {job: resource.name for job, resource in processing.jobs.items()},
        "pipeline": processing.pipeline.arn,
        "workgroup": warehouse.workgroup.workgroup_name,
        "database": warehouse.database,
    }
    if config.gcp and access.bridge:
        bridge = PubSubBridge(
            "bridge",
            PubSubBridgeArgs(
                environment=environment,
                account=account,
                region=region,
                topics=shared,
                contract=contracts.compile_bridge(data),
                code=Path("bridges/pubsub"),
                packages=Path("build/packages/pubsub_bridge"),
                role=access.bridge,
                cluster_arn=streaming.cluster.arn,
                subnet_ids=network.subnet_ids("applications"),
                security_group_id=applications,
                kms_key_arn=keys.arn("streaming"),
                logs_key_arn=keys.arn("logs"),
                keep_data=keep_data,
                depends_on=[
                    *(streaming.topics[topic.name] for topic in shared),
                    streaming.grant_consume(access.bridge, shared, groups=CONSUMER_GROUP),
                ],
                tags=tags,
                **config.gcp.model_dump(),
            ),
        )
        exports |= {
            "function": bridge.function.name,
            "failures": bridge.failures.url,
            "pubsub_topics": {name: topic.name for name, topic in bridge.topics.items()},
            "pubsub_subscriptions": {name: kept.name for name, kept in bridge.subscriptions.items()},
        }
    for name, value in exports.items():
        pulumi.export(name, value)


def main() -> None:
    try:
        config = settings.load()
        data = contracts.load()
    except (settings.SettingsError, contracts.ContractErrors) as error:
        # Whoever reads this wrote a stack file or a contract: the list of problems helps, a traceback does not.
        raise pulumi.RunError(str(error)) from error
    tags = base_tags(environment=config.environment, **config.tags.model_dump())
    if isinstance(config, settings.OrganizationStack):
        organization(config, tags)
    else:
        backbone(config, data, tags)


main()
