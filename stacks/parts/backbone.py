"""Everything that carries the data of an environment, for what looks at all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.lake.processing import Processing
from components.lake.warehouse import Warehouse
from components.links.vpn import AwsEnd
from stacks.parts.azure import Azure
from stacks.parts.capture import Capture
from stacks.parts.foundation import Foundation
from stacks.parts.google import Google
from stacks.parts.lake import LakePart
from stacks.parts.streams import Streams


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """The parts, in the order in which they are made."""

    base: Foundation
    lake: LakePart
    streams: Streams
    capture: Capture
    processing: Processing
    warehouse: Warehouse
    google: Google
    azure: Azure

    @property
    def ends(self) -> Sequence[AwsEnd]:
        """AWS's ends of all links."""
        return (*self.google.ends, *self.azure.ends)
