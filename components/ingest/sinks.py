"""Kafka Connect: one connector for each topic writes its records to raw, as they came.

`bridges/lake_sink/connector.json` has what is the same for all, and the README beside it says what each setting is
for; this component adds what depends on the topic, the cluster and the environment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions

import settings
from components.blocks.alarms import alarm, lag_alarm
from components.blocks.kafka import KafkaCluster
from components.blocks.policies import Grantee, allow, attach
from components.blocks.watched import WatchedPlace
from contracts import Topic

MSK_IAM_CLIENT = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "AWS_MSK_IAM",
    "sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
    "sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
}
"""What a Kafka client needs to authenticate with its role; MSK Connect's workers have the library."""

COMMITS = "LakeCommits"
"""Name of the metric that counts commits to the lake."""
COMMITTED = '"complete, committed to"'
"""The sink's coordinator logs it at the end of each commit, with or without data in it."""


@dataclass(frozen=True, kw_only=True)
class LakeSinksArgs:
    """What is landed, by which code, from which cluster."""

    where: WatchedPlace
    kafka: KafkaCluster
    sinks: settings.Sinks
    topics: Sequence[Topic]
    code: Path
    """Folder with connector.json."""
    plugin_bucket_arn: Input[str]
    """The plugin is an archive of the sink's jars in S3."""
    plugin_key: Input[str]
    plugin_version: Input[str]
    """The object's version."""
    warehouse: Input[str]
    """s3:// address below which Iceberg would put tables that name no location."""
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    roles: Mapping[str, Grantee]
    """By topic."""
    depends_on: Mapping[str, Sequence[Resource]]
    """Topic -> what must exist before its connector starts (topics, table, grants)."""


class LakeSinks(ComponentResource):
    """The component makes a connector for each topic, with their plugin, workers' configuration, logs and alarms.

    A connector's role reaches its own topic, groups, prefix, table and key only.
    """

    connectors: dict[str, aws.mskconnect.Connector]
    """By topic."""

    def __init__(self, name: str, args: LakeSinksArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:streaming:LakeSinks", name, {}, args.where.options(opts))
        self._args, own = args, ResourceOptions(parent=self)
        plugin = aws.mskconnect.CustomPlugin(
            f"{name}-plugin",
            description="Apache Iceberg sink",
            content_type="ZIP",
            # A plugin is what it was made of: other jars are another version of the object, hence another plugin.
            location={
                "s3": {
                    "bucket_arn": args.plugin_bucket_arn,
                    "file_key": args.plugin_key,
                    "object_version": args.plugin_version,
                }
            },
            tags=args.where.tags,
            opts=own,
        )
        worker = aws.mskconnect.WorkerConfiguration(
            f"{name}-worker",
            description="Converters and offset commits of the lake sinks",
            properties_file_content=worker_properties(args),
            tags=args.where.tags,
            opts=own,
        )
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=args.where.log_group("mskconnect/lake-sinks"),
            retention_in_days=args.sinks.log_days,
            kms_key_id=args.where.logs_key_arn,
            tags=args.where.tags,
            opts=own,
        )
        template = json.loads((args.code / "connector.json").read_text())
        iam = args.kafka.streaming.authentication == "iam"
        self.connectors = {}
        for topic in args.topics:
            connector = connector_name(topic)
            self._grant_logs(f"{name}-logs-{args.roles[topic.name].name}", args.roles[topic.name], logs)
            self.connectors[topic.name] = aws.mskconnect.Connector(
                f"{name}-{topic.name.replace('_', '-')}",
                name=connector,
                description=f"{topic.name} to {topic.raw_table.full_name}",
                kafkaconnect_version=args.sinks.connect_version,
                capacity=_capacity(args),
                connector_configuration=connector_configuration(template, topic, args),
                kafka_cluster={
                    "apache_kafka_cluster": {
                        "bootstrap_servers": args.kafka.bootstrap,
                        "vpc": {"security_groups": [args.security_group_id], "subnets": list(args.subnet_ids)},
                    }
                },
                kafka_cluster_client_authentication={"authentication_type": "IAM" if iam else "NONE"},
                kafka_cluster_encryption_in_transit={"encryption_type": "TLS" if iam else "PLAINTEXT"},
                plugins=[{"custom_plugin": {"arn": plugin.arn, "revision": plugin.latest_revision}}],
                worker_configuration={"arn": worker.arn, "revision": worker.latest_revision},
                service_execution_role_arn=args.roles[topic.name].arn,
                log_delivery={"worker_log_delivery": {"cloudwatch_logs": {"enabled": True, "log_group": logs.name}}},
                tags=args.where.tags,
                opts=ResourceOptions(parent=self, depends_on=list(args.depends_on[topic.name])),
            )
            self._watch(f"{name}-{topic.name.replace('_', '-')}", topic)
        self._watch_commits(name, logs)
        self.register_outputs({"connectors": [connector_name(topic) for topic in args.topics]})

    def _grant_logs(self, name: str, grantee: Grantee, logs: aws.cloudwatch.LogGroup) -> None:
        stream = Output.concat(logs.arn, ":*")
        attach(self, name, grantee, [allow(["logs:CreateLogStream", "logs:PutLogEvents"], [stream])])

    def _watch(self, name: str, topic: Topic) -> None:
        args, connector = self._args, connector_name(topic)
        own = {"ConnectorName": connector}
        alarm(
            self,
            f"{name}-errored-tasks",
            where=args.where,
            why=f"Tasks of connector {connector} have failed and do not start again by themselves. Read the error "
            "in its log group, mend the cause, then update the connector.",
            namespace="AWS/KafkaConnect",
            metric="ErroredTaskCount",
            dimensions=own,
            statistic="Maximum",
            threshold=1,
        )
        alarm(
            self,
            f"{name}-running-tasks",
            where=args.where,
            why=f"Connector {connector} has fewer than {args.sinks.tasks} tasks running, or says nothing. "
            "See its state in MSK Connect, and its log group.",
            namespace="AWS/KafkaConnect",
            metric="RunningTaskCount",
            dimensions=own,
            # The most in a quarter of an hour: a rebalance stops tasks for moments.
            statistic="Maximum",
            threshold=args.sinks.tasks,
            comparison="LessThanThreshold",
            periods=3,
            silence="breaching",
        )
        lag_alarm(
            self,
            f"{name}-lag",
            where=args.where,
            why=f"The lake is {args.sinks.lag_records} records of {topic.name} behind. "
            f"See whether connector {connector} commits (its log group) and whether it has all its workers.",
            cluster_name=args.kafka.name,
            group=f"connect-{connector}",
            topic=topic.name,
            records=args.sinks.lag_records,
        )

    def _watch_commits(self, name: str, logs: aws.cloudwatch.LogGroup) -> None:
        """Count the coordinator's lines: a sink whose tasks run may still commit nothing."""
        args = self._args
        aws.cloudwatch.LogMetricFilter(
            f"{name}-commits",
            log_group_name=logs.name,
            pattern=COMMITTED,
            metric_transformation={
                "name": COMMITS,
                "namespace": args.where.metrics,
                "value": "1",
                "default_value": "0",
                "unit": "Count",
            },
            opts=ResourceOptions(parent=self),
        )
        alarm(
            self,
            f"{name}-no-commits",
            where=args.where,
            why="No connector has committed to the lake for half an hour, whatever their tasks say. Read the "
            "coordinators' lines in the connectors' log group.",
            namespace=args.where.metrics,
            metric=COMMITS,
            dimensions={},
            statistic="Sum",
            threshold=1,
            comparison="LessThanThreshold",
            minutes=30,
            silence="breaching",
        )


