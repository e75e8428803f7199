"""Sections of what everything else stands on: tags, protection, the account, alerts, the network, keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations
from typing import Literal

from pydantic import Field

from settings.problems import Problem, Section
from settings.values import AZURE_ASNS, PRIVATE_ASNS, LogDays


class Tags(Section):
    """What every resource carries besides Project, Environment and ManagedBy."""

    owner: str = Field(pattern=r"^[^\s@]+@[^\s@]+\.[^\s@]+$", description="the team's mail address")
    cost_center: str = Field(pattern=r"^[A-Z]{2}-[0-9]{4}$", description="a cost centre such as DP-1001")
    repository: str = Field(min_length=3, max_length=256, description="the repository that this program is in")


class Protection(Section):
    """What guards data against the program itself."""

    keep_data: bool = Field(description="true: what holds data is protected, and stays when the stack is destroyed")
    replaceable: tuple[str, ...] = Field(
        default=(), description="names of protected resources that may be replaced all the same, such as lake-raw"
    )

    def problems(self) -> Iterator[Problem]:
        for index, name in enumerate(self.replaceable):
            if not self.keep_data:
                rule = "nothing is protected here, so nothing needs to be named"
                yield Problem(f"replaceable[{index}]", name, rule, "Remove it, or set keep_data to true")
            elif name in self.replaceable[:index]:
                yield Problem(f"replaceable[{index}]", name, "it is named twice", "Name each resource once")


class Deployment(Section):
    """How the stack gets into its account: by the organization stack's outputs, or by plain settings."""

    stack: str | None = Field(
        default=None,
        pattern=r"^[^/\s]+/[^/\s]+/[^/\s]+$",
        description="full name of the organization's stack, such as organization/novaretail/organization",
    )
    role: Literal["deploy", "preview", "admin"] = Field(
        default="deploy",
        description="which role of the account to take: deploy, the pipeline's; preview, which may only read, in pull"
        " requests; admin, the organization's own, for a person with credentials of the management account",
    )
    role_arn: str | None = Field(
        default=None,
        pattern=r"^arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$",
        description="the role that deploys, such as arn:aws:iam::111122223333:role/deploy",
    )
    organization_id: str | None = Field(
        default=None, pattern=r"^o-[a-z0-9]{10,32}$", description="the AWS Organization's id, such as o-exampleorgid"
    )
    log_archive_bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description="name of the organization's bucket for audit logs",
    )
    log_archive_key_arn: str | None = Field(
        default=None,
        pattern=r"^arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$",
        description="ARN of the key of the organization's log archive",
    )

    def problems(self) -> Iterator[Problem]:
        if self.role != "deploy" and not self.stack:
            rule = "it chooses among the roles of the organization's stack, and there is no novaretail:deployment.stack"
            yield Problem("role", self.role, rule, "Remove it, or name the stack")
        for key in ("role_arn", "organization_id", "log_archive_bucket", "log_archive_key_arn"):
            value = getattr(self, key)
            if self.stack and value:
                rule = f"it comes from the outputs of {self.stack} already"
                yield Problem(key, value, rule, "Remove it, or remove novaretail:deployment.stack")
            if not self.stack and not value and key != "role_arn":  # `across` knows whether that one is needed
                rule = "it is missing, and so is novaretail:deployment.stack, whose outputs would have it"
                yield Problem(key, value, rule, f"Give {type(self).model_fields[key].description}, or stack")


class Alerts(Section):
    """Who is told when something needs a person."""

    emails: tuple[str, ...] = Field(description="mail addresses that confirm a subscription; none on a test platform")

    def problems(self) -> Iterator[Problem]:
        for index, mail in enumerate(self.emails):
            if not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", mail):
                yield Problem(f"emails[{index}]", mail, "it is no mail address", "Give one such as team@example.com")


class Subnets(Section):
    """One block a zone, in the order of `network.zones`."""

    applications: tuple[IPv4Network, ...] = Field(description="for jobs, functions, connectors and the warehouse")
    databases: tuple[IPv4Network, ...] = Field(description="for databases, and what replicates them")
    streaming: tuple[IPv4Network, ...] = Field(description="for Kafka brokers")
    endpoints: tuple[IPv4Network, ...] = Field(description="for interface endpoints")
    transit: tuple[IPv4Network, ...] = Field(description="for the transit gateway's interfaces, /28 is enough")

    def named(self) -> Iterator[tuple[str, IPv4Network]]:
        for purpose in type(self).model_fields:
            for index, block in enumerate(getattr(self, purpose)):
                yield f"{purpose}[{index}]", block


class Network(Section):
    """The VPC and its private subnets; there is no way to the internet."""

    cidr: IPv4Network = Field(description="a private block of /16 to /24, such as 10.20.0.0/16")
    zones: tuple[str, ...] = Field(description="availability zones such as eu-west-1a, three at least")
    subnets: Subnets = Field(description="blocks of each purpose, one a zone")
    transit_asn: int = Field(description="the transit gateway's private AS number, such as 64620; no other end's")
    flow_log_days: LogDays = Field(description="days to keep logs of flows and DNS, one of CloudWatch's retentions")

    def problems(self) -> Iterator[Problem]:
        if not 16 <= self.cidr.prefixlen <= 24 or not self.cidr.is_private:
            rule = "the VPC must be a private block of /16 to /24"
            yield Problem("cidr", self.cidr, rule, "Take one of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
        if not any(self.transit_asn in numbers for numbers in PRIVATE_ASNS) or self.transit_asn in AZURE_ASNS:
            rule = "a transit gateway has a private AS number that Azure does not keep for itself"
            remedy = "Take one of 64512 to 65514 or of 4200000000 to 4294967294"
            yield Problem("transit_asn", self.transit_asn, rule, remedy)
        if len(set(self.zones)) < len(self.zones):
            yield Problem("zones", self.zones, "a zone is named twice", "Name each zone once")
        if len(set(self.zones)) < 3:
            rule = "three zones are needed (Redshift Serverless takes no fewer, and Kafka keeps three replicas)"
            yield Problem("zones", self.zones, rule, "Name three zones of the region")
        for purpose in Subnets.model_fields:
            blocks = getattr(self.subnets, purpose)
            if len(blocks) != len(self.zones):
                rule = f"there are {len(self.zones)} zones but {len(blocks)} blocks"
                yield Problem(f"subnets.{purpose}", blocks, rule, "Give one block a zone, in the order of the zones")
        for path, block in self.subnets.named():
            if not block.subnet_of(self.cidr):
                rule = f"it is not inside the VPC {self.cidr}"
                yield Problem(f"subnets.{path}", block, rule, "Take a block of the VPC")
            if path.startswith("transit"):
                if block.prefixlen > 28:
                    rule = "a subnet has /28 at least (VPC quotas)"
                    yield Problem(f"subnets.{path}", block, rule, "Take a block of /28")
            elif block.prefixlen > 26:
                rule = "a subnet needs /26 or more (the warehouse and the connectors take an address a unit)"
                yield Problem(f"subnets.{path}", block, rule, "Take a larger block")
        for (one, first), (other, second) in combinations(self.subnets.named(), 2):
            if first.overlaps(second):
                rule = f"it overlaps subnets.{one} ({first})"
                yield Problem(f"subnets.{other}", second, rule, "Give each subnet a block of its own")


class Encryption(Section):
    """Customer-managed keys."""

    deletion_days: int = Field(ge=7, le=30, description="days before a deleted key is gone, 7 to 30")
    rotation_days: int = Field(ge=90, le=2560, description="days between rotations, 90 to 2560")
