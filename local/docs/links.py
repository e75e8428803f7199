"""The page docs/generated/links.md: the address plan of every environment, as the stack files have it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import settings
from components.blocks.traffic import GOOGLE_PRIVATE_RANGE
from local.site import ROOT
from settings import reading

STACKS = ("prod", "nonprod", "local")
CLOUDS = {"azure": "Azure", "gcp": "Google Cloud"}


def render() -> str:
    """Render the ends and the tunnels of each stack that has links."""
    lines = [
        "# The address plan of the links",
        "",
        "Written by `make docs` from the stack files. Of each inside block AWS has the first address and the other",
        "end the second; outside addresses and keys are made by the clouds, and handed over in the same deployment.",
    ]
    for stack in STACKS:
        lines += ["", f"## {stack}", "", *_stack(_plan(stack))]
    return "\n".join([*lines, ""])


def _plan(stack: str) -> settings.AddressPlan:
    path: Path = ROOT / f"Pulumi.{stack}.yaml"
    raw: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))["config"]
    given = {key.removeprefix("novaretail:"): value for key, value in raw.items() if isinstance(value, str)}
    given |= {key.removeprefix("novaretail:"): json.dumps(v) for key, v in raw.items() if not isinstance(v, str)}
    config = reading.parse(given, stack)
    if not isinstance(config, settings.DataStack) or config.links is None:
        raise ValueError(f"Pulumi.{stack}.yaml has no links to write about")
    return settings.AddressPlan(config.network, config.links)


def _stack(plan: settings.AddressPlan) -> Iterator[str]:
    yield "| end | AS number | announces |"
    yield "|---|---|---|"
    numbers, ranges = plan.numbers(), plan.ranges()
    towards = {"azure": plan.network.subnets.endpoints, "gcp": plan.network.subnets.applications}
    for link, blocks in towards.items():
        if f"links.{link}.asn" in numbers:
            sent = ", ".join(map(str, blocks))
            yield f"| AWS, to {CLOUDS[link]} | {numbers['network.transit_asn']} | {sent} |"
    for link, cloud in CLOUDS.items():
        if f"links.{link}.asn" in numbers:
            sent = ", ".join(str(block) for key, block in ranges.items() if key.startswith(f"links.{link}."))
            private = f", {GOOGLE_PRIVATE_RANGE} (Google's private API addresses)" if link == "gcp" else ""
            yield f"| {cloud} | {numbers[f'links.{link}.asn']} | {sent}{private} |"
    yield ""
    yield "| tunnel | inside | AWS | other end | negotiation | traffic |"
    yield "|---|---|---|---|---|---|"
    for name, (_, block) in plan.tunnels().items():
        link = getattr(plan.links, name.split("-")[0])
        ours, theirs = block.hosts()
        yield f"| {name} | {block} | {ours} | {theirs} | {_proposal(link.ike)} | {_proposal(link.esp)} |"


def _proposal(proposal: Any) -> str:
    integrity = "" if proposal.encryption.endswith("gcm") else f", {proposal.integrity}"
    return f"{proposal.encryption}{integrity}, group {proposal.group}"