def connector_name(topic: Topic) -> str:
    """Return the physical name of a topic's connector; its role, groups and transactions are named after it."""
    return f"{topic.name.replace('_', '-')}-to-lake"


def connector_configuration(template: Mapping[str, str], topic: Topic, args: LakeSinksArgs) -> dict[str, Input[str]]:
    """Return the whole configuration of a topic's connector: the template, and what depends on the topic."""
    connector = connector_name(topic)
    session_ms = args.sinks.session_timeout_seconds * 1000
    configuration: dict[str, Input[str]] = {
        **template,
        "topics": topic.name,
        "tasks.max": str(args.sinks.tasks),
        "iceberg.tables": topic.raw_table.full_name,
        "iceberg.catalog.warehouse": args.warehouse,
        "iceberg.catalog.client.region": args.where.region,
        "iceberg.control.topic": topic.control,
        "iceberg.control.commit.interval-ms": str(args.sinks.commit_seconds * 1000),
        "iceberg.control.commit.timeout-ms": str(args.sinks.commit_timeout_seconds * 1000),
        # The names of groups and transactions begin with the connector's, so that its role can be held to them.
        "iceberg.control.group-id-prefix": f"connect-{connector}-control-",
        "iceberg.coordinator.transactional.prefix": f"{connector}-",
        "iceberg.kafka.bootstrap.servers": args.kafka.bootstrap,
        "iceberg.kafka.session.timeout.ms": str(session_ms),
        "iceberg.kafka.heartbeat.interval.ms": str(session_ms // 3),
        "iceberg.kafka.transaction.timeout.ms": str(args.sinks.transaction_timeout_seconds * 1000),
        "consumer.override.session.timeout.ms": str(session_ms),
        "consumer.override.heartbeat.interval.ms": str(session_ms // 3),
        "errors.deadletterqueue.topic.name": topic.dead_letter,
        "errors.deadletterqueue.topic.replication.factor": str(args.kafka.streaming.replication_factor),
    }
    if args.kafka.streaming.authentication == "iam":
        # The sink has Kafka clients of its own, besides the worker's.
        configuration |= {f"iceberg.kafka.{key}": value for key, value in MSK_IAM_CLIENT.items()}
    return configuration


def worker_properties(args: LakeSinksArgs) -> str:
    """Return the workers' configuration; a record lands within commit interval plus offset flush."""
    properties = {
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        "offset.flush.interval.ms": args.sinks.offset_flush_seconds * 1000,
    }
    return "".join(f"{key}={value}\n" for key, value in properties.items())


def _capacity(args: LakeSinksArgs) -> aws.mskconnect.ConnectorCapacityArgsDict:
    if args.sinks.workers_min == args.sinks.workers_max:
        return {
            "provisioned_capacity": {"worker_count": args.sinks.workers_min, "mcu_count": args.sinks.capacity_units}
        }
    return {
        "autoscaling": {
            "min_worker_count": args.sinks.workers_min,
            "max_worker_count": args.sinks.workers_max,
            "mcu_count": args.sinks.capacity_units,
            "scale_in_policy": {"cpu_utilization_percentage": 20},
            "scale_out_policy": {"cpu_utilization_percentage": 80},
        }
    }
