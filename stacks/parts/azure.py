"""What is shared with Azure: the link, and Data Factory, which copies published snapshots over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import settings
from components.blocks.exchange_way import ExchangeWay
from components.links.azure_link import AzureLink, AzureLinkArgs
from components.links.vpn import AwsEnd
from components.share.azure_exchange import AzureExchange, AzureExchangeArgs
from components.share.exchange_access import ExchangeAccess, ExchangeAccessArgs
from contracts import Contracts
from settings import DataStack
from stacks.parts.foundation import Foundation
from stacks.parts.lake import LakePart
from stacks.sharing import AzureShare

SCRIPT = Path("bridges/exchange/runtime.ps1")


@dataclass(frozen=True, kw_only=True)
class Azure:
    """What was made; empty where an environment has no link to Azure."""

    ends: Sequence[AwsEnd] = ()
    link: AzureLink | None = None
    exchange: AzureExchange | None = None


def share_with_azure(
    config: DataStack, data: Contracts, base: Foundation, share: AzureShare | None, lake: LakePart
) -> Azure:
    """The link first: Data Factory's machines are in its network."""
    if not share:
        return Azure()
    link = AzureLink(
        "azure",
        AzureLinkArgs(
            where=base.where,
            link=share.link,
            alerts=config.alerts,
            transit=base.network.transit,
            # S3's interface endpoint is in these subnets; nothing else of the VPC is told of, or answers.
            planned=base.network.blocks["endpoints"],
            route_table_id=base.network.route_tables["endpoints"].id,
            preshared_keys=config.preshared_keys,
        ),
    )
    if not (share.azure and base.exchange):
        return Azure(ends=[link.aws], link=link)
    exchange = _exchange(data, base, lake, share.azure, base.exchange, link)
    return Azure(ends=[link.aws], link=link, exchange=exchange)


def _exchange(
    data: Contracts, base: Foundation, lake: LakePart, azure: settings.Azure, way: ExchangeWay, link: AzureLink
) -> AzureExchange:
    reader = ExchangeAccess(
        "exchange-access",
        ExchangeAccessArgs(
            azure=azure,
            exchange=way,
            boundary_arn=base.access.boundary.arn,
            security_group_id=base.group_id("exchange"),
        ),
    )
    return AzureExchange(
        "exchange",
        AzureExchangeArgs(
            where=base.where,
            azure=azure,
            resource_group_id=link.resource_group.id,
            resource_group=link.resource_group.name,
            location=link.location,
            network_id=link.network.id,
            runtime_subnet_id=link.subnets["runtime"],
            endpoints_subnet_id=link.subnets["endpoints"],
            workspace_id=link.workspace.id,
            watch=link.watch,
            tables=[shared.name for shared in data.exchanges if shared.target == "azure"],
            bucket=lake.lake.buckets["analytics"].bucket,
            service_url=base.network.s3_url if azure.mode == "private" else base.where.s3_url,
            key=reader.key,
            granted=lake.lake.grant_exchange(way, reader.user),
            script=SCRIPT,
        ),
    )
