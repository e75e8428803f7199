"""How far the event sources are: `<state>/functions/state.json`, rewritten every second by the runtime.

{"pid": 4711, "heartbeat": "2017-01-01T00:00:00+00:00", "mappings": {"<uuid>": {
  "function": "pubsub-bridge", "topic": "orders", "consumer_group": "...", "state": "running",
  "positions": {"0": 10432}, "records": 41000, "invocations": 90, "failures": 0, "partial_failures": 0,
  "given_up": 0, "last_error": null}}}

A position is the next offset to deal with; everything before it is done and committed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from local.site import Site

BROKER_SECONDS = 30.0


@dataclass
class Progress:
    """One mapping's. Written by its event source alone, read by the runtime."""

    function: str
    topic: str
    consumer_group: str
    state: str = "starting"
    positions: dict[int, int] = field(default_factory=dict)
    records: int = 0
    invocations: int = 0
    failures: int = 0
    partial_failures: int = 0
    given_up: int = 0
    last_error: str | None = None


def file_of(site: Site) -> Path:
    return site.state / "functions" / "state.json"


def write(site: Site, mappings: Mapping[str, Progress]) -> None:
    file = file_of(site)
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(
        {
            "pid": os.getpid(),
            "heartbeat": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "mappings": {uuid: asdict(progress) for uuid, progress in mappings.items()},
        },
        indent=1,
    )
    unfinished = file.with_suffix(".tmp")
    unfinished.write_text(text)
    unfinished.replace(file)


def read(site: Site) -> dict[str, Any]:
    """The file's content; no mappings if the runtime never ran here."""
    try:
        return json.loads(file_of(site).read_text())
    except FileNotFoundError:
        return {"pid": None, "heartbeat": None, "mappings": {}}


def delivered_and_lag(site: Site, topics: Iterable[str]) -> tuple[int, int]:
    """How many records of the topics their functions have dealt with, and how many still wait.

    A topic that no running mapping reads waits as a whole; of several mappings the slowest counts.
    """
    consumer = Consumer({"bootstrap.servers": site.kafka_bootstrap, "group.id": "progress", "log_level": 0, **READING})
    running = read(site)["mappings"].values()
    delivered = lag = 0
    try:
        for topic in topics:
            readers = [mapping["positions"] for mapping in running if mapping["topic"] == topic]
            for partition in consumer.list_topics(topic, timeout=BROKER_SECONDS).topics[topic].partitions:
                low, high = _watermarks(consumer, topic, partition)
                position = min((positions.get(str(partition), low) for positions in readers), default=low)
                delivered += position - low
                lag += max(0, high - position)
    finally:
        consumer.close()
    return delivered, lag


READING: dict[str, Any] = {"enable.auto.commit": False, "isolation.level": "read_committed"}


def _watermarks(consumer: Consumer, topic: str, partition: int) -> tuple[int, int]:
    answer = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=BROKER_SECONDS)
    if answer is None:
        raise TimeoutError(f"the broker does not say where {topic}-{partition} ends")
    return answer
