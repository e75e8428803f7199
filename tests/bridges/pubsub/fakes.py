"""Pub/Sub, SQS and Lambda's event source, as far as the bridge meets them, with faults on order."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from pubsub_bridge.delivery import Outcome, Routes, deliver
from pubsub_bridge.event import Record
from pubsub_bridge.ports import Message, Poison, RefusedError, UnavailableError

CONTRACT = {
    "topics": {
        "orders": {
            "key": "order_id",
            "lanes": 4,
            "fields": [
                {"name": "order_id", "type": "string", "required": True},
                {"name": "event_type", "type": "string", "required": False},
                {
                    "name": "lines",
                    "type": "array",
                    "required": False,
                    "fields": [{"name": "quantity", "type": "long", "required": True}],
                },
            ],
            "pubsub_topic": "orders",
        }
    }
}


def routes() -> Routes:
    return Routes(CONTRACT, "novaretail-test")


def record(partition: int, offset: int, key: str | None, value: bytes | None) -> Record:
    return Record("orders", partition, offset, 1_483_271_606_000 + offset, key.encode() if key else None, value)


def order(key: str, **fields: object) -> bytes:
    return json.dumps({"order_id": key, "customer_id": "secret", **fields}).encode()


Position = tuple[str, int, int]


@dataclass
class FakePubSub:
    """Keeps what arrives, in the order of arrival of each ordering key.

    `fault(number of the request)` says what happens to a request: None (taken), "lost" (it never
    arrived) or "late" (taken, and the caller told that it timed out). Messages at `refused` positions
    are what Pub/Sub calls an invalid argument.
    """

    fault: Callable[[int], str | None] = lambda number: None
    refused: frozenset[Position] = frozenset()
    arrived: dict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    requests: list[tuple[str, int]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def publish(self, topic: str, ordering_key: str, messages: Sequence[Message], timeout: float) -> None:
        with self._lock:
            number = len(self.requests)
            self.requests.append((ordering_key, len(messages)))
            fault = self.fault(number)
            if fault == "lost":
                raise UnavailableError("503 the service is unavailable")
            if any(position(message) in self.refused for message in messages):
                raise RefusedError("400 a message is not acceptable")
            self.arrived[ordering_key].extend(messages)
            if fault == "late":
                raise UnavailableError("504 deadline exceeded")

    def messages(self) -> Iterator[Message]:
        for arrived in self.arrived.values():
            yield from arrived


@dataclass
class FakeFailures:
    kept: list[Poison] = field(default_factory=list)
    fault: Callable[[int], bool] = lambda number: False
    calls: int = 0

    def put(self, poison: Sequence[Poison]) -> None:
        self.calls += 1
        if self.fault(self.calls - 1):
            raise ConnectionError("SQS is away")
        self.kept.extend(poison)


def position(message: Message) -> Position:
    return (message.attributes["topic"], int(message.attributes["partition"]), int(message.attributes["offset"]))


def positions(records: Sequence[Record]) -> set[Position]:
    return {(record.topic, record.partition, record.offset) for record in records}


def drain(
    log: Sequence[Record], pubsub: FakePubSub, failures: FakeFailures, batch_size: int = 10, attempts: int = 500
) -> list[Outcome]:
    """Play Lambda's event source until the whole log is through: batches over all partitions, begun again at a stop."""
    committed: dict[int, int] = defaultdict(int)
    outcomes: list[Outcome] = []
    for _ in range(attempts):
        waiting = [record for record in log if record.offset >= committed[record.partition]]
        if not waiting:
            return outcomes
        batch = sorted(waiting[:batch_size], key=lambda record: (record.partition, record.offset))
        try:
            outcome = deliver(batch, routes(), pubsub, failures, seconds_left=lambda: 60)
        except ConnectionError:
            continue  # the invocation failed: the batch comes again
        outcomes.append(outcome)
        for record in batch:
            stop = outcome.stops.get((record.topic, record.partition), record.offset + 1)
            committed[record.partition] = max(committed[record.partition], min(stop, record.offset + 1))
    raise AssertionError(f"{len(waiting)} records still wait after {attempts} batches")
