"""Sections of what is shared with Google: the project, and the bridge from Kafka to its Pub/Sub."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from settings.problems import Problem, Section
from settings.values import GCP_REGIONS, LogDays


class Gcp(Section):
    """The Google Cloud project that data is shared with; a stack without this section shares nothing with Google."""

    project: str = Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$", description="a Google Cloud project id")


class Bridge(Section):
    """The bridge to Pub/Sub; a stack without this section has no bridge."""

    regions: tuple[str, ...] = Field(
        min_length=1, description="Google Cloud regions that may keep messages, the bridge's first"
    )
    message_days: int = Field(ge=1, le=31, description="days that an unread message is kept, 1 to 31")
    unread_minutes: int = Field(
        ge=1, le=720, description="minutes that a message may wait for its reader before a person is told, 1 to 720"
    )
    ack_seconds: int = Field(ge=10, le=600, description="seconds a reader has to acknowledge, 10 to 600")
    delivery_attempts: int = Field(ge=5, le=100, description="deliveries before a message is dead, 5 to 100")
    backoff_min_seconds: int = Field(ge=0, le=600, description="seconds before a second delivery, 0 to 600")
    backoff_max_seconds: int = Field(ge=0, le=600, description="seconds between later deliveries, 0 to 600")
    batch_records: int = Field(ge=1, le=10000, description="records an invocation at most, 1 to 10000")
    batch_seconds: int = Field(ge=0, le=300, description="seconds to wait for a batch, 0 to 300")
    memory_mib: int = Field(ge=128, le=10240, description="MiB of the function, 128 to 10240")
    timeout_seconds: int = Field(ge=10, le=840, description="seconds an invocation may take, 10 to 840 (Kafka: 14 min)")
    pollers_min: int = Field(ge=1, le=200, description="event pollers at least, 1 to 200")
    pollers_max: int = Field(ge=1, le=2000, description="event pollers at most, 1 to 2000; one a partition is enough")
    concurrency: int = Field(ge=1, le=500, description="invocations at a time for each shared topic, 1 to 500")
    lag_records: int = Field(ge=1, le=1_000_000_000, description="records behind a topic that need a person, 1 or more")
    log_days: LogDays = Field(description="days to keep the function's logs, one of CloudWatch's retentions")

    def problems(self) -> Iterator[Problem]:
        for index, region in enumerate(self.regions):
            if region not in GCP_REGIONS:
                rule = "customers' data stays in the European Union"
                yield Problem(f"regions[{index}]", region, rule, f"Take one of {', '.join(GCP_REGIONS)}")
        if self.backoff_max_seconds < self.backoff_min_seconds:
            rule = f"it is less than backoff_min_seconds ({self.backoff_min_seconds})"
            yield Problem("backoff_max_seconds", self.backoff_max_seconds, rule, "Give the same or more")
        if self.pollers_max < self.pollers_min:
            rule = f"it is less than pollers_min ({self.pollers_min})"
            yield Problem("pollers_max", self.pollers_max, rule, "Give the same or more")
        if self.concurrency < self.pollers_max:
            rule = f"{self.pollers_max} pollers a topic would wait for each other"
            yield Problem("concurrency", self.concurrency, rule, "Give pollers_max or more")
