"""What Pub/Sub has of each topic: the topic with its schema, what reads it, and where a reader's failures are kept.

Messages are encrypted with a key of ours, stay in the listed regions, and are held against the schema that the
topic's contract renders to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp
from pulumi import Input, Output, ResourceOptions

import settings
from components.blocks.functions import DAY_SECONDS
from components.blocks.google_alerts import google_alert
from components.blocks.place import Place
from components.blocks.tagging import labels
from contracts import Topic, schema_definition

KEPT_DAYS = 31
"""Pub/Sub's longest, for what a reader gave up on."""


@dataclass(frozen=True, kw_only=True)
class PubSubArgs:
    """Which topics there are in which project, and how long messages are kept."""

    where: Place
    project: str
    encryption: settings.Encryption
    """For the key of the messages."""
    bridge: settings.Bridge
    topics: Sequence[Topic]
    google_channels: Sequence[Input[str]]


@dataclass(frozen=True, kw_only=True)
class PubSubTopic:
    """What was made for one topic."""

    topic: gcp.pubsub.Topic
    schema: gcp.pubsub.Schema
    subscription: gcp.pubsub.Subscription
    """Of the analytics; what it does not take goes to the topic's dead letters."""


@dataclass(frozen=True, kw_only=True)
class _Project:
    """What all topics of the project share."""

    parent: pulumi.Resource
    stem: str
    args: PubSubArgs
    agent: gcp.projects.ServiceIdentity
    """Pub/Sub itself: it moves dead letters and uses the key, and needs the rights for both."""
    key_name: Input[str]

    @property
    def own(self) -> ResourceOptions:
        return ResourceOptions(parent=self.parent)

    @property
    def held(self) -> ResourceOptions:
        return self.args.where.stateful(self.parent)

    @property
    def labels(self) -> dict[str, str]:
        return labels(self.args.where.tags)

    @property
    def retention(self) -> str:
        return f"{self.args.bridge.message_days * DAY_SECONDS}s"

    @property
    def regions(self) -> gcp.pubsub.TopicMessageStoragePolicyArgsDict:
        return {"allowed_persistence_regions": list(self.args.bridge.regions), "enforce_in_transit": True}


def pubsub(parent: pulumi.Resource, stem: str, args: PubSubArgs) -> dict[str, PubSubTopic]:
    """Make the key and the topics, by their names."""
    agent = gcp.projects.ServiceIdentity(
        f"{stem}-pubsub-agent",
        project=args.project,
        service="pubsub.googleapis.com",
        opts=ResourceOptions(parent=parent),
    )
    key_name = _key(parent, stem, args, agent)
    project = _Project(parent=parent, stem=stem, args=args, agent=agent, key_name=key_name)
    return {topic.name: _topic(project, topic) for topic in args.topics}


def _key(parent: pulumi.Resource, stem: str, args: PubSubArgs, agent: gcp.projects.ServiceIdentity) -> Output[str]:
    """Make the key that encrypts messages, in the region that keeps them; its name is known when Pub/Sub may use it.

    Google never deletes a key ring or a key, only a key's versions, and their names stay taken. So the engine
    names both: what is made again after a destroy, or by another stack in the same project, has names of its own.
    """
    held = args.where.stateful(parent)
    ring = gcp.kms.KeyRing(f"{stem}-keys", project=args.project, location=args.bridge.regions[0], opts=held)
    key = gcp.kms.CryptoKey(
        f"{stem}-messages",
        key_ring=ring.id,
        rotation_period=f"{args.encryption.rotation_days * DAY_SECONDS}s",
        # Of a version that somebody destroys; what it encrypted can be read until then if it is restored.
        destroy_scheduled_duration=f"{args.encryption.deletion_days * DAY_SECONDS}s",
        labels=labels(args.where.tags),
        opts=held,
    )
    used = gcp.kms.CryptoKeyIAMMember(
        f"{stem}-messages-agent",
        crypto_key_id=key.id,
        role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
        member=agent.member,
        opts=held,
    )
    return Output.all(key.id, used.id).apply(lambda known: str(known[0]))


