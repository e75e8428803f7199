"""The data backbone of one environment, in the order of the data's flow."""

from __future__ import annotations

from contracts import Contracts
from settings import DataStack
from stacks.deployment import deployment_target
from stacks.exports import export
from stacks.parts.azure import share_with_azure
from stacks.parts.backbone import Backbone
from stacks.parts.capture import capture_changes
from stacks.parts.foundation import lay_foundation
from stacks.parts.google import share_with_google
from stacks.parts.lake import keep_records
from stacks.parts.processing import process_records
from stacks.parts.streams import land_records
from stacks.parts.warehouse import open_warehouse
from stacks.parts.watch import watch
from stacks.sharing import Sharing


async def environment(config: DataStack, data: Contracts) -> None:
    """Each part takes what the parts before it made."""
    target = await deployment_target(config)
    sharing = Sharing.of(config, data)
    base = lay_foundation(config, data, sharing, target)
    lake = keep_records(config, data, base)
    streams = land_records(config, data, base, lake)
    capture = capture_changes(config, data, base, lake)
    processing = process_records(config, data, base, lake)
    warehouse = open_warehouse(config, data, base, lake, processing)
    google = share_with_google(config, data, base, sharing.google, streams)
    azure = share_with_azure(config, data, base, sharing.azure, lake)
    backbone = Backbone(
        base=base,
        lake=lake,
        streams=streams,
        capture=capture,
        processing=processing,
        warehouse=warehouse,
        google=google,
        azure=azure,
    )
    watch(config, data, backbone)
    export(data, backbone)
