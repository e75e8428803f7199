"""What each kind of stack may be told: the one place that lists its keys, which everything else reads off it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from settings.azure import Azure
from settings.capture import Cdc, Database, Landing
from settings.foundation import Alerts, Deployment, Encryption, Network, Protection, Tags
from settings.google import Bridge, Gcp
from settings.lake import AccessLogs, Artifacts, Lake, Tables
from settings.links import Links
from settings.organization import Organization
from settings.problems import without_none
from settings.processing import Processing
from settings.streams import Sinks, Streaming
from settings.values import AccountId, Environment
from settings.warehouse import People, Warehouse
from settings.watch import Audit


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What every stack has. A field is the key `novaretail:` and its name; one with a default may be left out."""

    environment: Environment
    """Which stack this is."""
    account: AccountId
    """Number of the AWS account that the stack is in."""
    region: str = field(metadata={"key": "aws:region"})
    """AWS region of the stack; the AWS provider's own key says it."""
    tags: Tags
    protection: Protection


@dataclass(frozen=True, kw_only=True)
class OrganizationStack(Stack):
    """The organization: accounts, and what they may do."""

    alerts: Alerts
    encryption: Encryption
    organization: Organization


@dataclass(frozen=True, kw_only=True)
class DataStack(Stack):
    """The data backbone of one environment."""

    deployment: Deployment
    people: People
    alerts: Alerts
    network: Network
    encryption: Encryption
    access_logs: AccessLogs
    lake: Lake
    tables: Tables
    artifacts: Artifacts
    streaming: Streaming
    sinks: Sinks
    database: Database
    cdc: Cdc
    processing: Processing
    landing: Landing
    audit: Audit
    warehouse: Warehouse
    azure: Azure | None = None
    gcp: Gcp | None = None
    bridge: Bridge | None = None
    links: Links | None = None
    preshared_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Of single tunnels, by their names (`AddressPlan.tunnels`)."""


Settings = OrganizationStack | DataStack


@dataclass(frozen=True)
class Key:
    """One key of a stack."""

    type: Any
    """That of its value, without None."""
    optional: bool
    """Whether a stack may lack it."""


def keys(stack: type[Stack]) -> dict[str, Key]:
    """The keys of a kind of stack, without `novaretail:`, in the order of its fields."""
    types = get_type_hints(stack, include_extras=True)
    return {
        one.name: Key(
            without_none(types[one.name]),
            one.default is not dataclasses.MISSING or one.default_factory is not dataclasses.MISSING,
        )
        for one in dataclasses.fields(stack)
        if "key" not in one.metadata
    }


SECTIONS: Mapping[str, Any] = {
    name: key.type for stack in (OrganizationStack, DataStack) for name, key in keys(stack).items()
}
"""Key -> type of every key that any stack may have."""
