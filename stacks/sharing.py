"""What an environment shares with whom: decided once, from its settings and the contracts, before anything is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import settings
from components.blocks.exchange_way import ExchangeWay
from components.blocks.place import Place
from contracts import Contracts, Topic
from settings import DataStack


@dataclass(frozen=True, kw_only=True)
class BridgeShare:
    """The bridge to Pub/Sub, and the topics that contracts share by it."""

    bridge: settings.Bridge
    topics: Sequence[Topic]


@dataclass(frozen=True, kw_only=True)
class GoogleShare:
    """The Google Cloud project that takes part; it may have a link, a bridge, or both."""

    gcp: settings.Gcp
    link: settings.GcpLink | None
    bridge: BridgeShare | None


@dataclass(frozen=True, kw_only=True)
class AzureShare:
    """The link to Azure, and Data Factory behind it if there is one."""

    link: settings.AzureLink
    azure: settings.Azure | None

    def way(self, where: Place) -> ExchangeWay | None:
        """By which way Data Factory comes to published snapshots."""
        if not self.azure:
            return None
        return ExchangeWay(
            where=where,
            runtime_range=str(self.link.subnets.runtime) if self.azure.mode == "private" else None,
            public_ranges=[str(block) for block in self.azure.allowed_ranges],
        )


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """The partners of an environment; None: it has no such partner."""

    google: GoogleShare | None
    azure: AzureShare | None

    @classmethod
    def of(cls, config: DataStack, data: Contracts) -> Sharing:
        """What the settings turn on, as far as a contract shares something."""
        links = config.links or settings.Links()
        google, azure = None, None
        if config.gcp:
            topics = [topic for topic in data.topics if topic.share and topic.share.target == "gcp"]
            bridge = BridgeShare(bridge=config.bridge, topics=topics) if config.bridge and topics else None
            google = GoogleShare(gcp=config.gcp, link=links.gcp, bridge=bridge)
        if links.azure:
            azure = AzureShare(link=links.azure, azure=config.azure)
        return cls(google=google, azure=azure)

    @property
    def bridge(self) -> BridgeShare | None:
        return self.google.bridge if self.google else None

    def exchange(self, where: Place) -> ExchangeWay | None:
        return self.azure.way(where) if self.azure else None
