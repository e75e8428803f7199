"""Typed configuration of a stack: every field with its unit and its bounds.

The door of the pure models, which components may take: a section is one structured key (`novaretail:network`, ...),
a kind of stack is one dataclass of sections. `settings.reading` makes them of what Pulumi holds, once, before the first
resource; no component knows it.
"""

from __future__ import annotations

from settings.data_path import Audit, Cdc, Gcp, Lake, Landing, People, Processing, Sinks, Streaming, Warehouse
from settings.exchange import Azure
from settings.foundation import Alerts, Deployment, Encryption, Network, Protection, Subnets, Tags
from settings.links import AzureLink, AzureSubnets, GcpLink, Links, Proposal
from settings.organization import LogArchive, Organization
from settings.plan import AddressPlan
from settings.problems import Problem, Section, SettingsError, fields_of
from settings.stacks import SECTIONS, DataStack, Key, OrganizationStack, Settings, Stack, keys
from settings.values import AZURE_REGIONS, GCP_REGIONS, REGIONS

__all__ = [
    "AZURE_REGIONS",
    "GCP_REGIONS",
    "REGIONS",
    "SECTIONS",
    "AddressPlan",
    "Alerts",
    "Audit",
    "Azure",
    "AzureLink",
    "AzureSubnets",
    "Cdc",
    "DataStack",
    "Deployment",
    "Encryption",
    "Gcp",
    "GcpLink",
    "Key",
    "Lake",
    "Landing",
    "Links",
    "LogArchive",
    "Network",
    "Organization",
    "OrganizationStack",
    "People",
    "Problem",
    "Processing",
    "Proposal",
    "Protection",
    "Section",
    "Settings",
    "SettingsError",
    "Sinks",
    "Stack",
    "Streaming",
    "Subnets",
    "Tags",
    "Warehouse",
    "fields_of",
    "keys",
]
