"""The section of the jobs that curate and build tables, and of the pipeline that runs them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from settings.problems import Problem, Section
from settings.values import LogDays


class Processing(Section):
    """Glue jobs and the pipeline that runs them."""

    glue_version: Literal["5.0", "5.1"] = Field(description="5.1 (Spark 3.5, Python 3.11, Iceberg)")
    worker_type: Literal["G.1X", "G.2X", "G.4X", "G.8X"] = Field(description="G.1X (4 vCPU, 16 GiB) to G.8X")
    workers: int = Field(ge=2, le=299, description="workers a run at most, 2 to 299; Glue scales below")
    timeout_minutes: int = Field(ge=5, le=1440, description="minutes until a run is stopped, 5 to 1440")
    pipeline_timeout_minutes: int = Field(
        ge=10, le=10080, description="minutes until a run of the pipeline is stopped, 10 to 10080"
    )
    concurrent_runs: int = Field(ge=1, le=50, description="runs of one job at a time, 1 to 50")
    schedule: str | None = Field(
        default=None,
        pattern=r"^(rate\([1-9][0-9]* (minutes?|hours?|days?)\)|cron\([^()]+\))$",
        description="when the pipeline starts, such as rate(1 hour) or cron(0 5 * * ? *); nothing: by hand",
    )
    log_days: LogDays = Field(description="days to keep job and pipeline logs, one of CloudWatch's retentions")

    def problems(self) -> Iterator[Problem]:
        if self.pipeline_timeout_minutes < 2 * self.timeout_minutes:
            rule = f"a run curates, then builds: two jobs of {self.timeout_minutes} minutes at most"
            remedy = f"Give {2 * self.timeout_minutes} or more, or lower timeout_minutes"
            yield Problem("pipeline_timeout_minutes", self.pipeline_timeout_minutes, rule, remedy)
