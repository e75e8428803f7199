"""The bridge to Google Cloud: topics that contracts share go from Kafka to Pub/Sub, in the order of their key.

No service account key exists: Google trusts the function's AWS role (workload identity federation), and that role may
publish to these topics and nothing else. Messages are encrypted with a key of ours, and Pub/Sub holds each against the
schema that its contract renders to.
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
    DAY_SECONDS,
    RUNTIME,
    FunctionArgs,
    failure_queue,
    function,
    queue_policy,
)
from components.blocks.google_alerts import google_alert
from components.blocks.kafka import KafkaCluster
from components.blocks.policies import Grantee
from components.blocks.tagging import labels
from components.blocks.watched import WatchedPlace
from contracts import Topic, schema_definition

FUNCTION = "pubsub-bridge"
FAILURES = "pubsub-bridge-failures"
CONSUMER_GROUP = "pubsub-bridge-"
"""What the consumer groups of the event sources begin with; one a topic."""
MAX_AGE_SECONDS = 3600
CREDENTIALS = "google-credentials.json"


@dataclass(frozen=True, kw_only=True)
class PubSubBridgeArgs:
    """`topics` are those that a contract shares; `contract` says which of their fields may leave.

    encryption: for the key of the messages.
    """

    where: WatchedPlace
    kafka: KafkaCluster
    encryption: settings.Encryption
    gcp: settings.Gcp
    bridge: settings.Bridge
    topics: Sequence[Topic]
    contract: Mapping[str, Any]
    code: Path
    packages: Path
    role: Grantee
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    kms_key_arn: Input[str]
    google_channels: Sequence[Input[str]]
    depends_on: Sequence[Resource]


class PubSubBridge(ComponentResource):
    """`function`, `failures` (the queue of what cannot be sent), `topics` and `subscriptions` of Pub/Sub by name."""

    def __init__(self, name: str, args: PubSubBridgeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:bridge:PubSubBridge", name, {}, args.where.options(opts))
        self._name, self._args, self._own = name, args, ResourceOptions(parent=self)
        self._held = args.where.stateful(self)
        self.topics: dict[str, gcp.pubsub.Topic] = {}
        self.subscriptions: dict[str, gcp.pubsub.Subscription] = {}
        # Pub/Sub itself moves dead letters, and needs the rights for it.
        self._agent = gcp.projects.ServiceIdentity(
            f"{name}-pubsub-agent", project=args.gcp.project, service="pubsub.googleapis.com", opts=self._own
        )
        # Whoever has the key's name from here has it when Pub/Sub may use it.
        self._key_name = self._key()
        self._schemas: list[gcp.pubsub.Schema] = []
        for topic in args.topics:
            self._pubsub(topic)
        credentials = self._trust()
        self.failures = failure_queue(
            self, f"{name}-failures", where=args.where, physical_name=FAILURES, kms_key_arn=args.kms_key_arn
        )
        queue_policy(self, f"{name}-failures-policy", self.failures)
        self.function = self._function(credentials)
        self._event_sources()
        self.register_outputs({"function": self.function.name, "failures": self.failures.url})

    def _key(self) -> Output[str]:
        """The key that encrypts messages, in the region that keeps them.

        Google never deletes a key ring or a key, only a key's versions, and their names stay taken. So the engine
        names both: what is made again after a destroy, or by another stack in the same project, has names of its own.
        """
        args, name = self._args, self._name
        ring = gcp.kms.KeyRing(
            f"{name}-keys", project=args.gcp.project, location=args.bridge.regions[0], opts=self._held
        )
        key = gcp.kms.CryptoKey(
            f"{name}-messages",
            key_ring=ring.id,
            rotation_period=f"{args.encryption.rotation_days * DAY_SECONDS}s",
            # Of a version that somebody destroys; what it encrypted can be read until then if it is restored.
            destroy_scheduled_duration=f"{args.encryption.deletion_days * DAY_SECONDS}s",
            labels=labels(args.where.tags),
            opts=self._held,
        )
        used = gcp.kms.CryptoKeyIAMMember(
            f"{name}-messages-agent",
            crypto_key_id=key.id,
            role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
            member=self._agent.member,
            opts=self._held,
        )
        return Output.all(key.id, used.id).apply(lambda known: str(known[0]))

    def _schema(self, stem: str, topic: Topic) -> gcp.pubsub.TopicSchemaSettingsArgsDict:
        """A changed definition is a new revision in place; the topic takes what fits any revision.

        So a deployment may change the schema first and the function after it, and nothing is refused in between. A
        topic whose schema is deleted takes nothing any more, so the schema is kept as long as the topic.
        """
        schema = gcp.pubsub.Schema(
            f"{stem}-schema",
            name=topic.name,
            project=self._args.gcp.project,
            type="PROTOCOL_BUFFER",
            definition=schema_definition(topic),
            opts=self._held,
        )
        self._schemas.append(schema)
        return {"schema": schema.id, "encoding": "JSON"}

    def _pubsub(self, topic: Topic) -> None:
        args, marks = self._args, labels(self._args.where.tags)
        stem = f"{self._name}-{topic.name.replace('_', '-')}"
        storage: gcp.pubsub.TopicMessageStoragePolicyArgsDict = {
            "allowed_persistence_regions": list(args.bridge.regions),
            "enforce_in_transit": True,
        }
        retention = f"{args.bridge.message_days * DAY_SECONDS}s"
        target = gcp.pubsub.Topic(
            stem,
            name=topic.name,
            project=args.gcp.project,
            labels=marks,
            kms_key_name=self._key_name,
            message_retention_duration=retention,
            message_storage_policy=storage,
            schema_settings=self._schema(stem, topic),
            opts=self._held,
        )
        # Without a schema: what is forwarded has been taken once, and is kept whatever the newest revisions say.
        dead = gcp.pubsub.Topic(
            f"{stem}-dead-letter",
            name=f"{topic.name}-dead-letter",
            project=args.gcp.project,
            labels=marks,
            kms_key_name=self._key_name,
            message_retention_duration=retention,
            message_storage_policy=storage,
            opts=self._held,
        )
        # A dead-letter topic without a subscription forgets what it gets.
        kept = gcp.pubsub.Subscription(
            f"{stem}-dead-letter-kept",
            name=f"{topic.name}-dead-letter-kept",
            project=args.gcp.project,
            topic=dead.id,
            labels=marks,
            message_retention_duration=f"{31 * DAY_SECONDS}s",
            expiration_policy={"ttl": ""},
            opts=self._held,
        )
        gcp.pubsub.TopicIAMMember(
            f"{stem}-dead-letter-agent",
            project=args.gcp.project,
            topic=dead.name,
            role="roles/pubsub.publisher",
            member=self._agent.member,
            opts=self._own,
        )
        self.topics[topic.name] = target
        subscription = gcp.pubsub.Subscription(
            f"{stem}-analytics",
            name=f"{topic.name}-analytics",
            project=args.gcp.project,
            topic=target.id,
            labels=marks,
            enable_message_ordering=True,
            ack_deadline_seconds=args.bridge.ack_seconds,
            message_retention_duration=retention,
            # An idle subscription must not disappear after 31 days.
            expiration_policy={"ttl": ""},
            dead_letter_policy={"dead_letter_topic": dead.id, "max_delivery_attempts": args.bridge.delivery_attempts},
            retry_policy={
                "minimum_backoff": f"{args.bridge.backoff_min_seconds}s",
                "maximum_backoff": f"{args.bridge.backoff_max_seconds}s",
            },
            opts=self._held,
        )
        gcp.pubsub.SubscriptionIAMMember(
            f"{stem}-analytics-agent",
            project=args.gcp.project,
            subscription=subscription.name,
            role="roles/pubsub.subscriber",
            member=self._agent.member,
            opts=self._own,
        )
        self.subscriptions[topic.name] = subscription
        self._alert(
            f"{stem}-dead-letters",
            kept,
            why=f"A reader of {topic.name} gave up on messages: they lie in {topic.name}-dead-letter-kept.",
            metric="num_undelivered_messages",
            threshold=0,
        )
        self._alert(
            f"{stem}-unread",
            subscription,
            why=f"Messages of {topic.name} wait for more than {args.bridge.unread_minutes} minutes: "
            "see whether the reader runs, and what it does not acknowledge.",
            metric="oldest_unacked_message_age",
            threshold=args.bridge.unread_minutes * 60,
        )

    def _alert(
        self, name: str, subscription: gcp.pubsub.Subscription, *, why: str, metric: str, threshold: float
    ) -> None:
        google_alert(
            self,
            name,
            where=self._args.where,
            project=self._args.gcp.project,
            channels=self._args.google_channels,
            why=why,
            metric=f"pubsub.googleapis.com/subscription/{metric}",
            resource_type="pubsub_subscription",
            selects={"resource.labels.subscription_id": subscription.name},
            threshold=threshold,
        )

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
    """How google-auth exchanges the credentials of an AWS role (from the environment) for Google's; no secret.

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
