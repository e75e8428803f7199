"""The bridge to Google Cloud: topics that contracts share go from Kafka to Pub/Sub, in the order of their key.

No service account key exists: Google trusts the function's AWS role (workload identity federation), and that role may
publish to these topics and nothing else. pubsub_topics.py has what is made in Pub/Sub.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi_aws as aws
import pulumi_gcp as gcp
from pulumi import ComponentResource, FileArchive, Input, Output, Resource, ResourceOptions, StringAsset

import settings
from components.blocks.alarms import lag_alarm
from components.blocks.assets import archive, json_asset, sources
from components.blocks.functions import (
    ARCHITECTURE,
    RUNTIME,
    FunctionArgs,
    failure_queue,
    function,
    queue_policy,
)
from components.blocks.kafka import KafkaCluster
from components.blocks.policies import Grantee
from components.blocks.watched import WatchedPlace
from components.share.pubsub_topics import PubSubArgs, pubsub
from contracts import Topic

FUNCTION = "pubsub-bridge"
FAILURES = "pubsub-bridge-failures"
CONSUMER_GROUP = "pubsub-bridge-"
"""What the consumer groups of the event sources begin with; one a topic."""
MAX_AGE_SECONDS = 3600
CREDENTIALS = "google-credentials.json"


@dataclass(frozen=True, kw_only=True)
class PubSubBridgeArgs:
    """Which topics go to which project, and what carries them there."""

    where: WatchedPlace
    kafka: KafkaCluster
    encryption: settings.Encryption
    """For the key of the messages."""
    gcp: settings.Gcp
    bridge: settings.Bridge
    topics: Sequence[Topic]
    """Those that a contract shares."""
    contract: Mapping[str, Any]
    """Which of their fields may leave."""
    code: Path
    """The function's own."""
    packages: Path
    """The folder of the function's layer."""
    role: Grantee
    """The function's role; Google trusts it by its name, so the name is fixed."""
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    kms_key_arn: Input[str]
    google_channels: Sequence[Input[str]]
    depends_on: Sequence[Resource]
    """What the event sources wait for: the topics, the rights to read them, the way to Google."""


