"""Who Azure Data Factory is on AWS: one user without a console, and the one key that it signs with.

Data Factory's connector of S3 takes access keys, or temporary ones that somebody would have to bring it every hour;
it takes no role. So this is the only user of the platform, and what would be a standing key is one of an edition: a
new edition makes a new key before the old one goes.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, ResourceOptions

import settings
from components.blocks.exchange_way import ExchangeWay


@dataclass(frozen=True, kw_only=True)
class ExchangeAccessArgs:
    """`key_edition` names the key in use: whoever wants another writes another name.

    security_group_id: the group of the S3 interface endpoint.
    """

    exchange: ExchangeWay
    boundary_arn: Input[str]
    security_group_id: Input[str]
    azure: settings.Azure


class ExchangeAccess(ComponentResource):
    """`user`, and `key` of the edition in use; its secret is a secret output."""

    def __init__(self, name: str, args: ExchangeAccessArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:security:ExchangeAccess", name, {}, args.exchange.where.options(opts))
        own, exchange = ResourceOptions(parent=self), args.exchange
        self.user = aws.iam.User(
            f"{name}-user",
            # Policies name him before he is made, and the organization lets the pipeline make no other user.
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
