"""The NovaRetail data backbone: which components a stack has, in the order of the data's flow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
from pulumi import FileArchive, FileAsset, Output

import contracts
import settings
from components.account.access import Access, AccessArgs
from components.account.alerts import Alerts, AlertsArgs
from components.account.audit import TRAIL, Audit, AuditArgs
from components.account.dashboard import Dashboard, DashboardArgs
from components.account.deployment_target import LandingZone, LandingZoneError, from_stack
from components.account.encryption import Encryption, EncryptionArgs
from components.account.people import People, PeopleArgs, Person
from components.blocks.assets import archive, json_asset, sources
from components.blocks.exchange_way import ExchangeWay
from components.blocks.google_alerts import GoogleAlerts, GoogleAlertsArgs
from components.blocks.place import Place
from components.blocks.protection import Replaceable
from components.blocks.tagging import base_tags
from components.blocks.watched import WatchedPlace
from components.ingest.cdc import LOGS_ROLE, NETWORK_ROLE, ChangeDataCapture, ChangeDataCaptureArgs
from components.ingest.database import FUNCTION as CAPTURE_FUNCTION
from components.ingest.database import Database, DatabaseArgs
from components.ingest.landing import FUNCTION as LANDING
from components.ingest.landing import Landing, LandingArgs
from components.ingest.sinks import COMMITS, LakeSinks, LakeSinksArgs, connector_name
from components.ingest.streaming import Streaming, StreamingArgs
from components.lake.access_logs import AccessLogs, AccessLogsArgs
from components.lake.artifacts import Artifacts, ArtifactsArgs
from components.lake.catalog import Catalog, CatalogArgs, OptimizerArgs
from components.lake.lake import Lake, LakeArgs
from components.lake.processing import JOBS, PIPELINE, Processing, ProcessingArgs
from components.lake.warehouse import Warehouse, WarehouseArgs
from components.links.azure_link import AzureLink, AzureLinkArgs
from components.links.gcp_link import GcpLink, GcpLinkArgs
from components.links.google_names import GoogleNames, GoogleNamesArgs
from components.links.vpn import AwsEnd
from components.network.network import Network, NetworkArgs
from components.organization.account_baseline import AccountBaseline, AccountBaselineArgs
from components.organization.delivery import Delivery, DeliveryArgs
from components.organization.detection import Detection, DetectionArgs
from components.organization.guardrails import Guardrails, GuardrailsArgs
from components.organization.log_archive import LogArchive, LogArchiveArgs
from components.organization.organization import ENVIRONMENTS, SHARED, Organization, OrganizationArgs
from components.organization.trail import OrganizationTrail, OrganizationTrailArgs
from components.share.azure_exchange import AzureExchange, AzureExchangeArgs
from components.share.exchange_access import ExchangeAccess, ExchangeAccessArgs
from components.share.pubsub_bridge import CONSUMER_GROUP, FAILURES, FUNCTION, PubSubBridge, PubSubBridgeArgs
from settings import reading


def organization(config: settings.OrganizationStack, where: Place) -> None:
    """The accounts that the other stacks deploy into, what they may not do, and how they are watched."""
    chosen = config.organization
    units = Organization("organization", OrganizationArgs(where=where, accounts=chosen.accounts))
    shared, members = units.providers[SHARED], {name: id_ for name, id_ in units.account_ids.items() if name != SHARED}
    Guardrails(
        "guardrails",
        GuardrailsArgs(
            organization=units.organization,
            units={name: unit.id for name, unit in units.units.items()},
            regions=chosen.regions,
            repository=chosen.repository,
            where=where,
        ),
    )
    keys = Encryption("keys", EncryptionArgs(where=where, purposes=["logs"], **config.encryption.model_dump()))
    alerts = Alerts("alerts", AlertsArgs(where=where, kms_key_arn=keys.arn("logs"), **config.alerts.model_dump()))
    where = WatchedPlace.of(where, logs_key_arn=keys.arn("logs"), topic_arn=alerts.topic_arn)
    archive = LogArchive(
        "log-archive",
        LogArchiveArgs(
            where=where.by(shared),
            organization_id=units.organization.id,
            account_id=units.account_ids[SHARED],
            members=members,
            **config.encryption.model_dump(),
            **chosen.log_archive.model_dump(),
        ),
    )
    OrganizationTrail(
        "trail",
        OrganizationTrailArgs(
            where=where,
            organization_id=units.organization.id,
            bucket_name=archive.bucket_name,
            archive_key_arn=archive.key_arn,
            log_days=chosen.trail.log_days,
        ),
    )
    Detection(
        "detection",
        DetectionArgs(
            where=where,
            organization=units.organization,
            administrator_id=units.account_ids[SHARED],
            administrator=shared,
            regions=chosen.regions,
            unused_days=chosen.detection.unused_days,
        ),
    )
    for account, provider in {"management": None, **units.providers}.items():
        AccountBaseline(f"baseline-{account}", AccountBaselineArgs(where=where.by(provider), regions=chosen.regions))
    deliveries = {
        account: Delivery(
            f"delivery-{account}",
            DeliveryArgs(
                where=where.by(units.providers[account]),
                account_id=units.account_ids[account],
                environment=environment,
                repository=chosen.repository,
            ),
        )
        for account, environment in ENVIRONMENTS.items()
    }
    pulumi.export("accounts", units.account_ids)
    pulumi.export("organization_id", units.organization.id)
    pulumi.export("alerts", alerts.topic_arn)
    pulumi.export("log_archive_bucket", archive.bucket_name)
    pulumi.export("log_archive_key_arn", archive.key_arn)
    pulumi.export("deploy_roles", {account: made.deploy.arn for account, made in deliveries.items()})
    pulumi.export("preview_roles", {account: made.preview.arn for account, made in deliveries.items()})


def backbone(config: settings.DataStack, data: contracts.Contracts, where: Place, zone: LandingZone) -> None:
    """The data backbone of one environment."""
    provider = zone.provider("account", account=where.account, region=where.region)
    where = where.by(provider)  # every component is given it: none may use the caller's own account
    shared = [topic for topic in data.topics if config.bridge and topic.share and topic.share.target == "gcp"]

    access = Access(
        "access",
        AccessArgs(
            where=where,
            connectors={topic.name: connector_name(topic) for topic in data.topics},
            pipeline=PIPELINE,
            landing=LANDING,
            capture_user=CAPTURE_FUNCTION,
            migration_roles=(NETWORK_ROLE, LOGS_ROLE),
            trail=TRAIL,
            bridge=FUNCTION if shared else None,
        ),
    )
    keys = Encryption("keys", EncryptionArgs(where=where, **config.encryption.model_dump()))
    logs_key_arn = keys.arn("logs")
    alerts = Alerts("alerts", AlertsArgs(where=where, kms_key_arn=logs_key_arn, **config.alerts.model_dump()))
    where = WatchedPlace.of(where, logs_key_arn=logs_key_arn, topic_arn=alerts.topic_arn)
    exchange = _exchange(config, where)
    network = Network(
        "network",
        NetworkArgs(
            where=where,
            kafka_authentication=config.streaming.authentication,
            reaches_google=bool(shared),
            exchange=exchange,
            flow_log_role=access.flow_logs,
            **config.network.model_dump(mode="json"),
        ),
    )
    application_subnet_ids = network.subnet_ids("applications")
    applications = network.groups["applications"].id

    access_logs = AccessLogs("access-logs", AccessLogsArgs(where=where, days=config.access_logs.keep_days))
    lake = Lake(
        "lake",
        LakeArgs(
            where=where,
            contracts=data,
            kms_key_arn=keys.arn("lake"),
            endpoint_ids=network.s3_endpoint_ids,
            outside=_outside(zone, access),
            exchange=exchange,
            exchange_endpoint_id=network.s3_interface.id,
            access_logs=access_logs.target,
            exchange_rates=Path("contracts/reference/exchange_rates.csv"),
            noncurrent_days=config.lake.noncurrent_days,
            raw_tiering_days=config.lake.raw_tiering_days,
        ),
    )
    catalog = Catalog(
        "catalog",
        CatalogArgs(
            where=where,
            contracts=data,
            kms_key_arn=keys.arn("lake"),
            location=lake.location,
            optimizer=_optimizer(config.tables, access),
        ),
    )
    grants = _grants(data, access, lake, catalog)
    artifacts = Artifacts(
        "artifacts",
        ArtifactsArgs(
            where=where,
            kms_key_arn=keys.arn("lake"),
            access_logs=access_logs.target,
            noncurrent_days=config.artifacts.noncurrent_days,
        ),
    )

    streaming = Streaming(
        "streaming",
        StreamingArgs(
            where=where,
            topics=data.topics,
            subnet_ids=network.subnet_ids("streaming"),
            security_group_id=network.groups["streaming"].id,
            kms_key_arn=keys.arn("streaming"),
            **config.streaming.model_dump(),
        ),
    )
    plugin = artifacts.put("connect/lake_sink.zip", FileArchive("build/packages/lake_sink"))
    sinks = LakeSinks(
        "sinks",
        LakeSinksArgs(
            where=where,
            topics=data.topics,
            code=Path("bridges/lake_sink"),
            plugin_bucket_arn=artifacts.bucket.arn,
            plugin_key=plugin.key,
            plugin_version=plugin.version_id,
            warehouse=Output.concat("s3://", lake.buckets["raw"].bucket),
            bootstrap=streaming.bootstrap,
            authentication=config.streaming.authentication,
            replication_factor=config.streaming.replication_factor,
            subnet_ids=application_subnet_ids,
            security_group_id=applications,
            roles=access.connectors,
            depends_on={
                topic.name: [
                    *(streaming.topics[name] for name in (topic.name, topic.dead_letter, topic.control)),
                    catalog.tables[topic.landing.full_name],
                    streaming.grant_sink(access.connectors[topic.name], topic, connector=connector_name(topic)),
                    *grants[access.connectors[topic.name].name],
                ]
                for topic in data.topics
            },
            cluster_name=streaming.cluster.cluster_name,
            **config.sinks.model_dump(),
        ),
    )

    lakehouse = archive(sources(Path("etl/lakehouse"), below="lakehouse"), sources(Path("etl/marts"), below="marts"))
    jobs = {"curate": access.curate, "build_mart": access.build_mart, "publish": access.publish}
    for job in jobs.values():
        artifacts.grant_read(job, ["glue"])
    processing = Processing(
        "processing",
        ProcessingArgs(
            where=where,
            datasets=[dataset.name for dataset in data.curated_datasets],
            marts={mart.name: data.sources_of(mart) for mart in data.marts},
            exchanges=[shared_table.name for shared_table in data.exchanges],
            scripts={job: artifacts.ship(f"glue/{job}.py", FileAsset(f"etl/jobs/{job}.py")) for job in JOBS},
            py_files=[artifacts.ship("glue/lakehouse.zip", lakehouse)],
            extra_files=[artifacts.ship("glue/contracts.json", json_asset(contracts.compile_all(data)))],
            exchange_rates=lake.exchange_rates,
            exchange_bucket=lake.buckets["analytics"].bucket,
            warehouse=Output.concat("s3://", lake.buckets["curated"].bucket),
            roles=jobs,
            pipeline_role=access.pipeline,
            scheduler_role=access.scheduler,
            depends_on=[alerts.grant_publish(access.pipeline)],
            lake_key_arn=keys.arn("lake"),
            subnet_id=application_subnet_ids[0],
            zone=config.network.zones[0],
            security_group_id=network.groups["jobs"].id,
            **config.processing.model_dump(),
        ),
    )

    Landing(
        "landing",
        LandingArgs(
            where=where,
            code=Path("etl/functions/land_reference.py"),
            currencies=sorted(contracts.currencies()),
            role=access.landing,
            bucket=lake.buckets["raw"].bucket,
            subnet_ids=application_subnet_ids,
            security_group_id=applications,
            kms_key_arn=logs_key_arn,
            depends_on=[lake.grant_landing(access.landing)],
            **config.landing.model_dump(),
        ),
    )
    shop = Database(
        "database",
        DatabaseArgs(
            where=where,
            database=data.source_database,
            tables=[source.full_name for source in data.source_tables],
            statements=contracts.source_ddl(data),
            code=Path("etl/functions/capture_user.py"),
            packages=Path("build/packages/capture_user"),
            function_role=access.capture_user,
            monitoring_role=access.monitoring,
            subnet_ids=network.subnet_ids("databases"),
            security_group_id=network.groups["databases"].id,
            client_group_id=network.groups["migration"].id,
            kms_key_arn=keys.arn("database"),
            secrets_key_arn=keys.arn("secrets"),
            **config.database.model_dump(),
        ),
    )
    capture = ChangeDataCapture(
        "cdc",
        ChangeDataCaptureArgs(
            where=where,
            database=data.source_database,
            secret_arn=shop.capture_secret.arn,
            certificate_file=shop.certificate_file,
            ready=[shop.capture_ready, shop.grant_capture(access.migration), lake.grant_capture(access.migration)],
            bucket=lake.buckets["raw"].bucket,
            folder=contracts.CDC_FOLDER,
            mappings=contracts.table_mappings(data),
            timestamp_column=contracts.COMMITTED_AT,
            role=access.migration,
            network_role=access.migration_network,
            logs_role=access.migration_logs,
            subnet_ids=network.subnet_ids("databases"),
            security_group_id=network.groups["migration"].id,
            kms_key_arn=keys.arn("database"),
            lake_key_arn=keys.arn("lake"),
            **config.cdc.model_dump(),
        ),
    )

    warehouse = Warehouse(
        "warehouse",
        WarehouseArgs(
            where=where,
            role=access.warehouse,
            statements=lambda arn: contracts.warehouse_statements(data, database_role_arn=arn, region=where.region),
            subnet_ids=application_subnet_ids,
            security_group_id=network.groups["warehouse"].id,
            kms_key_arn=keys.arn("warehouse"),
            secrets_key_arn=keys.arn("secrets"),
            depends_on=[*catalog.tables.values(), *grants[access.warehouse.name]],
            **config.warehouse.model_dump(),
        ),
    )

    people = People(
        "people",
        PeopleArgs(
            where=where,
            roles={
                "analyst": Person(
                    permission_set=config.people.analysts,
                    database_role=contracts.ANALYST,
                    purpose="Asks the warehouse; sees no personal data",
                ),
                "engineer": Person(
                    permission_set=config.people.engineers,
                    database_role=contracts.ENGINEER,
                    purpose="Runs the pipeline, reads its logs, and every table in the warehouse",
                ),
            },
            pipeline=PIPELINE,
        ),
    )
    for person in people.roles.values():
        warehouse.grant_query(person)
    processing.grant_operate(people.roles["engineer"])

    ends: list[AwsEnd] = []
    transit: dict[str, Any] = {
        "where": where,
        "transit_gateway_id": network.transit_gateway.id,
        "transit_asn": config.network.transit_asn,
        "trust_zones": network.trust_zones,
        "attachment": network.transit_attachment,
        "preshared_keys": config.preshared_keys,
    }
    google_channels: list[Output[str]] = []
    google_ready: list[pulumi.Resource] = []
    if config.gcp:
        google_channels = GoogleAlerts(
            "google-alerts", GoogleAlertsArgs(where=where, project=config.gcp.project, **config.alerts.model_dump())
        ).channels
    if config.gcp and config.links and config.links.gcp:
        gcp_link = GcpLink(
            "gcp",
            GcpLinkArgs(
                project=config.gcp.project,
                planned=network.blocks["applications"],
                route_table_id=network.route_tables["applications"].id,
                google_channels=google_channels,
                **transit,
                **config.links.gcp.model_dump(mode="json"),
            ),
        )
        google_names = GoogleNames("google-names", GoogleNamesArgs(where=where, vpc_id=network.vpc.id))
        google_ready = [*gcp_link.ready, *google_names.records]
        ends.append(gcp_link.aws)
    if config.gcp and config.bridge and access.bridge:
        bridge = PubSubBridge(
            "bridge",
            PubSubBridgeArgs(
                where=where,
                topics=shared,
                contract=contracts.compile_bridge(data),
                code=Path("bridges/pubsub"),
                packages=Path("build/packages/pubsub_bridge"),
                role=access.bridge,
                cluster_arn=streaming.cluster.arn,
                cluster_name=streaming.cluster.cluster_name,
                subnet_ids=application_subnet_ids,
                security_group_id=applications,
                kms_key_arn=keys.arn("streaming"),
                google_channels=google_channels,
                **config.encryption.model_dump(),
                depends_on=[
                    *(streaming.topics[topic.name] for topic in shared),
                    streaming.grant_consume(access.bridge, shared, groups=CONSUMER_GROUP),
                    *google_ready,
                ],
                project=config.gcp.project,
                **config.bridge.model_dump(),
            ),
        )
        pulumi.export("function", bridge.function.name)
        pulumi.export("failures", bridge.failures.url)
        pulumi.export("pubsub_topics", {name: topic.name for name, topic in bridge.topics.items()})
        pulumi.export("pubsub_subscriptions", {name: kept.name for name, kept in bridge.subscriptions.items()})

    if config.links and config.links.azure:
        azure = AzureLink(
            "azure",
            AzureLinkArgs(
                # S3's interface endpoint is in these subnets; nothing else of the VPC is told of, or answers.
                planned=network.blocks["endpoints"],
                route_table_id=network.route_tables["endpoints"].id,
                **transit,
                **config.alerts.model_dump(),
                **config.links.azure.model_dump(mode="json"),
            ),
        )
        ends.append(azure.aws)
        if config.azure and exchange:
            reader = ExchangeAccess(
                "exchange-access",
                ExchangeAccessArgs(
                    exchange=exchange,
                    boundary_arn=access.boundary.arn,
                    security_group_id=network.groups["exchange"].id,
                    key_edition=config.azure.key_edition,
                ),
            )
            factory = AzureExchange(
                "exchange",
                AzureExchangeArgs(
                    where=where,
                    resource_group_id=azure.resource_group.id,
                    resource_group=azure.resource_group.name,
                    location=azure.location,
                    network_id=azure.network.id,
                    runtime_subnet_id=azure.subnets["runtime"],
                    endpoints_subnet_id=azure.subnets["endpoints"],
                    workspace_id=azure.workspace.id,
                    watch=azure.watch,
                    tables=[shared_table.name for shared_table in data.exchanges if shared_table.target == "azure"],
                    bucket=lake.buckets["analytics"].bucket,
                    service_url=network.s3_url if config.azure.mode == "private" else where.s3_url,
                    key=reader.key,
                    granted=lake.grant_exchange(exchange, reader.user),
                    script=Path("bridges/exchange/runtime.ps1"),
                    **config.azure.model_dump(exclude={"mode", "allowed_ranges"}),
                ),
            )
            pulumi.export("data_factory", factory.factory.name)
            # What novaretail:azure.allowed_ranges has to list in mode allow_list.
            pulumi.export("data_factory_address", azure.way_out.ip_address)
    pulumi.export("links", {end.link: end.summary for end in ends})

    Audit(
        "audit",
        AuditArgs(
            where=where,
            bucket_arns=[bucket.arn for bucket in lake.buckets.values()],
            archive_bucket=zone.log_archive_bucket,
            archive_key_arn=zone.log_archive_key_arn,
            role=access.trail,
            **config.audit.model_dump(),
        ),
    )
    Dashboard(
        "dashboard",
        DashboardArgs(
            where=where,
            cluster_name=streaming.cluster.cluster_name,
            brokers=config.streaming.brokers,
            groups={
                **{f"connect-{connector_name(topic)}": topic.name for topic in data.topics},
                **{f"{CONSUMER_GROUP}{topic.name}": topic.name for topic in shared},
            },
            connectors=[connector_name(topic) for topic in data.topics],
            commits=COMMITS,
            capture_id=capture.metrics_id,
            pipeline_arn=processing.pipeline.arn,
            jobs=JOBS,
            functions=[LANDING, *([FUNCTION] if shared else [])],
            queues=[f"{LANDING}-failures", *([FAILURES] if shared else [])],
            workgroup=warehouse.workgroup.workgroup_name,
            tunnels={name: measured for end in ends for name, measured in end.measured.items()},
        ),
    )

    pulumi.export("buckets", {zone: bucket.bucket for zone, bucket in lake.buckets.items()})
    pulumi.export("alerts", alerts.topic_arn)
    pulumi.export("code_bucket", artifacts.bucket.bucket)
    pulumi.export("bootstrap", streaming.bootstrap)
    pulumi.export("shop", {"address": shop.instance.address, "secret": shop.capture_secret.arn})
    pulumi.export("replication", capture.replication.arn)
    pulumi.export("topics", [topic.name for topic in data.topics])
    pulumi.export("connectors", [connector.name for connector in sinks.connectors.values()])
    pulumi.export("jobs", {name: job.name for name, job in processing.jobs.items()})
    pulumi.export("pipeline", processing.pipeline.arn)
    pulumi.export("workgroup", warehouse.workgroup.workgroup_name)
    pulumi.export("database", warehouse.database)


def _outside(zone: LandingZone, access: Access) -> list[Output[str] | str]:
    """The roles that use the lake's objects from outside our networks; every other goes through an endpoint."""
    outside: list[Output[str] | str] = [
        # Glue compacts tables and removes files on machines of its own.
        access.optimizer.arn,
        # Spectrum reads external tables on machines of Redshift's own, also with enhanced VPC routing.
        access.warehouse.arn,
    ]
    # Whoever deploys uploads reference files, and empties buckets that need not be kept, from where CI runs.
    return [*outside, *zone.deployer_arns]


