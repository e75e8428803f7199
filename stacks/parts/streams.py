"""Events: the topics of the contracts, and the connectors that land their records in raw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pulumi import FileArchive, Resource

from components.ingest.sinks import LakeSinks, LakeSinksArgs, connector_name
from components.ingest.streaming import Streaming, StreamingArgs
from contracts import Contracts, Topic
from settings import DataStack
from stacks.parts.foundation import Foundation
from stacks.parts.lake import LakePart

CODE = Path("bridges/lake_sink")
PLUGIN = "build/packages/lake_sink"


@dataclass(frozen=True, kw_only=True)
class Streams:
    """Kafka, and its way into the lake."""

    streaming: Streaming
    sinks: LakeSinks


def land_records(config: DataStack, data: Contracts, base: Foundation, lake: LakePart) -> Streams:
    """The cluster first; a connector starts when its topics, its table and its rights are there."""
    streaming = Streaming(
        "streaming",
        StreamingArgs(
            where=base.where,
            streaming=config.streaming,
            topics=data.topics,
            subnet_ids=base.network.subnet_ids("streaming"),
            security_group_id=base.group_id("streaming"),
            kms_key_arn=base.keys.arn("streaming"),
        ),
    )
    plugin = lake.artifacts.put("connect/lake_sink.zip", FileArchive(PLUGIN))
    sinks = LakeSinks(
        "sinks",
        LakeSinksArgs(
            where=base.where,
            sinks=config.sinks,
            kafka=streaming.kafka,
            topics=data.topics,
            code=CODE,
            plugin_bucket_arn=lake.artifacts.bucket.arn,
            plugin_key=plugin.key,
            plugin_version=plugin.version_id,
            warehouse=lake.warehouse("raw"),
            subnet_ids=base.application_subnet_ids,
            security_group_id=base.group_id("applications"),
            roles=base.access.connectors,
            depends_on={topic.name: _before(topic, streaming, base, lake) for topic in data.topics},
        ),
    )
    return Streams(streaming=streaming, sinks=sinks)


def _before(topic: Topic, streaming: Streaming, base: Foundation, lake: LakePart) -> list[Resource]:
    role = base.access.connectors[topic.name]
    return [
        *(streaming.topics[name] for name in (topic.name, topic.dead_letter, topic.control)),
        lake.catalog.tables[topic.raw_table.full_name],
        streaming.grant_sink(role, topic, connector=connector_name(topic)),
        *lake.grants.of(role),
    ]