class PubSubBridge(ComponentResource):
    """A function sends what Kafka's topics get to topics of Pub/Sub, in the order of each key."""

    topics: dict[str, gcp.pubsub.Topic]
    """Pub/Sub's, by name."""
    subscriptions: dict[str, gcp.pubsub.Subscription]
    """Of the analytics, by the topic's name."""
    failures: aws.sqs.Queue
    """What cannot be sent."""
    function: aws.lambda_.Function

    def __init__(self, name: str, args: PubSubBridgeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:bridge:PubSubBridge", name, {}, args.where.options(opts))
        self._name, self._args, self._own = name, args, ResourceOptions(parent=self)
        made = pubsub(
            self,
            name,
            PubSubArgs(
                where=args.where,
                project=args.gcp.project,
                encryption=args.encryption,
                bridge=args.bridge,
                topics=args.topics,
                google_channels=args.google_channels,
            ),
        )
        self.topics = {topic: of.topic for topic, of in made.items()}
        self.subscriptions = {topic: of.subscription for topic, of in made.items()}
        self._schemas = [of.schema for of in made.values()]
        credentials = self._trust()
        self.failures = failure_queue(
            self, f"{name}-failures", where=args.where, physical_name=FAILURES, kms_key_arn=args.kms_key_arn
        )
        queue_policy(self, f"{name}-failures-policy", self.failures)
        self.function = self._function(credentials)
        self._event_sources()
        self.register_outputs({"function": self.function.name, "failures": self.failures.url})

    def _trust(self) -> Output[str]:
        """Let the function's AWS role publish, and give the credential file (no secret) that says how."""
        args, name, account = self._args, self._name, self._args.where.account
        role = args.role.physical_name
        if role is None:
            raise ValueError("Google Cloud trusts the bridge's role by its name: give it a fixed one")
        pool = gcp.iam.WorkloadIdentityPool(
            f"{name}-pool",
            workload_identity_pool_id=args.where.name("aws"),
            project=args.gcp.project,
            display_name="NovaRetail AWS",
            description="Roles of the data backbone on AWS",
            opts=self._own,
        )
        assumed = f"arn:aws:sts::{account}:assumed-role/{role}"
        provider = gcp.iam.WorkloadIdentityPoolProvider(
            f"{name}-provider",
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id=f"aws-{account}",
            project=args.gcp.project,
            display_name="AWS account",
            aws={"account_id": account},
            attribute_mapping={
                "google.subject": "assertion.arn",
                # The session's name changes with every container; the role's does not.
                "attribute.aws_role": "assertion.arn.extract('assumed-role/{role}/')",
            },
            # The slash: a role whose name only begins like the bridge's is another one.
            attribute_condition=f"assertion.account == '{account}' && assertion.arn.startsWith('{assumed}/')",
            opts=self._own,
        )
        publisher = gcp.serviceaccount.Account(
            f"{name}-publisher",
            account_id="pubsub-bridge",
            project=args.gcp.project,
            display_name="NovaRetail bridge",
            opts=self._own,
        )
        gcp.serviceaccount.IAMMember(
            f"{name}-impersonation",
            service_account_id=publisher.name,
            role="roles/iam.workloadIdentityUser",
            member=Output.concat("principalSet://iam.googleapis.com/", pool.name, "/attribute.aws_role/", role),
            opts=self._own,
        )
        for topic, target in self.topics.items():
            gcp.pubsub.TopicIAMMember(
                f"{name}-{topic.replace('_', '-')}-publisher",
                project=args.gcp.project,
                topic=target.name,
                role="roles/pubsub.publisher",
                member=Output.concat("serviceAccount:", publisher.email),
                opts=self._own,
            )
        return Output.all(provider.name, publisher.email).apply(lambda known: credential_file(known[0], known[1]))

    def _function(self, credentials: Output[str]) -> aws.lambda_.Function:
        args, name = self._args, self._name
        packages = aws.lambda_.LayerVersion(
            f"{name}-packages",
            layer_name=args.where.name(FUNCTION),
            description="Python packages of bridges/pubsub/requirements.txt",
            code=FileArchive(str(args.packages)),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
            opts=self._own,
        )
        code = sources(args.code)
        return function(
            self,
            name,
            FunctionArgs(
                where=args.where,
                physical_name=FUNCTION,
                description="Kafka to Pub/Sub, in the order of each key",
                handler="handler.handler",
                code=credentials.apply(
                    lambda text: archive(
                        code, {"contract.json": json_asset(args.contract), CREDENTIALS: StringAsset(text)}
                    )
                ),
                layers=[packages.arn],
                role=args.role,
                failures=self.failures,
                memory_mib=args.bridge.memory_mib,
                timeout_seconds=args.bridge.timeout_seconds,
                # An event source takes one invocation a poller, and each topic has an event source.
                concurrency=args.bridge.concurrency * len(args.topics),
                # Its event sources wait for the answer; these are for whoever else invokes it.
                retries=0,
                max_age_seconds=MAX_AGE_SECONDS,
                subnet_ids=args.subnet_ids,
                security_group_id=args.security_group_id,
                kms_key_arn=args.kms_key_arn,
                log_days=args.bridge.log_days,
                # A field that the schema does not know yet would be refused.
                depends_on=self._schemas,
                environment={
                    "PUBSUB_PROJECT": args.gcp.project,
                    # Pub/Sub keeps the order of what arrives in one region, and these topics take nothing elsewhere.
                    "PUBSUB_ENDPOINT": f"{args.bridge.regions[0]}-pubsub.googleapis.com:443",
                    "FAILURES_QUEUE_URL": self.failures.url,
                    # Relative to the function's folder, which is where Lambda starts it.
                    "GOOGLE_APPLICATION_CREDENTIALS": CREDENTIALS,
                },
            ),
        )

    def _event_sources(self) -> None:
        args = self._args
        for topic in args.topics:
            aws.lambda_.EventSourceMapping(
                f"{self._name}-{topic.name.replace('_', '-')}-events",
                function_name=self.function.arn,
                event_source_arn=args.kafka.arn,
                topics=[topic.name],
                starting_position="TRIM_HORIZON",
                batch_size=args.bridge.batch_records,
                maximum_batching_window_in_seconds=args.bridge.batch_seconds,
                amazon_managed_kafka_event_source_config={
                    "consumer_group_id": f"{CONSUMER_GROUP}{topic.name}",
                },
                # The function names the records to begin again from. There is no limit of retries and no on-failure
                # destination on purpose: with one, Lambda gives up after ten tries, and what follows overtakes.
                function_response_types=["ReportBatchItemFailures"],
                # Partial batch responses of Kafka need provisioned pollers.
                provisioned_poller_config={
                    "minimum_pollers": args.bridge.pollers_min,
                    "maximum_pollers": args.bridge.pollers_max,
                },
                tags=args.where.tags,
                opts=ResourceOptions(parent=self, depends_on=list(args.depends_on)),
            )

            # Lambda's own OffsetLag has a mapping's id in it, which changes when a mapping is made again; the group's
            # name is ours.
            lag_alarm(
                self,
                f"{self._name}-{topic.name.replace('_', '-')}-lag",
                where=args.where,
                why=f"The bridge is {args.bridge.lag_records} records of {topic.name} behind. "
                "See whether Pub/Sub refuses (log group of the function) or the topic grew.",
                cluster_name=args.kafka.name,
                group=f"{CONSUMER_GROUP}{topic.name}",
                topic=topic.name,
                records=args.bridge.lag_records,
            )


def credential_file(provider: str, service_account: str) -> str:
    """Return how google-auth exchanges the credentials of an AWS role (from the environment) for Google's; no secret.

    Args:
        provider: projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER.
    """
    verify = "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
    impersonate = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"
    return json.dumps(
        {
            "type": "external_account",
            "universe_domain": "googleapis.com",
            "audience": f"//iam.googleapis.com/{provider}",
            "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
            "token_url": "https://sts.googleapis.com/v1/token",
            "service_account_impersonation_url": f"{impersonate}/{service_account}:generateAccessToken",
            "credential_source": {"environment_id": "aws1", "regional_cred_verification_url": verify},
        },
        indent=1,
        sort_keys=True,
    )
