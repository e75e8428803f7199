"""Google's host names as the VPC sees them: all of googleapis.com is at the addresses that the link leads to.

Served there: the locational endpoints of Pub/Sub, the token exchange (sts) and the service accounts' tokens
(iamcredentials), which is all that the bridge calls. Regional endpoints (SERVICE.REGION.rep.googleapis.com) are not:
Google serves those through Private Service Connect, so a client that wants one needs more than these names.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Resource, ResourceOptions

from components.blocks.place import Place
from components.blocks.traffic import GOOGLE_PRIVATE_RANGE

DOMAIN = "googleapis.com"
PRIVATE_NAME = f"private.{DOMAIN}"
TTL_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class GoogleNamesArgs:
    """Where the names are answered so; everywhere else they stay Google's public ones."""

    where: Place
    vpc_id: Input[str]


class GoogleNames(ComponentResource):
    """A private zone answers Google's names with the addresses that the link leads to."""

    zone: aws.route53.Zone
    records: list[Resource]
    """What must be there before Google is called by name."""

    def __init__(self, name: str, args: GoogleNamesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:network:GoogleNames", name, {}, args.where.options(opts))
        own = ResourceOptions(parent=self)
        self.zone = aws.route53.Zone(
            f"{name}-zone",
            name=DOMAIN,
            comment="Google's APIs by their private addresses, over the link",
            vpcs=[{"vpc_id": args.vpc_id, "vpc_region": args.where.region}],
            tags=args.where.tags,
            opts=own,
        )
        # The whole block is Google's: its first and last address answer as well.
        addresses = [str(address) for address in IPv4Network(GOOGLE_PRIVATE_RANGE)]
        self.records = [
            aws.route53.Record(
                f"{name}-{record}",
                zone_id=self.zone.id,
                name=host,
                type=kind,
                ttl=TTL_SECONDS,
                records=values,
                opts=own,
            )
            for record, host, kind, values in (
                ("private", PRIVATE_NAME, "A", addresses),
                ("all", f"*.{DOMAIN}", "CNAME", [PRIVATE_NAME]),
            )
        ]
        self.register_outputs({"zone_id": self.zone.id})
