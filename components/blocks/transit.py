"""A transit gateway as the links that end at it need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output


@dataclass(frozen=True, kw_only=True)
class Transit:
    """The gateway, its number in BGP, and its route tables."""

    gateway_id: Output[str]
    asn: int
    """AWS's side of every BGP session."""
    trust_zones: Mapping[str, aws.ec2transitgateway.RouteTable]
    """Route tables by name: where traffic from the VPC may go, and where each other cloud's may."""
    attachment: aws.ec2transitgateway.VpcAttachment
    """The VPC's own."""
