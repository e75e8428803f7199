"""The bridge held against Kafka: every record of a shared topic is in Pub/Sub or in the failure queue.

By position (partition, offset), not by count: one record missing and another one doubled would look right.

`watch`, called before the bridge begins, gives the report subscriptions of its own and empties them as messages
come, for two reasons. What the platform's own subscriptions hold stays there to be looked at. And Google's in-memory
server forgets what nobody took for ten minutes, gives an ordered subscription one message a lane and pull, and looks
at every message that it holds for each: 50 s for 40,000 messages, hours for a year. Without `watch` the topic's own
subscription is read at the end, which is slow and leaves it empty.

The report's subscription is not ordered. Its messages are put into the order in which the server numbered them, in
which an ordered subscription gives those of one lane.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from google.api_core.exceptions import AlreadyExists
from google.cloud import pubsub_v1
from google.pubsub_v1.types import PullResponse

import contracts
from contracts import Contracts
from local.rehearsal import positions
from local.rehearsal.clients import client
from local.rehearsal.positions import Position
from local.site import Site

PULL_MESSAGES = 1_000
PULL_SECONDS = 30.0
ACK_SECONDS = 600
EMPTY_PULLS = 2
"""A pull may come back empty although messages are there; two in a row say that none is."""
WATCH_SECONDS = 0.5
SQS_MESSAGES = 10
HIDDEN_SECONDS = 300
"""How long failures stay hidden from others while they are read; they are shown again at the end."""


@dataclass(frozen=True, kw_only=True)
class TopicTally:
    """What became of one topic's records."""

    produced: int
    received: int
    """Positions that arrived, whatever the number of times."""
    rejected: dict[str, int]
    """Reason -> positions in the failure queue."""
    missing: int
    """Positions that neither arrived nor are in the failure queue."""
    repeated: int
    """Messages that arrived again. At least once is what the bridge promises."""
    out_of_order: int
    """First arrivals that came after a later record of the same key."""
    unexpected: int
    """Positions that arrived and are no record of the topic, or are in the failure queue too."""
    unshared: tuple[str, ...]
    """Paths in messages that the contract does not share."""

    def as_dict(self) -> dict[str, Any]:
        """Give what report.json has of it."""
        return {
            "produced": self.produced,
            "received": self.received,
            "rejected": sum(self.rejected.values()),
            "rejected_by_reason": dict(sorted(self.rejected.items())),
            "missing": self.missing,
            "repeated": self.repeated,
            "out_of_order": self.out_of_order,
            "unexpected": self.unexpected,
            "unshared": list(self.unshared),
        }


@dataclass
class Arrivals:
    """What a subscription gave."""

    messages: list[tuple[int, Position]] = field(default_factory=list)
    """The server's number of each message, which counts up as messages are published, and the record's position."""
    paths: set[str] = field(default_factory=set)
    """Of all scalars in the messages, as contracts write them: `lines[].quantity`."""


class Watch(threading.Thread):
    """Empties one subscription as messages come, until `finish`."""

    def __init__(self, site: Site, subscription: str) -> None:
        super().__init__(name=f"watch-{subscription}", daemon=True)
        self._site = site
        self._subscription = subscription
        self._arrivals = Arrivals()
        self._finishing = threading.Event()
        self._error: Exception | None = None

    def run(self) -> None:
        try:
            while not self._finishing.is_set():
                drain(self._site, self._subscription, self._arrivals, empty_pulls=1)
                self._finishing.wait(WATCH_SECONDS)
            drain(self._site, self._subscription, self._arrivals)
        except Exception as error:  # noqa: BLE001 - `finish` raises it where it is looked for
            self._error = error

    def finish(self) -> Arrivals:
        """Take what is there by now, and end. Raises what went wrong while watching."""
        self._finishing.set()
        self.join()
        if self._error:
            raise self._error
        return self._arrivals


def watch(site: Site, data: Contracts, outputs: Mapping[str, Any]) -> dict[str, Watch]:
    """Follow from now on what every shared topic gets. Call it before any event source is read.

    Args: outputs: of the stack: `function`.
    Returns: topic -> watch, for `tally_topics` to end.
    """
    project = _project(site, outputs["function"])
    watches = {}
    for topic, shared in contracts.compile_bridge(data)["topics"].items():
        subscription = f"projects/{project}/subscriptions/{topic}-report"
        request = {
            "name": subscription,
            "topic": f"projects/{project}/topics/{shared['pubsub_topic']}",
            "ack_deadline_seconds": ACK_SECONDS,
        }
        # An earlier run's on the same server serves as well: it holds what has been published since.
        with _subscriber(site) as subscriber, suppress(AlreadyExists):
            subscriber.create_subscription(request=request, timeout=PULL_SECONDS)
        watches[topic] = Watch(site, subscription)
        watches[topic].start()
    return watches


