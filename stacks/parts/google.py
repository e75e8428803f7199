"""What is shared with Google Cloud: the link, and the bridge from Kafka to Pub/Sub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pulumi import Resource

import contracts
import settings
from components.blocks.google_alerts import GoogleAlerts, GoogleAlertsArgs
from components.links.gcp_link import GcpLink, GcpLinkArgs
from components.links.google_names import GoogleNames, GoogleNamesArgs
from components.links.vpn import AwsEnd
from components.share.pubsub_bridge import CONSUMER_GROUP, PubSubBridge, PubSubBridgeArgs
from contracts import Contracts
from settings import DataStack
from stacks.parts.foundation import Foundation
from stacks.parts.streams import Streams
from stacks.sharing import GoogleShare

CODE = Path("bridges/pubsub")
PACKAGES = Path("build/packages/pubsub_bridge")


@dataclass(frozen=True, kw_only=True)
class Google:
    """What was made; empty where an environment shares nothing with Google."""

    ends: Sequence[AwsEnd] = ()
    bridge: PubSubBridge | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    """Consumer group of the bridge -> its topic."""


@dataclass(frozen=True, kw_only=True)
class _Way:
    """How the bridge comes to Google: by a link whose `ends` are ours and Google's, when what it is made of is `ready`;
    without a link, by nothing that the program makes."""

    ends: Sequence[AwsEnd] = ()
    ready: Sequence[Resource] = ()


def share_with_google(
    config: DataStack, data: Contracts, base: Foundation, share: GoogleShare | None, streams: Streams
) -> Google:
    """The link first: the bridge calls Google by it, where there is one."""
    if not share:
        return Google()
    alerts = GoogleAlerts("google-alerts", GoogleAlertsArgs(where=base.where, gcp=share.gcp, alerts=config.alerts))
    way = _link(config, base, share.gcp, share.link, alerts) if share.link else _Way()
    if not share.bridge:
        return Google(ends=way.ends)
    role, topics = base.access.bridge_role, share.bridge.topics
    bridge = PubSubBridge(
        "bridge",
        PubSubBridgeArgs(
            where=base.where,
            gcp=share.gcp,
            bridge=share.bridge.bridge,
            encryption=config.encryption,
            kafka=streams.streaming.kafka,
            topics=topics,
            contract=contracts.compile_bridge(data),
            code=CODE,
            packages=PACKAGES,
            role=role,
            subnet_ids=base.application_subnet_ids,
            security_group_id=base.group_id("applications"),
            kms_key_arn=base.keys.arn("streaming"),
            google_channels=alerts.channels,
            depends_on=[
                *(streams.streaming.topics[topic.name] for topic in topics),
                streams.streaming.grant_consume(role, topics, groups=CONSUMER_GROUP),
                *way.ready,
            ],
        ),
    )
    groups = {f"{CONSUMER_GROUP}{topic.name}": topic.name for topic in topics}
    return Google(ends=way.ends, bridge=bridge, groups=groups)


def _link(config: DataStack, base: Foundation, gcp: settings.Gcp, link: settings.GcpLink, alerts: GoogleAlerts) -> _Way:
    made = GcpLink(
        "gcp",
        GcpLinkArgs(
            where=base.where,
            link=link,
            gcp=gcp,
            transit=base.network.transit,
            planned=base.network.blocks["applications"],
            route_table_id=base.network.route_tables["applications"].id,
            preshared_keys=config.preshared_keys,
            google_channels=alerts.channels,
        ),
    )
    names = GoogleNames("google-names", GoogleNamesArgs(where=base.where, vpc_id=base.network.vpc.id))
    return _Way(ends=[made.aws], ready=[*made.ready, *names.records])
