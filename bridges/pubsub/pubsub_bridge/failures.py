"""The failure destination: an SQS queue that keeps every record that cannot be sent, with its reason."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any

from pubsub_bridge.ports import Poison

MAX_BATCH_ENTRIES = 10
MAX_BATCH_BYTES = 256 * 1024
"""SQS counts all messages of a SendMessageBatch together."""
MAX_VALUE_BYTES = 180_000
"""As base64 240,000 characters, which leaves room for the rest of the message."""
MAX_KEY_BYTES = 4_096
MAX_DETAIL_CHARACTERS = 1_000


class NotKeptError(Exception):
    """SQS did not take a poison record. The invocation fails with this, and the batch comes again."""


class SqsFailures:
    """Puts poison records into an SQS queue as JSON.

    A message has `reason`, `detail`, `topic`, `partition`, `offset`, `timestamp`, `key_base64`,
    `value_base64` (null for a tombstone), `value_bytes` (the record's own length) and `truncated`: a
    value longer than a message may be is cut, and the record itself is found by its position.
    """

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def put(self, poison: Sequence[Poison]) -> None:
        for bodies in _batches([_body(item) for item in poison]):
            entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
            failed = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries).get("Failed", [])
            if failed:
                raise NotKeptError(
                    f"{len(failed)} of {len(entries)} poison records were not taken by {self._queue_url}: "
                    f"{failed[0].get('Code')}: {failed[0].get('Message')}"
                )


def _body(item: Poison) -> str:
    record = item.record
    value = record.value
    return json.dumps(
        {
            "reason": item.reason,
            "detail": item.detail[:MAX_DETAIL_CHARACTERS],
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "timestamp": record.timestamp,
            "key_base64": None if record.key is None else base64.b64encode(record.key[:MAX_KEY_BYTES]).decode(),
            "value_base64": None if value is None else base64.b64encode(value[:MAX_VALUE_BYTES]).decode(),
            "value_bytes": None if value is None else len(value),
            "truncated": len(value or b"") > MAX_VALUE_BYTES or len(record.key or b"") > MAX_KEY_BYTES,
        }
    )


def _batches(bodies: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for body in bodies:  # json.dumps gives ASCII, so characters are bytes
        if batch and (len(batch) == MAX_BATCH_ENTRIES or size + len(body) > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += len(body)
    if batch:
        yield batch