def tally_topics(
    site: Site, data: Contracts, outputs: Mapping[str, Any], watches: Mapping[str, Watch]
) -> dict[str, dict[str, Any]]:
    """Compare every shared topic with what Pub/Sub got, and with the failure queue, which is left as it is.

    Args:
        outputs: of the stack: `function`, `failures` (the queue's URL), `pubsub_subscriptions` (topic -> name).
        watches: what `watch` began, which ends here.
    Returns: topic -> counts, see TopicTally.
    """
    project = _project(site, outputs["function"])
    rejected = read_failures(site, outputs["failures"])
    compared = {}
    for topic in contracts.compile_bridge(data)["topics"]:
        watched = watches.get(topic)
        if watched:
            arrivals = watched.finish()
        else:
            name = outputs["pubsub_subscriptions"][topic].split("/")[-1]
            arrivals = Arrivals()
            drain(site, f"projects/{project}/subscriptions/{name}", arrivals)
        expected = positions.in_topic(site, topic)
        share = data.topic(topic).share
        paths = share.fields if share else ()
        compared[topic] = tally(expected, arrivals, rejected.get(topic, {}), paths).as_dict()
    return compared


def tally(
    expected: Mapping[Position, bytes | None],
    arrivals: Arrivals,
    rejected: Mapping[Position, str],
    shared: Iterable[str],
) -> TopicTally:
    """Hold what arrived against what was produced.

    Args:
        expected: every record of the topic, with its key.
        rejected: position -> reason, of the failure queue.
        shared: the paths that the contract shares.
    """
    repeated = out_of_order = 0
    seen: set[Position] = set()
    latest: dict[bytes, int] = {}
    for _, position in sorted(arrivals.messages):
        if position in seen:
            repeated += 1
            continue
        seen.add(position)
        key, offset = expected.get(position), position[1]
        if key is not None:  # a key has one partition, so its offsets can be compared
            out_of_order += offset < latest.get(key, -1)
            latest[key] = max(offset, latest.get(key, -1))
    return TopicTally(
        produced=len(expected),
        received=len(seen & expected.keys()),
        rejected=dict(Counter(rejected.values())),
        missing=len(expected.keys() - seen - rejected.keys()),
        repeated=repeated,
        out_of_order=out_of_order,
        unexpected=len(seen - expected.keys()) + len(seen & rejected.keys()),
        unshared=tuple(sorted(arrivals.paths - set(shared))),
    )


def drain(site: Site, subscription: str, arrivals: Arrivals, empty_pulls: int = EMPTY_PULLS) -> None:
    """Pull and acknowledge all that a subscription holds, and add it to `arrivals`.

    By synchronous pull: the streaming one is slow on Google's in-memory server, and keeps what it has not handed on.
    """
    empty = 0
    with _subscriber(site) as subscriber:
        while empty < empty_pulls:
            answer = subscriber.pull(subscription=subscription, max_messages=PULL_MESSAGES, timeout=PULL_SECONDS)
            received = PullResponse.pb(answer).received_messages
            if not received:
                empty += 1
                continue
            empty = 0
            for one in received:
                message = one.message
                position = (int(message.attributes["partition"]), int(message.attributes["offset"]))
                arrivals.messages.append((int(message.message_id.removeprefix("m")), position))
                arrivals.paths |= _paths(json.loads(message.data))
            subscriber.acknowledge(subscription=subscription, ack_ids=[one.ack_id for one in received])


def read_failures(site: Site, queue: str) -> dict[str, dict[Position, str]]:
    """Read all that the failure queue holds, as topic -> position -> reason; it holds them still afterwards."""
    sqs = client(site, "sqs")
    found: dict[str, dict[Position, str]] = {}
    handles: list[str] = []
    while messages := sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=SQS_MESSAGES, VisibilityTimeout=HIDDEN_SECONDS, WaitTimeSeconds=0
    ).get("Messages"):
        for message in messages:
            handles.append(message["ReceiptHandle"])
            body = json.loads(message["Body"])
            found.setdefault(body["topic"], {})[body["partition"], body["offset"]] = body["reason"]
    for some in _tens(handles):
        entries = [{"Id": str(n), "ReceiptHandle": handle, "VisibilityTimeout": 0} for n, handle in enumerate(some)]
        sqs.change_message_visibility_batch(QueueUrl=queue, Entries=entries)
    return found


def _tens(handles: Sequence[str]) -> list[Sequence[str]]:
    return [handles[start : start + SQS_MESSAGES] for start in range(0, len(handles), SQS_MESSAGES)]


def _paths(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict):
        return {p for name, item in value.items() for p in _paths(item, f"{path}.{name}" if path else name)}
    if isinstance(value, list):
        return {p for item in value for p in _paths(item, f"{path}[]")}
    return {path}


def _project(site: Site, function: str) -> str:
    """The Google project that the bridge publishes to."""
    configuration = client(site, "lambda").get_function_configuration(FunctionName=function)
    return str(configuration["Environment"]["Variables"]["PUBSUB_PROJECT"])


def _subscriber(site: Site) -> Any:
    site.activate()  # Google's client finds the server by the environment
    return pubsub_v1.SubscriberClient()
