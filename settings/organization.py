"""Sections of the organization's stack."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from settings.problems import Problem, Section
from settings.values import ACCOUNTS, REGIONS, LogDays


class LogArchive(Section):
    """The bucket that keeps the trails of all accounts."""

    lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] = Field(
        description="GOVERNANCE: a role with the right to bypass may remove a locked file; COMPLIANCE: nobody may"
    )
    lock_days: int = Field(ge=1, le=3650, description="days that a log file cannot be removed")
    cold_days: int = Field(ge=1, le=3650, description="days until a log file moves to a cheaper storage class")
    keep_days: int = Field(ge=365, le=3650, description="days until a log file is removed, 365 at least")


class OrganizationTrail(Section):
    """The trail of all accounts."""

    log_days: LogDays = Field(description="days to keep the trail's log group, one of CloudWatch's retentions")


class Detection(Section):
    """What looks at all accounts for access that nobody should have."""

    unused_days: int = Field(ge=1, le=365, description="days after which access that nobody used is a finding")


class Organization(Section):
    """The AWS Organization and its accounts."""

    regions: tuple[str, ...] = Field(min_length=1, description="AWS regions that accounts may use")
    accounts: dict[str, str] = Field(
        description="mail address of each account's root user, one a name: prod-core, nonprod-core, shared-services"
    )
    repository: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$",
        description="the GitHub repository whose pipeline may preview and deploy, as owner/name",
    )
    trail: OrganizationTrail = Field(description="log_days of the trail")
    detection: Detection = Field(description="unused_days of the detection")
    log_archive: LogArchive = Field(description="lock_mode, lock_days, cold_days and keep_days of the log archive")

    def problems(self) -> Iterator[Problem]:
        archive = self.log_archive
        if archive.keep_days < archive.lock_days:
            rule = f"a log file cannot be removed while it is locked (lock_days is {archive.lock_days})"
            yield Problem("log_archive.keep_days", archive.keep_days, rule, "Give as many days or more")
        if archive.keep_days <= archive.cold_days:
            rule = f"log files are removed after {archive.keep_days} days, before they would move"
            yield Problem("log_archive.cold_days", archive.cold_days, rule, "Give fewer days than keep_days")
        for index, region in enumerate(self.regions):
            if region not in REGIONS:
                rule = "customers' data stays in the European Union"
                yield Problem(f"regions[{index}]", region, rule, f"Take one of {', '.join(REGIONS)}")
        for name in ACCOUNTS:
            if name not in self.accounts:
                yield Problem(f"accounts.{name}", None, "it is missing", "Give the mail address of its root user")
        for name, mail in self.accounts.items():
            if name not in ACCOUNTS:
                rule = "there is no such account"
                yield Problem(f"accounts.{name}", mail, rule, f"Accounts are {', '.join(ACCOUNTS)}")
            if not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", mail) or len(mail) > 64:
                rule = "an account needs a mail address of at most 64 characters"
                yield Problem(f"accounts.{name}", mail, rule, "Give the mail address of its root user")
        if len(set(self.accounts.values())) < len(self.accounts):
            rule = "AWS takes a mail address for one account only"
            yield Problem("accounts", self.accounts, rule, "Give each account its own")
