"""Sections of the warehouse and of the people who ask it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from settings.problems import Problem, Section
from settings.values import LogDays

PERMISSION_SET = r"^[A-Za-z0-9+=,.@-]{1,32}$"
"""A name that IAM Identity Center takes (CreatePermissionSet), without the underscore that ends it in its role's."""
UsageBreach = Literal["log", "emit-metric", "deactivate"]


class Warehouse(Section):
    """Redshift Serverless."""

    base_rpu: int = Field(ge=8, le=512, multiple_of=8, description="RPU to begin with, 8 to 512 in steps of 8")
    max_rpu: int = Field(ge=8, le=512, multiple_of=8, description="RPU at most, 8 to 512 in steps of 8")
    query_minutes: int = Field(ge=1, le=1440, description="minutes until a query is stopped, 1 to 1440")
    daily_rpu_hours: int = Field(ge=1, le=100_000, description="RPU-hours a day before daily_breach, 1 or more")
    daily_breach: UsageBreach = Field(description="what happens then: log, emit-metric or deactivate")
    monthly_rpu_hours: int = Field(ge=1, le=1_000_000, description="RPU-hours a month before monthly_breach, 1 or more")
    monthly_breach: UsageBreach = Field(description="what happens then: log, emit-metric or deactivate")
    failed_queries: int = Field(ge=1, le=10_000, description="failed queries in 5 minutes, thrice, that call a person")
    log_days: LogDays = Field(
        description="days to keep connection, user and query logs, one of CloudWatch's retentions"
    )

    def problems(self) -> Iterator[Problem]:
        if self.max_rpu < self.base_rpu:
            yield Problem(
                "max_rpu", self.max_rpu, f"it is less than base_rpu ({self.base_rpu})", "Give the same or more"
            )
        if self.monthly_rpu_hours < self.daily_rpu_hours:
            rule = f"it is less than daily_rpu_hours ({self.daily_rpu_hours}), which would never be reached"
            yield Problem("monthly_rpu_hours", self.monthly_rpu_hours, rule, "Give the same or more")
        most = 31 * self.daily_rpu_hours
        if self.daily_breach == "deactivate" and self.monthly_rpu_hours > most:
            rule = f"queries stop at {self.daily_rpu_hours} RPU-hours a day, so a month never has more than {most}"
            yield Problem("monthly_rpu_hours", self.monthly_rpu_hours, rule, f"Give {most} or less")
        if self.daily_breach == self.monthly_breach == "deactivate":
            rule = "Redshift Serverless takes one limit with deactivate a workgroup, and daily_breach has it"
            yield Problem("monthly_breach", self.monthly_breach, rule, "Set one of the two to emit-metric")


class People(Section):
    """Who may take the roles for people: permission sets of IAM Identity Center, assigned in the stack's account."""

    analysts: str = Field(pattern=PERMISSION_SET, description="the permission set of analysts, such as DataAnalyst")
    engineers: str = Field(pattern=PERMISSION_SET, description="the permission set of data engineers")

    def problems(self) -> Iterator[Problem]:
        if self.analysts == self.engineers:
            rule = "engineers see personal data, analysts do not"
            yield Problem("engineers", self.engineers, rule, "Give each a permission set of its own")