def _topic(project: _Project, topic: Topic) -> PubSubTopic:
    args, stem = project.args, f"{project.stem}-{topic.name.replace('_', '-')}"
    schema = _schema(project, stem, topic)
    target = gcp.pubsub.Topic(
        stem,
        name=topic.name,
        project=args.project,
        labels=project.labels,
        kms_key_name=project.key_name,
        message_retention_duration=project.retention,
        message_storage_policy=project.regions,
        schema_settings={"schema": schema.id, "encoding": "JSON"},
        opts=project.held,
    )
    dead, kept = _dead_letters(project, stem, topic)
    subscription = gcp.pubsub.Subscription(
        f"{stem}-analytics",
        name=f"{topic.name}-analytics",
        project=args.project,
        topic=target.id,
        labels=project.labels,
        enable_message_ordering=True,
        ack_deadline_seconds=args.bridge.ack_seconds,
        message_retention_duration=project.retention,
        # An idle subscription must not disappear after 31 days.
        expiration_policy={"ttl": ""},
        dead_letter_policy={"dead_letter_topic": dead.id, "max_delivery_attempts": args.bridge.delivery_attempts},
        retry_policy={
            "minimum_backoff": f"{args.bridge.backoff_min_seconds}s",
            "maximum_backoff": f"{args.bridge.backoff_max_seconds}s",
        },
        opts=project.held,
    )
    gcp.pubsub.SubscriptionIAMMember(
        f"{stem}-analytics-agent",
        project=args.project,
        subscription=subscription.name,
        role="roles/pubsub.subscriber",
        member=project.agent.member,
        opts=project.own,
    )
    _watch(project, stem, topic, subscription, kept)
    return PubSubTopic(topic=target, schema=schema, subscription=subscription)


def _schema(project: _Project, stem: str, topic: Topic) -> gcp.pubsub.Schema:
    """Make the topic's schema: a changed definition is a new revision in place; the topic takes what fits any revision.

    So a deployment may change the schema first and the function after it, and nothing is refused in between. A
    topic whose schema is deleted takes nothing any more, so the schema is kept as long as the topic.
    """
    return gcp.pubsub.Schema(
        f"{stem}-schema",
        name=topic.name,
        project=project.args.project,
        type="PROTOCOL_BUFFER",
        definition=schema_definition(topic),
        opts=project.held,
    )


def _dead_letters(project: _Project, stem: str, topic: Topic) -> tuple[gcp.pubsub.Topic, gcp.pubsub.Subscription]:
    """Make the topic of what a reader gives up on, and the subscription that keeps it."""
    # Without a schema: what is forwarded has been taken once, and is kept whatever the newest revisions say.
    dead = gcp.pubsub.Topic(
        f"{stem}-dead-letter",
        name=f"{topic.name}-dead-letter",
        project=project.args.project,
        labels=project.labels,
        kms_key_name=project.key_name,
        message_retention_duration=project.retention,
        message_storage_policy=project.regions,
        opts=project.held,
    )
    # A dead-letter topic without a subscription forgets what it gets.
    kept = gcp.pubsub.Subscription(
        f"{stem}-dead-letter-kept",
        name=f"{topic.name}-dead-letter-kept",
        project=project.args.project,
        topic=dead.id,
        labels=project.labels,
        message_retention_duration=f"{KEPT_DAYS * DAY_SECONDS}s",
        expiration_policy={"ttl": ""},
        opts=project.held,
    )
    gcp.pubsub.TopicIAMMember(
        f"{stem}-dead-letter-agent",
        project=project.args.project,
        topic=dead.name,
        role="roles/pubsub.publisher",
        member=project.agent.member,
        opts=project.own,
    )
    return dead, kept


def _watch(
    project: _Project, stem: str, topic: Topic, subscription: gcp.pubsub.Subscription, kept: gcp.pubsub.Subscription
) -> None:
    unread = project.args.bridge.unread_minutes
    _alert(
        project,
        f"{stem}-dead-letters",
        kept,
        why=f"A reader of {topic.name} gave up on messages: they lie in {topic.name}-dead-letter-kept.",
        metric="num_undelivered_messages",
        threshold=0,
    )
    _alert(
        project,
        f"{stem}-unread",
        subscription,
        why=f"Messages of {topic.name} wait for more than {unread} minutes: "
        "see whether the reader runs, and what it does not acknowledge.",
        metric="oldest_unacked_message_age",
        threshold=unread * 60,
    )


def _alert(
    project: _Project, name: str, subscription: gcp.pubsub.Subscription, *, why: str, metric: str, threshold: float
) -> None:
    google_alert(
        project.parent,
        name,
        where=project.args.where,
        project=project.args.project,
        channels=project.args.google_channels,
        why=why,
        metric=f"pubsub.googleapis.com/subscription/{metric}",
        resource_type="pubsub_subscription",
        selects={"resource.labels.subscription_id": subscription.name},
        threshold=threshold,
    )