def _exchange(config: settings.DataStack, where: Place) -> ExchangeWay | None:
    """By which way Azure comes to published snapshots, if it does."""
    if not (config.azure and config.links and config.links.azure):
        return None
    return ExchangeWay(
        where=where,
        runtime_range=str(config.links.azure.subnets.runtime) if config.azure.mode == "private" else None,
        public_ranges=[str(block) for block in config.azure.allowed_ranges],
    )


def _optimizer(config: settings.Tables, access: Access) -> OptimizerArgs | None:
    if not config.optimize:
        return None
    return OptimizerArgs(role=access.optimizer, snapshot_days=config.snapshot_days, orphan_days=config.orphan_days)


def _grants(
    data: contracts.Contracts, access: Access, lake: Lake, catalog: Catalog
) -> dict[str, list[pulumi.Resource]]:
    """Who may read and write which tables; returns the policies of each role, for those who must wait for them."""
    raw = [table for table in data.tables if table.database == "raw"]
    curated = [table for table in data.tables if table.database == "curated"]
    operations = [table for table in data.tables if table.database == "operations"]
    ledger = data.operations_table("ledger")

    curated_datasets = {dataset.name for dataset in data.curated_datasets}
    reads = [
        (access.curate, [table for table in raw if table.dataset in curated_datasets]),
        (access.build_mart, curated),
        (access.publish, [shared.table for shared in data.exchanges]),
        (access.warehouse, [table for table in data.tables if table.database != "raw"]),
    ]
    writes = [
        *((access.connectors[topic.name], [topic.landing]) for topic in data.topics),
        (access.curate, [*curated, *operations]),
        (access.build_mart, [ledger, *data.marts]),
        (access.publish, [ledger]),
        (access.optimizer, list(data.iceberg_tables)),
    ]
    grants: dict[str, list[pulumi.Resource]] = {
        access.curate.name: [lake.grant_reference(access.curate)],
        access.publish.name: [lake.grant_exchange_write(access.publish, data.exchanges)],
    }
    for grantee, tables in reads:
        grants.setdefault(grantee.name, []).extend(
            (lake.grant_read(grantee, tables), catalog.grant_read(grantee, tables))
        )
    for grantee, tables in writes:
        grants.setdefault(grantee.name, []).extend(
            (lake.grant_write(grantee, tables), catalog.grant_write(grantee, tables))
        )
    return grants


