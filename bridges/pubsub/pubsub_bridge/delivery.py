"""Sending a batch: lanes, order, and what happens when Pub/Sub does not take it.

A PublishRequest may hold messages of one ordering key only, so an ordering key for every Kafka key
would mean a request for every record. Instead a topic has a fixed number of *lanes*, stated in its
contract. A Kafka key always has the same lane, whatever its partition (so the lane survives a change
of the number of partitions), and a lane is one ordering key: `orders/7`.

Why the order of a Kafka key holds. Its records lie in one partition and share one lane. Within a
batch a lane's records are sent in order, the next request only after the last one was acknowledged.
When Pub/Sub does not take a request, nothing more of that lane is sent, every partition with an
unsent record stops at its first one, and the event source begins again there. Other lanes of that
partition may have sent later records by then: those hold other keys, and when they come again they
are repeats that a consumer drops by partition and offset. A request that timed out and arrives late
holds only records that had been sent before, or are sent again now: a repeat as well. So the first
arrivals of a key are always in the order of its offsets.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pubsub_bridge.event import Record
from pubsub_bridge.ports import Failures, Message, Poison, Publisher, RefusedError, UnavailableError
from pubsub_bridge.projection import Projection, UnfitError

MAX_REQUEST_MESSAGES = 1_000
MAX_REQUEST_BYTES = 9_000_000
"""Pub/Sub takes 10,000,000 bytes a request; the rest is room for what surrounds the messages."""
MAX_MESSAGE_OVERHEAD_BYTES = 512
"""Attribute names, positions and framing of one message."""
MAX_ATTRIBUTE_BYTES = 1_024
"""Pub/Sub's limit for an attribute's value."""
MAX_PARALLEL_LANES = 16
REQUEST_SECONDS = 20.0


@dataclass(frozen=True)
class Route:
    """How one Kafka topic is bridged."""

    pubsub_topic: str
    lanes: int
    projection: Projection

    def lane_of(self, record: Record) -> int:
        """Return the lane of a record's key; records without a key keep the order of their partition."""
        return zlib.crc32(str(record.partition).encode() if record.key is None else record.key) % self.lanes


class Routes:
    """The compiled contract (`contract.json`): what is bridged, and where to."""

    def __init__(self, contract: Mapping[str, Any], project: str) -> None:
        self._routes = {
            topic: Route(
                pubsub_topic=f"projects/{project}/topics/{entry['pubsub_topic']}",
                lanes=entry["lanes"],
                projection=Projection(entry["fields"]),
            )
            for topic, entry in contract["topics"].items()
        }

    def of(self, topic: str) -> Route:
        if topic not in self._routes:
            raise LookupError(
                f"topic {topic!r} is in no contract that shares with Pub/Sub (shared: {', '.join(self._routes)}); "
                "take it from the event source mapping, or share it in its contract"
            )
        return self._routes[topic]


@dataclass
class Outcome:
    """What became of a batch. Every record is sent, poison or unsent."""

    sent: Counter[str] = field(default_factory=Counter)
    """Topic -> messages that Pub/Sub holds."""
    unsent: Counter[str] = field(default_factory=Counter)
    poison: list[Poison] = field(default_factory=list)
    """Without those at or after a partition's stop: they come again with it."""
    stops: dict[tuple[str, int], int] = field(default_factory=dict)
    """Topic and partition -> first unsent offset, for the partitions that stopped."""
    errors: list[str] = field(default_factory=list)
    """Why lanes stopped, each text once."""


@dataclass(frozen=True, slots=True)
class _Letter:
    record: Record
    message: Message


@dataclass
class _LaneOutcome:
    sent: list[Record] = field(default_factory=list)
    poison: list[Poison] = field(default_factory=list)
    unsent: list[Record] = field(default_factory=list)
    error: str | None = None


