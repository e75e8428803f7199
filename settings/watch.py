"""The section of what is recorded and searched for."""

from __future__ import annotations

from pydantic import Field

from settings.problems import Section
from settings.values import LogDays


class Audit(Section):
    """The trail of what happens to the lake and the account, and what it is searched for."""

    log_days: LogDays = Field(description="days to keep the trail's log group, one of CloudWatch's retentions")
    unused_access_days: int | None = Field(
        default=None, ge=1, le=365, description="days until unused access of a role is a finding, 1 to 365; or nothing"
    )
