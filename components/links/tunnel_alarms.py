"""What of a link's AWS end raises an alarm: tunnels and connections that are down, busy, or drop packets, and rekeys
that fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import Input, ResourceOptions

from components.blocks.alarms import alarm
from components.blocks.watched import WatchedPlace
from components.links.tunnels import BUSY_SHARE, TUNNEL_BYTES_PER_SECOND, Tunnel


def watch_rekeys(
    parent: pulumi.Resource, stem: str, *, where: WatchedPlace, link: str, ike_logs: aws.cloudwatch.LogGroup
) -> None:
    """Raise an alarm for rekeys that fail.

    A tunnel that fails to rekey comes back by a new negotiation, too soon for its state to tell.
    """
    metric = f"{link.title()}TunnelLosses"
    aws.cloudwatch.LogMetricFilter(
        f"{stem}-losses",
        log_group_name=ike_logs.name,
        pattern='{ ($.TunnelIKEPhase1State = "Down") || ($.TunnelIKEPhase2State = "Down") }',
        metric_transformation={"name": metric, "namespace": where.metrics, "value": "1", "unit": "Count"},
        opts=ResourceOptions(parent=parent),
    )
    alarm(
        parent,
        f"{stem}-losses-alarm",
        where=where,
        why=f"Tunnels to {link} lost their keys again and again within three hours: a rekey fails. "
        f"Read {where.log_group(f'vpn/{link}')}/ike.",
        namespace=where.metrics,
        metric=metric,
        dimensions={},
        statistic="Sum",
        threshold=1,
        minutes=60,
        periods=3,
    )


def watch_connection(
    parent: pulumi.Resource,
    stem: str,
    *,
    where: WatchedPlace,
    link: str,
    transit_gateway_id: Input[str],
    connection: aws.ec2.VpnConnection,
    tunnels: Sequence[Tunnel],
) -> None:
    """Raise alarms for the tunnels of one connection, and for the connection."""
    whole, name = tunnels[0].name.rpartition("-")[0], f"{stem}-{tunnels[0].connection}"
    common: dict[str, Any] = {"where": where, "namespace": "AWS/VPN"}
    for tunnel in tunnels:
        dimensions = {"VpnId": connection.id, "TunnelIpAddress": tunnel.address}
        alarm(
            parent,
            f"{stem}-{tunnel.connection}-{tunnel.number}-down",
            why=f"The tunnel {tunnel.name} is down, or its BGP session is; the link's others carry its load. "
            f"See its lines in {where.log_group(f'vpn/{link}')}/ike and bgp.",
            metric="TunnelState",
            dimensions=dimensions,
            statistic="Minimum",
            threshold=1,
            comparison="LessThanThreshold",
            periods=2,
            silence="breaching",
            **common,
        )
        alarm(
            parent,
            f"{stem}-{tunnel.connection}-{tunnel.number}-busy",
            why=f"The tunnel {tunnel.name} carries {BUSY_SHARE:.0%} of what it can, one way or both together. "
            "See who sends so much, and whether the other tunnels are up.",
            metric=["TunnelDataIn", "TunnelDataOut"],
            dimensions=dimensions,
            statistic="Sum",
            threshold=TUNNEL_BYTES_PER_SECOND * 300 * BUSY_SHARE,
            periods=3,
            **common,
        )
    alarm(
        parent,
        f"{name}-down",
        why=f"Both tunnels of connection {whole} are down. "
        "Act at once if the link's other connection is down as well: then nothing crosses.",
        metric="TunnelState",
        dimensions={"VpnId": connection.id},
        statistic="Maximum",
        threshold=0,
        comparison="LessThanOrEqualToThreshold",
        silence="breaching",
        **common,
    )
    alarm(
        parent,
        f"{name}-drops",
        why=f"Packets of connection {whole} had no route: somebody there calls what is not "
        "planned, or a planned route is gone.",
        metric=["PacketDropCountNoRoute", "PacketDropCountBlackhole"],
        dimensions={
            "TransitGateway": transit_gateway_id,
            "TransitGatewayAttachment": connection.transit_gateway_attachment_id,
        },
        statistic="Sum",
        threshold=100,
        periods=3,
        **(common | {"namespace": "AWS/TransitGateway"}),
    )
