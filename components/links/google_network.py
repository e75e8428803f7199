"""Google's end of the link as a network: subnets, the route to Google's APIs, and a firewall that lets nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_gcp as gcp
from pulumi import ResourceOptions

from components.blocks.traffic import GOOGLE_PRIVATE_RANGE

DENY_PRIORITY = 65534
"""Before the rules that every Google network has, which log nothing; theirs is 65535."""
EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """Where the network is, and its subnets."""

    project: str
    region: str
    subnets: Mapping[str, IPv4Network]
    """Name -> block."""


@dataclass(frozen=True, kw_only=True)
class GoogleNetwork:
    """What was made."""

    network: gcp.compute.Network
    subnets: dict[str, gcp.compute.Subnetwork]
    """By name."""
    private_apis: gcp.compute.Route
    """Leads to Google's APIs, for callers in AWS and here."""


def google_network(parent: pulumi.Resource, stem: str, args: NetworkArgs) -> GoogleNetwork:
    """Make the network, its subnets, its one route to Google's APIs, and its firewall."""
    own = ResourceOptions(parent=parent)
    network = gcp.compute.Network(
        f"{stem}-network",
        project=args.project,
        description="NovaRetail: the end of the link to AWS",
        auto_create_subnetworks=False,
        # One region: what it learns holds there, and Google's APIs answer through tunnels of the caller's region.
        routing_mode="REGIONAL",
        # Nothing here leads to the internet; Google's own APIs have a route below.
        delete_default_routes_on_create=True,
        opts=own,
    )
    subnets = {
        subnet: gcp.compute.Subnetwork(
            f"{stem}-{subnet}",
            project=args.project,
            region=args.region,
            network=network.id,
            ip_cidr_range=str(block),
            private_ip_google_access=True,
            stack_type="IPV4_ONLY",
            log_config={
                "aggregation_interval": "INTERVAL_1_MIN",
                "flow_sampling": 1.0,
                "metadata": "INCLUDE_ALL_METADATA",
            },
            opts=own,
        )
        for subnet, block in args.subnets.items()
    }
    # What comes over the tunnels for Google's APIs needs a next hop; this one stays inside Google for this range
    # (Private Google Access for on-premises hosts, "VPC network routing").
    private_apis = gcp.compute.Route(
        f"{stem}-private-apis",
        project=args.project,
        description="Google's APIs, for callers in AWS and here",
        network=network.id,
        dest_range=GOOGLE_PRIVATE_RANGE,
        next_hop_gateway="default-internet-gateway",
        priority=1000,
        opts=own,
    )
    _firewall(parent, stem, args.project, network)
    return GoogleNetwork(network=network, subnets=subnets, private_apis=private_apis)


def _firewall(parent: pulumi.Resource, stem: str, project: str, network: gcp.compute.Network) -> None:
    """Let machines call Google's APIs, and nothing else; the program makes none, and whoever adds one adds its rule."""
    own = ResourceOptions(parent=parent)
    common: dict[str, Any] = {"project": project, "network": network.id, "opts": own}
    logged: dict[str, Any] = {"log_config": {"metadata": "INCLUDE_ALL_METADATA"}}
    everything: dict[str, Any] = {"denies": [{"protocol": "all"}], "priority": DENY_PRIORITY, **logged}
    gcp.compute.Firewall(
        f"{stem}-deny-in",
        description="Nothing comes in, also from AWS, unless another rule says so",
        direction="INGRESS",
        source_ranges=[EVERYWHERE],
        **everything,
        **common,
    )
    gcp.compute.Firewall(
        f"{stem}-deny-out",
        description="Nothing goes out unless another rule says so",
        direction="EGRESS",
        destination_ranges=[EVERYWHERE],
        **everything,
        **common,
    )
    gcp.compute.Firewall(
        f"{stem}-allow-apis",
        description="Google's APIs",
        direction="EGRESS",
        destination_ranges=[GOOGLE_PRIVATE_RANGE],
        allows=[{"protocol": "tcp", "ports": ["443"]}],
        priority=1000,
        **common,
    )
