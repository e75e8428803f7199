"""What an environment tells: people, the local platform, and who operates its links."""

from __future__ import annotations

import pulumi

from contracts import Contracts
from stacks.parts.backbone import Backbone


def export(data: Contracts, made: Backbone) -> None:
    """The stack's outputs, all of them."""
    pulumi.export("buckets", {zone: bucket.bucket for zone, bucket in made.lake.lake.buckets.items()})
    pulumi.export("alerts", made.base.where.alarms.topic_arn)
    pulumi.export("code_bucket", made.lake.artifacts.bucket.bucket)
    pulumi.export("bootstrap", made.streams.streaming.bootstrap)
    pulumi.export(
        "shop", {"address": made.capture.shop.instance.address, "secret": made.capture.shop.capture_secret.arn}
    )
    pulumi.export("replication", made.capture.replication.replication.arn)
    pulumi.export("topics", [topic.name for topic in data.topics])
    pulumi.export("connectors", [connector.name for connector in made.streams.sinks.connectors.values()])
    pulumi.export("jobs", {name: job.name for name, job in made.processing.jobs.items()})
    pulumi.export("pipeline", made.processing.pipeline.arn)
    pulumi.export("workgroup", made.warehouse.workgroup.workgroup_name)
    pulumi.export("database", made.warehouse.database)
    pulumi.export("links", {end.link: end.summary for end in made.ends})
    if bridge := made.google.bridge:
        pulumi.export("function", bridge.function.name)
        pulumi.export("failures", bridge.failures.url)
        pulumi.export("pubsub_topics", {name: topic.name for name, topic in bridge.topics.items()})
        pulumi.export("pubsub_subscriptions", {name: kept.name for name, kept in bridge.subscriptions.items()})
    azure = made.azure
    if azure.link and azure.exchange:
        pulumi.export("data_factory", azure.exchange.factory.name)
        # What novaretail:azure.allowed_ranges has to list in mode allow_list.
        pulumi.export("data_factory_address", azure.link.way_out.ip_address)
