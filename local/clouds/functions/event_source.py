"""One event source mapping at work: read, invoke, commit.

A batch is committed when the function has dealt with it, never before, so a runtime that is killed
sends it again. Partitions are assigned by hand, not by the group's protocol: there is one reader, and
a killed one would otherwise keep its successor waiting until the group gives it up.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from local.clouds.functions.batch import AnswerError, left_over, next_offsets
from local.clouds.functions.control import EventSourceMapping
from local.clouds.functions.kafka_event import fitting, msk_event
from local.clouds.functions.progress import READING, Progress
from local.clouds.functions.worker import FunctionError, Worker

BROKER_SECONDS = 10.0
FIRST_BACKOFF_SECONDS = 0.2
MAX_BACKOFF_SECONDS = 10.0
NEW_PARTITIONS_SECONDS = 10.0
"""How often the topic is asked for partitions that were added."""

GiveUp = Callable[[dict[str, Any]], None]
"""Takes Lambda's description of a batch that was given up. Raises if it cannot keep it."""


class EventSource(threading.Thread):
    """Feeds one function from one topic until it is told to stop."""

    def __init__(
        self, mapping: EventSourceMapping, bootstrap: str, worker: Worker, give_up: GiveUp, progress: Progress
    ) -> None:
        super().__init__(name=f"event-source-{mapping.uuid}", daemon=True)
        self._mapping = mapping
        self._brokers = bootstrap
        self._worker = worker
        self._give_up = give_up
        self._progress = progress
        self._stopping = threading.Event()
        self._ends: dict[int, int] = {}

    def stop(self) -> None:
        """Ask it to end after the invocation that is going on; `join` waits for it."""
        self._stopping.set()

    def run(self) -> None:
        attempt = 0
        try:
            while not self._stopping.is_set():
                try:
                    self._follow()
                    attempt = 0
                except KafkaException as error:
                    self._failed("waiting", f"Kafka: {error.args[0]}")
                    self._pause(attempt)
                    attempt += 1
        finally:
            self._worker.close()
            self._progress.state = "stopped"

    def _follow(self) -> None:
        """Read the topic's present partitions until told to stop, or until it has more of them."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._brokers,
                "group.id": self._mapping.consumer_group,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest" if self._mapping.starting_position == "TRIM_HORIZON" else "latest",
                **READING,
            }
        )
        try:
            self._ends.clear()
            partitions = self._assign(consumer)
            self._progress.state = "running"
            waiting: deque[Message] = deque()
            attempt = 0
            asked = time.monotonic()
            while not self._stopping.is_set():
                self._fill(consumer, waiting)
                if waiting:
                    attempt = self._invoke(consumer, waiting, attempt)
                    if attempt:
                        self._pause(attempt - 1)
                self._pass_ends(waiting)
                if not waiting and time.monotonic() - asked > NEW_PARTITIONS_SECONDS:
                    asked = time.monotonic()
                    if self._partitions(consumer) != partitions:
                        return
        finally:
            consumer.close()

    def _partitions(self, consumer: Consumer) -> list[int]:
        topic = consumer.list_topics(self._mapping.topic, timeout=BROKER_SECONDS).topics[self._mapping.topic]
        if topic.error is not None:
            raise KafkaException(topic.error)
        return sorted(topic.partitions)

    def _assign(self, consumer: Consumer) -> list[int]:
        """Go on where the group has committed; where it has not, commit the starting position first.

        Without that commit a group that starts at LATEST would, after an early crash, start at a later LATEST.
        """
        partitions = self._partitions(consumer)
        wanted = [TopicPartition(self._mapping.topic, partition) for partition in partitions]
        places = consumer.committed(wanted, timeout=BROKER_SECONDS)
        for place in places:
            if place.error is not None:
                raise KafkaException(place.error)
            if place.offset < 0:
                low, high = self._watermarks(consumer, place)
                place.offset = low if self._mapping.starting_position == "TRIM_HORIZON" else high
            self._progress.positions[place.partition] = place.offset
        consumer.commit(offsets=places, asynchronous=False)
        consumer.assign(places)
        return partitions

    def _watermarks(self, consumer: Consumer, place: TopicPartition) -> tuple[int, int]:
        answer = consumer.get_watermark_offsets(place, timeout=BROKER_SECONDS)
        if answer is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return answer

    def _fill(self, consumer: Consumer, waiting: deque[Message]) -> None:
        """Add what the topic gives within the batching window, up to the size of a batch."""
        room = self._mapping.batch_size - len(waiting)
        if room <= 0:
            return
        for message in consumer.consume(room, timeout=self._mapping.window_seconds):
            error = message.error()
            partition, offset = message.partition(), message.offset()
            if partition is None or offset is None:
                raise KafkaException(error)
            if error is None:
                waiting.append(message)
                self._ends.pop(partition, None)
            elif error.code() == KafkaError._PARTITION_EOF:
                self._ends[partition] = offset
            else:
                raise KafkaException(error)

    def _pass_ends(self, waiting: deque[Message]) -> None:
        """Where all records are done, the end is the position: markers of transactions lie behind the last record."""
        open_partitions = {message.partition() for message in waiting}
        for partition in self._ends.keys() - open_partitions:
            self._progress.positions[partition] = max(self._progress.positions[partition], self._ends.pop(partition))

    def _invoke(self, consumer: Consumer, waiting: deque[Message], attempt: int) -> int:
        """Invoke once; leave in `waiting` what comes again. Returns the attempts made so far without any progress."""
        batch = list(waiting)[: self._mapping.batch_size]
        batch = batch[: fitting(batch)]
        event = msk_event(batch, self._mapping.cluster_arn, self._brokers)
        self._progress.invocations += 1
        again: list[Message] = []
        try:
            answer = self._worker.invoke(event)
            if self._mapping.reports_failures:
                again = left_over(batch, answer)
                if again:
                    self._failed("retrying", "the function gave records back (batchItemFailures); its log says why")
        except (FunctionError, AnswerError) as error:
            self._progress.failures += 1
            self._failed("retrying", str(error))
            again = batch
        if again and len(again) < len(batch):
            self._progress.partial_failures += 1
        if len(again) == len(batch):
            if self._mapping.max_retries < 0 or attempt < self._mapping.max_retries:
                return attempt + 1
            self._give_up(self._given_up(batch, attempt + 1))
            self._progress.given_up += len(batch)
            again = []
        self._commit(consumer, batch, again)
        for _ in batch:
            waiting.popleft()
        waiting.extendleft(reversed(again))
        if not again:
            self._progress.state = "running"
        return 1 if again else 0

    def _commit(self, consumer: Consumer, batch: list[Message], again: list[Message]) -> None:
        offsets = next_offsets(batch, again)
        consumer.commit(
            offsets=[TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()],
            asynchronous=False,
        )
        self._progress.positions |= {partition: offset for (_, partition), offset in offsets.items()}
        self._progress.records += len(batch) - len(again)

    def _given_up(self, batch: list[Message], invocations: int) -> dict[str, Any]:
        """What Lambda tells an on-failure destination: where the records lie, not the records."""
        offsets: dict[str, dict[str, int]] = {}
        for message in batch:
            place = offsets.setdefault(
                f"{message.topic()}-{message.partition()}", {"startOffset": message.offset() or 0}
            )
            place["endOffset"] = message.offset() or 0
        return {
            "requestContext": {
                "functionArn": self._mapping.function_arn,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": invocations,
            },
            "responseContext": {"functionError": self._progress.last_error},
            "version": "1.0",
            "KafkaBatchInfo": {
                "batchSize": len(batch),
                "eventSourceArn": self._mapping.cluster_arn,
                "bootstrapServers": self._brokers,
                "recordOffsets": offsets,
            },
        }

    def _failed(self, state: str, text: str) -> None:
        if text != self._progress.last_error:
            print(f"{self._progress.function} on {self._mapping.topic}: {text}", flush=True)
        self._progress.state, self._progress.last_error = state, text

    def _pause(self, attempt: int) -> None:
        self._stopping.wait(min(MAX_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** min(attempt, 10)))