def deliver(
    records: Sequence[Record],
    routes: Routes,
    publisher: Publisher,
    failures: Failures,
    seconds_left: Callable[[], float],
) -> Outcome:
    """Send a batch to Pub/Sub and what can never be sent to the failure destination.

    Args:
        records: a batch, each partition's records in the order of their offsets.
        seconds_left: how long sending may still take; when nothing is left, the rest is unsent.
    Raises: whatever `failures` raises, and LookupError for a topic in no contract. The batch then counts as unsent.
    """
    lanes: dict[tuple[str, str], list[_Letter]] = defaultdict(list)
    poison: list[Poison] = []
    for record in records:
        route = routes.of(record.topic)
        try:
            letter = _Letter(record, _message(record, route))
        except UnfitError as unfit:
            poison.append(Poison(record, unfit.reason, unfit.detail))
            continue
        lanes[route.pubsub_topic, f"{record.topic}/{route.lane_of(record)}"].append(letter)

    outcome = Outcome()
    for lane in _in_parallel(lanes, publisher, seconds_left):
        poison += lane.poison
        outcome.sent.update(record.topic for record in lane.sent)
        outcome.unsent.update(record.topic for record in lane.unsent)
        if lane.error and lane.error not in outcome.errors:
            outcome.errors.append(lane.error)
        for record in lane.unsent:
            position = (record.topic, record.partition)
            outcome.stops[position] = min(record.offset, outcome.stops.get(position, record.offset))

    poison.sort(key=lambda item: (item.record.topic, item.record.partition, item.record.offset))
    for item in poison:
        stop = outcome.stops.get((item.record.topic, item.record.partition))
        if stop is None or item.record.offset < stop:
            outcome.poison.append(item)
        else:
            outcome.unsent[item.record.topic] += 1
    if outcome.poison:
        failures.put(outcome.poison)
    return outcome


def _message(record: Record, route: Route) -> Message:
    data = route.projection.apply(record.value)
    attributes = {
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "timestamp": str(record.timestamp),
    }
    if record.key is not None:
        try:
            attributes["key"] = record.key.decode("utf-8")
        except UnicodeDecodeError as error:
            raise UnfitError("key_not_text", f"byte {error.start} of the key is not UTF-8") from error
        if len(record.key) > MAX_ATTRIBUTE_BYTES:
            raise UnfitError(
                "key_too_long", f"the key has {len(record.key)} bytes, an attribute takes {MAX_ATTRIBUTE_BYTES}"
            )
    return Message(data, attributes)


def _in_parallel(
    lanes: Mapping[tuple[str, str], list[_Letter]], publisher: Publisher, seconds_left: Callable[[], float]
) -> list[_LaneOutcome]:
    """Send the lanes side by side, each with one request on its way at a time."""
    if not lanes:
        return []
    with ThreadPoolExecutor(min(len(lanes), MAX_PARALLEL_LANES)) as threads:
        return list(
            threads.map(
                lambda lane: _send_lane(lane[0][0], lane[0][1], lane[1], publisher, seconds_left), lanes.items()
            )
        )


def _send_lane(
    topic: str, ordering_key: str, letters: list[_Letter], publisher: Publisher, seconds_left: Callable[[], float]
) -> _LaneOutcome:
    outcome = _LaneOutcome()
    waiting = deque(_requests(letters))
    while waiting:
        request = waiting.popleft()
        try:
            timeout = min(REQUEST_SECONDS, seconds_left())
            if timeout <= 0:
                raise UnavailableError("no time is left in this invocation")
            publisher.publish(topic, ordering_key, [letter.message for letter in request], timeout)
        except RefusedError as refused:
            if len(request) == 1:
                outcome.poison.append(Poison(request[0].record, "refused", str(refused)))
            else:  # One message of these is not acceptable: halve until it stands alone, first half first.
                middle = len(request) // 2
                waiting.extendleft((request[middle:], request[:middle]))
        except UnavailableError as unavailable:
            outcome.error = str(unavailable)
            outcome.unsent = [letter.record for late in (request, *waiting) for letter in late]
            break
        else:
            outcome.sent += [letter.record for letter in request]
    return outcome


def _requests(letters: Sequence[_Letter]) -> Iterator[list[_Letter]]:
    request: list[_Letter] = []
    size = 0
    for letter in letters:
        length = len(letter.message.data) + len(letter.record.key or b"") + MAX_MESSAGE_OVERHEAD_BYTES
        if request and (len(request) == MAX_REQUEST_MESSAGES or size + length > MAX_REQUEST_BYTES):
            yield request
            request, size = [], 0
        request.append(letter)
        size += length
    if request:
        yield request
