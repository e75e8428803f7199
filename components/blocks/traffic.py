"""Who in the VPC may open a connection to whom: one table, from which both sides' rules are made.

Network access lists stay as AWS makes them: they name neither groups nor prefix lists, and S3's gateway answers from
public addresses, so a list that lets jobs work would be open to all of them. Groups and missing routes decide.
"""

from __future__ import annotations

from dataclasses import dataclass

GROUPS = ("applications", "jobs", "warehouse", "databases", "migration", "streaming", "endpoints", "exchange")
"""applications: functions and connectors; jobs: Glue; migration: DMS; streaming: brokers and Lambda's pollers;
exchange: S3's interface endpoint, which nobody in the VPC calls: a link lets its other end in."""

KAFKA_PORTS = {"iam": 9098, "none": 9092}
GOOGLE_PRIVATE_RANGE = "199.36.153.8/30"
"""private.googleapis.com; reached over the link to Google Cloud, never over the internet."""

REACH_S3 = ("applications", "jobs", "warehouse", "migration")
"""Groups that read or write the lake, by the gateway's prefix list."""


@dataclass(frozen=True)
class Flow:
    """TCP from one group to ports of another."""

    source: str
    target: str
    low: int
    """The first port."""
    high: int
    """The last port, itself included."""
    why: str
    """The rules' description."""


def flows(kafka_authentication: str) -> tuple[Flow, ...]:
    """Return every connection that may be opened in the VPC; brokers listen at the port of their authentication."""
    kafka = KAFKA_PORTS[kafka_authentication]
    return (
        Flow("applications", "streaming", kafka, kafka, "Kafka"),
        # MSK Connect does not say at which port its workers forward requests to each other.
        Flow("applications", "applications", 0, 65535, "Workers of one connector"),
        # Glue's workers talk to each other on any port, and Glue checks for this very rule.
        Flow("jobs", "jobs", 0, 65535, "Workers of one job"),
        Flow("streaming", "streaming", 0, 65535, "Brokers, and pollers of event sources"),
        Flow("migration", "databases", 5432, 5432, "PostgreSQL"),
        *(
            Flow(source, "endpoints", 443, 443, "AWS services")
            for source in ("applications", "jobs", "warehouse", "migration", "streaming")
        ),
    )
