"""Checks across sections, as far as the sections they need are valid."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

from settings.azure import Azure
from settings.capture import Cdc, Database
from settings.foundation import Deployment, Network, Protection
from settings.google import Bridge
from settings.links import Links
from settings.organization import Organization
from settings.plan import KEYS, AddressPlan
from settings.problems import Problem
from settings.streams import Streaming
from settings.values import EXAMPLE_ACCOUNT, REGIONS


def problems_across(valid: Mapping[str, Any], values: Mapping[str, object], stack: str) -> Iterator[Problem]:
    """Checks across sections, as far as the sections they need are valid."""
    environment, account = valid.get("environment"), valid.get("account")
    if environment and environment != stack:
        rule = f"it does not fit the stack {stack}"
        yield Problem("novaretail:environment", environment, rule, f"Set it to {stack}, or select the other stack")

    region = values.get("aws:region")
    if region not in REGIONS:
        rule = "the region must be one where customers' data may be"
        yield Problem("aws:region", region, rule, f"Set it to one of {', '.join(REGIONS)}")

    if account and environment:
        if (account == EXAMPLE_ACCOUNT) != (environment == "local"):
            rule = f"{EXAMPLE_ACCOUNT} is the local platform's account, and no other stack's"
            remedy = "Set it to the account of this environment"
            yield Problem("novaretail:account", account, rule, remedy)
        if values.get("aws:allowedAccountIds") != [account]:
            rule = f"the AWS provider must refuse every account but novaretail:account ({account})"
            remedy = f'Set it to ["{account}"]'
            yield Problem("aws:allowedAccountIds", values.get("aws:allowedAccountIds"), rule, remedy)

    organization: Organization | None = valid.get("organization")
    if organization and region not in organization.regions:
        rule = f"it lacks the region that this stack itself is in (aws:region {region})"
        yield Problem("novaretail:organization.regions", organization.regions, rule, f"Add {region}")

    protection: Protection | None = valid.get("protection")
    if environment in ("prod", "organization") and protection and not protection.keep_data:
        rule = f"data of {environment} must outlive the program's mistakes"
        yield Problem("novaretail:protection.keep_data", False, rule, "Set it to true")

    database: Database | None = valid.get("database")
    cdc: Cdc | None = valid.get("cdc")
    for key, section, what in (("database", database, "database"), ("cdc", cdc, "replication")):
        if environment == "prod" and section and not section.multi_az:
            yield Problem(f"novaretail:{key}.multi_az", False, f"prod's {what} outlives a zone", "Set it to true")

    deployment: Deployment | None = valid.get("deployment")
    if deployment and account and environment:
        yield from _deploys(deployment, account, environment)

    network: Network | None = valid.get("network")
    streaming: Streaming | None = valid.get("streaming")
    for index, zone in enumerate(network.zones if network else ()):
        if not re.fullmatch(rf"{re.escape(str(region))}[a-z]", zone):
            rule = f"it is no zone of {region}"
            yield Problem(f"novaretail:network.zones[{index}]", zone, rule, f"Name it such as {region}a")
    links: Links | None = valid.get("links")
    azure: Azure | None = valid.get("azure")
    if azure and (links or "links" not in values) and not (links and links.azure):
        rule = "Data Factory's runtime, storage and keys are in the virtual network of the link to Azure"
        yield Problem(
            "novaretail:azure.mode", azure.mode, rule, "Add novaretail:links.azure, or remove novaretail:azure"
        )
    if links and links.gcp and not values.get("gcp"):
        rule = "the link's end in Google Cloud is made in the project that novaretail:gcp names, and there is none"
        yield Problem("novaretail:links.gcp", links.gcp.region, rule, "Add novaretail:gcp, or remove links.gcp")
    bridge: Bridge | None = valid.get("bridge")
    if bridge and not values.get("gcp"):
        rule = "the bridge's topics are made in the project that novaretail:gcp names, and there is none"
        remedy = "Add novaretail:gcp, or remove novaretail:bridge"
        yield Problem("novaretail:bridge.regions", bridge.regions, rule, remedy)
    keys = valid.get(KEYS, {})
    if network and (links or keys):
        for problem in AddressPlan(network, links or Links(), keys).problems():
            yield dataclasses.replace(problem, key=f"novaretail:{problem.key}")
    if streaming and environment and environment != "local":
        yield from _cloud_streaming(streaming, network)


def _deploys(deployment: Deployment, account: str, environment: str) -> Iterator[Problem]:
    """The role that deploys is one of the stack's own account."""
    key, role = "novaretail:deployment.role_arn", deployment.role_arn
    if role and role.split(":")[4] != account:
        rule = f"it is no role of novaretail:account ({account})"
        yield Problem(key, role, rule, "Name the role of that account, or correct novaretail:account")
    if not role and not deployment.stack and environment != "local":
        rule = "only the local platform is deployed without a role"
        remedy = f"Give {Deployment.model_fields['role_arn'].description}, or novaretail:deployment.stack"
        yield Problem(key, role, rule, remedy)


def _cloud_streaming(streaming: Streaming, network: Network | None) -> Iterator[Problem]:
    """What a real Kafka cluster needs; the local platform has one broker and years-old records."""
    prefix = "novaretail:streaming"
    if streaming.authentication != "iam":
        rule = "only the local platform may leave its clients unauthenticated"
        yield Problem(f"{prefix}.authentication", streaming.authentication, rule, "Set it to iam")
    if streaming.retention != "contract":
        rule = "only the local platform may keep records for ever: brokers' disks would fill"
        yield Problem(f"{prefix}.retention", streaming.retention, rule, "Set it to contract")
    if network and network.zones and streaming.brokers % len(network.zones):
        rule = f"brokers are spread evenly over the {len(network.zones)} zones"
        yield Problem(f"{prefix}.brokers", streaming.brokers, rule, f"Take a multiple of {len(network.zones)}")
    if streaming.min_insync_replicas < 2:
        rule = "a record on one broker alone is lost with it"
        yield Problem(f"{prefix}.min_insync_replicas", streaming.min_insync_replicas, rule, "Set it to 2")
