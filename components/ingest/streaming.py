"""Kafka: an MSK cluster, and the topics that the contracts name.

Clients authenticate with IAM and encrypt with TLS; a producer's acknowledged record is on two brokers at least; a
topic exists because a contract says so, never because somebody mistyped its name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

import settings
from components.blocks.kafka import KafkaCluster
from components.blocks.policies import Grantee, allow, attach
from components.blocks.watched import WatchedPlace
from components.ingest.streaming_alarms import watch_cluster
from contracts import Topic

FOREVER = -1
"""retention.ms of a topic whose records Kafka keeps without end."""
DAY_MS = 24 * 60 * 60 * 1000
DEAD_LETTER_DAYS = 30
CONTROL_DAYS = 30
"""Records of the sink's control topic must outlive any outage of the sink: the lake never gets what expires there."""


@dataclass(frozen=True, kw_only=True)
class StreamingArgs:
    """What the cluster is, and which topics it has."""

    where: WatchedPlace
    streaming: settings.Streaming
    topics: Sequence[Topic]
    subnet_ids: Sequence[Input[str]]
    """One in each zone."""
    security_group_id: Input[str]
    kms_key_arn: Input[str]


class Streaming(ComponentResource):
    """The component makes the cluster, its topics and its alarms, and lets its storage grow."""

    cluster: aws.msk.Cluster
    bootstrap: Output[str]
    """host:port of the brokers, with commas between, of the listener that `streaming.authentication` names."""
    topics: dict[str, aws.msk.Topic]
    """By name, dead-letter and control topics included."""
    kafka: KafkaCluster
    """The cluster as other components take it."""

    def __init__(self, name: str, args: StreamingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:streaming:Streaming", name, {}, args.where.options(opts))
        self._name, self._args = name, args
        self._held = args.where.stateful(self)
        logs = aws.cloudwatch.LogGroup(
            f"{name}-broker-logs",
            name=args.where.log_group("msk/broker"),
            retention_in_days=args.streaming.log_days,
            kms_key_id=args.where.logs_key_arn,
            tags=args.where.tags,
            opts=ResourceOptions(parent=self),
        )
        configuration = aws.msk.Configuration(
            f"{name}-configuration",
            description="NovaRetail: no topics by accident, no record on one broker alone",
            kafka_versions=[args.streaming.kafka_version],
            server_properties=server_properties(args),
            opts=ResourceOptions(parent=self),
        )
        iam = args.streaming.authentication == "iam"
        self.cluster = aws.msk.Cluster(
            f"{name}-cluster",
            cluster_name=args.where.name(),
            kafka_version=args.streaming.kafka_version,
            number_of_broker_nodes=args.streaming.brokers,
            broker_node_group_info={
                "instance_type": args.streaming.instance_type,
                "client_subnets": list(args.subnet_ids)[: args.streaming.brokers],
                "security_groups": [args.security_group_id],
                "az_distribution": "DEFAULT",
                "storage_info": {"ebs_storage_info": {"volume_size": args.streaming.storage_gib}},
            },
            client_authentication={"sasl": {"iam": True}, "unauthenticated": False}
            if iam
            else {"unauthenticated": True},
            configuration_info={"arn": configuration.arn, "revision": configuration.latest_revision},
            encryption_info={
                "encryption_at_rest_kms_key_arn": args.kms_key_arn,
                "encryption_in_transit": {"client_broker": "TLS" if iam else "PLAINTEXT", "in_cluster": True},
            },
            enhanced_monitoring="PER_TOPIC_PER_BROKER",
            logging_info={"broker_logs": {"cloudwatch_logs": {"enabled": True, "log_group": logs.name}}},
            tags=args.where.tags,
            # Storage autoscaling grows the volumes; going back would be refused by MSK.
            opts=ResourceOptions.merge(
                self._held,
                ResourceOptions(ignore_changes=["brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize"]),
            ),
        )
        self.bootstrap = self.cluster.bootstrap_brokers_sasl_iam if iam else self.cluster.bootstrap_brokers
        if args.streaming.storage_max_gib > args.streaming.storage_gib:
            self._grow_storage()
        watch_cluster(self, name, where=args.where, streaming=args.streaming, cluster_name=self.cluster.cluster_name)
        self.topics = {}
        for topic in args.topics:
            self._topic(topic.name, topic.partitions, self._retention_ms(topic.retention_days))
            self._topic(topic.dead_letter, 1, self._retention_ms(DEAD_LETTER_DAYS))
            self._topic(topic.control, 1, CONTROL_DAYS * DAY_MS)
        self.kafka = KafkaCluster(
            arn=self.cluster.arn,
            name=self.cluster.cluster_name,
            bootstrap=self.bootstrap,
            streaming=args.streaming,
        )
        self.register_outputs({"bootstrap": self.bootstrap, "topics": list(self.topics)})

    def grant_sink(self, grantee: Grantee, topic: Topic, *, connector: str) -> aws.iam.RolePolicy:
        """Let a connector's role land one topic: read it, write its dead letters, and talk over its control topic."""
        groups = [self._arn("group", pattern) for pattern in (f"connect-{connector}*", "__amazon_msk_connect_*")]
        return attach(
            self,
            f"{self._name}-sink-{grantee.name}",
            grantee,
            [
                allow(
                    ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster", "kafka-cluster:WriteDataIdempotently"],
                    [self.cluster.arn],
                ),
                allow(["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"], [self._arn("topic", topic.name)]),
                allow(
                    ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData", "kafka-cluster:WriteData"],
                    [self._arn("topic", topic.control)],
                ),
                allow(
                    ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"], [self._arn("topic", topic.dead_letter)]
                ),
                # MSK Connect keeps a connector's configuration and offsets in topics of this name.
                allow(
                    [
                        "kafka-cluster:CreateTopic",
                        "kafka-cluster:DescribeTopic",
                        "kafka-cluster:ReadData",
                        "kafka-cluster:WriteData",
                    ],
                    [self._arn("topic", "__amazon_msk_connect_*")],
                ),
                allow(["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"], groups),
                allow(
                    ["kafka-cluster:AlterTransactionalId", "kafka-cluster:DescribeTransactionalId"],
                    [self._arn("transactional-id", f"{connector}-*")],
                ),
            ],
        )

    def grant_consume(self, grantee: Grantee, topics: Sequence[Topic], *, groups: str) -> aws.iam.RolePolicy:
        """Let a role read topics with consumer groups whose names begin so, as event sources of Lambda do."""
        return attach(
            self,
            f"{self._name}-consume-{grantee.name}",
            grantee,
            [
                allow(
                    ["kafka-cluster:Connect", "kafka-cluster:DescribeClusterDynamicConfiguration"], [self.cluster.arn]
                ),
                allow(["kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"], [self.cluster.arn]),
                allow(
                    ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"],
                    [self._arn("topic", topic.name) for topic in topics],
                ),
                allow(["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"], [self._arn("group", f"{groups}*")]),
            ],
        )

    def _arn(self, kind: str, name: str) -> Output[str]:
        """Return the ARN of something in the cluster: ...:cluster/NAME/UUID -> ...:<kind>/NAME/UUID/<name>."""
        return self.cluster.arn.apply(lambda arn: f"{arn.replace(':cluster/', f':{kind}/', 1)}/{name}")

    def _retention_ms(self, days: int) -> int:
        return FOREVER if self._args.streaming.retention == "forever" else days * DAY_MS

    def _topic(self, topic: str, partitions: int, retention_ms: int) -> None:
        configs = {
            "cleanup.policy": "delete",
            "min.insync.replicas": str(self._args.streaming.min_insync_replicas),
            "retention.ms": str(retention_ms),
        }
        self.topics[topic] = aws.msk.Topic(
            f"{self._name}-{topic.replace('.', '-').replace('_', '-')}",
            name=topic,
            cluster_arn=self.cluster.arn,
            partition_count=partitions,
            replication_factor=self._args.streaming.replication_factor,
            configs=json.dumps(configs, sort_keys=True),
            opts=self._held,
        )

    def _grow_storage(self) -> None:
        target = aws.appautoscaling.Target(
            f"{self._name}-storage",
            service_namespace="kafka",
            scalable_dimension="kafka:broker-storage:VolumeSize",
            resource_id=self.cluster.arn,
            min_capacity=1,
            max_capacity=self._args.streaming.storage_max_gib,
            tags=self._args.where.tags,
            opts=ResourceOptions(parent=self),
        )
        aws.appautoscaling.Policy(
            f"{self._name}-storage-policy",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            policy_type="TargetTrackingScaling",
            target_tracking_scaling_policy_configuration={
                "predefined_metric_specification": {"predefined_metric_type": "KafkaBrokerStorageUtilization"},
                "target_value": 60,
                # MSK's volumes grow only.
                "disable_scale_in": True,
            },
            opts=ResourceOptions(parent=self),
        )


def server_properties(args: StreamingArgs) -> str:
    """Return the cluster's configuration as MSK takes it."""
    properties = {
        "auto.create.topics.enable": "false",
        "default.replication.factor": args.streaming.replication_factor,
        "min.insync.replicas": args.streaming.min_insync_replicas,
        "num.partitions": 4,
        # A broker that was behind must not become leader: acknowledged records would be lost.
        "unclean.leader.election.enable": "false",
        "log.retention.hours": 168,
        "offsets.topic.replication.factor": args.streaming.replication_factor,
        "transaction.state.log.replication.factor": args.streaming.replication_factor,
        "transaction.state.log.min.isr": args.streaming.min_insync_replicas,
    }
    return "".join(f"{key}={value}\n" for key, value in properties.items())