async def _landing_zone(config: settings.DataStack) -> LandingZone:
    plain = config.deployment.model_dump()
    stack, role = plain.pop("stack"), plain.pop("role")
    if stack:
        return await from_stack(stack, role=role, environment=config.environment, account=config.account)
    role_arn = config.deployment.role_arn
    return LandingZone(**plain, deployer_arns=(role_arn,) if role_arn else ())


async def build() -> None:
    """Read everything that people wrote, then build what the stack's settings say."""
    config = reading.load()
    data = contracts.load()
    replaceable = Replaceable(config.protection.replaceable)
    where = Place(
        environment=config.environment,
        account=config.account,
        region=config.region,
        keep_data=config.protection.keep_data,
        organization_id="",
        tags=base_tags(environment=config.environment, **config.tags.model_dump()),
    )
    if isinstance(config, settings.OrganizationStack):
        organization(config, where)
    else:
        zone = await _landing_zone(config)
        backbone(config, data, replace(where, organization_id=zone.organization_id), zone)
    if problems := reading.unprotected(config, replaceable.seen):
        raise pulumi.RunError("\n".join(map(str, problems)))


async def main() -> None:
    try:
        await build()
    except (settings.SettingsError, contracts.ContractErrors, LandingZoneError) as error:
        # Whoever reads this wrote a stack file or a contract: the list of problems helps, a traceback does not.
        raise pulumi.RunError(str(error)) from error


pulumi.run(main)
