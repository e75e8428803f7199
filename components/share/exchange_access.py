"""Azure Data Factory's identity on AWS: one user without a console, and the one key that it signs with.

Data Factory's connector of S3 takes access keys, or temporary ones that would have to be renewed every hour; it takes
no role. So this is the only user of the platform, and its key belongs to an edition: a new edition makes a new key
before the old one is deleted.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, ResourceOptions

import settings
from components.blocks.exchange_way import ExchangeWay


@dataclass(frozen=True, kw_only=True)
class ExchangeAccessArgs:
    """What the user may reach, and from where."""

    exchange: ExchangeWay
    boundary_arn: Input[str]
    security_group_id: Input[str]
    """The group of the S3 interface endpoint."""
    azure: settings.Azure
    """Its `key_edition` names the key in use; another name makes another key."""


class ExchangeAccess(ComponentResource):
    """One IAM user and its access key let Data Factory read what is published."""

    user: aws.iam.User
    key: aws.iam.AccessKey
    """Of the edition in use; its secret is a secret output."""

    def __init__(self, name: str, args: ExchangeAccessArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:security:ExchangeAccess", name, {}, args.exchange.where.options(opts))
        own, exchange = ResourceOptions(parent=self), args.exchange
        self.user = aws.iam.User(
            f"{name}-user",
            # Policies name this user before it is made, and the organization lets the pipeline make no other.
            name=exchange.user_name,
            permissions_boundary=args.boundary_arn,
            tags=exchange.where.tags,
            opts=own,
        )
        # A key is called after its edition, so another edition is another resource: the engine makes it, tells Azure
        # of it, and deletes the old one at the end of the same update. IAM takes two keys of a user at most.
        self.key = aws.iam.AccessKey(f"{name}-key-{args.azure.key_edition}", user=self.user.name, opts=own)
        if exchange.runtime_range:
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-runtime",
                security_group_id=args.security_group_id,
                cidr_ipv4=exchange.runtime_range,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                description="Runtime of Data Factory, over the link to Azure",
                tags=exchange.where.tags,
                opts=own,
            )
        self.register_outputs({"user": self.user.arn})
