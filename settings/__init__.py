"""Typed configuration of a stack: every field with its unit and its bounds.

The pure models that components may take: a section is one structured key (`novaretail:network`, ...),
a kind of stack is one dataclass of sections. `settings.reading` makes them of what Pulumi holds, once, before the first
resource; no component knows it.
"""

from __future__ import annotations

from settings.azure import Azure
from settings.capture import Cdc, Database, Landing
from settings.foundation import Alerts, Deployment, Encryption, Network, Protection, Subnets, Tags
from settings.google import Bridge, Gcp
from settings.lake import AccessLogs, Artifacts, Lake, Tables
from settings.links import AzureLink, AzureSubnets, GcpLink, Links, Proposal
from settings.organization import Detection, LogArchive, Organization, OrganizationTrail
from settings.plan import AddressPlan
from settings.problems import Problem, Section, SettingsError, fields_of
from settings.processing import Processing
from settings.stacks import SECTIONS, DataStack, Key, OrganizationStack, Settings, Stack, keys
from settings.streams import Sinks, Streaming
from settings.values import AZURE_REGIONS, GCP_REGIONS, REGIONS
from settings.warehouse import People, Warehouse
from settings.watch import Audit

__all__ = [
    "AZURE_REGIONS",
    "GCP_REGIONS",
    "REGIONS",
    "SECTIONS",
    "AccessLogs",
    "AddressPlan",
    "Alerts",
    "Artifacts",
    "Audit",
    "Azure",
    "AzureLink",
    "AzureSubnets",
    "Bridge",
    "Cdc",
    "DataStack",
    "Database",
    "Deployment",
    "Detection",
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
    "OrganizationTrail",
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
    "Tables",
    "Tags",
    "Warehouse",
    "fields_of",
    "keys",
]
