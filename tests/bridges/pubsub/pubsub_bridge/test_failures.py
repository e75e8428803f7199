"""What SQS gets of a poison record, and that none is lost."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

import pytest
from pubsub_bridge.failures import MAX_BATCH_BYTES, NotKeptError, SqsFailures
from pubsub_bridge.ports import Poison

from tests.bridges.pubsub.fakes import record


class Sqs:
    def __init__(self, failed: Iterable[dict[str, Any]] = ()) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.failed = list(failed)

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.calls.append(Entries)
        return {"Successful": [], "Failed": self.failed}

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(entry["MessageBody"]) for call in self.calls for entry in call]


def poison(offset: int, value: bytes | None) -> Poison:
    return Poison(record(1, offset, "order-1", value), "not_json", "line 1")


def test_a_message_says_what_where_and_why_and_holds_the_record() -> None:
    sqs = Sqs()
    SqsFailures(sqs, "queue").put([poison(7, b"{oops"), poison(8, None)])
    first, second = sqs.bodies()
    assert first == {
        "reason": "not_json",
        "detail": "line 1",
        "topic": "orders",
        "partition": 1,
        "offset": 7,
        "timestamp": 1_483_271_606_007,
        "key_base64": base64.b64encode(b"order-1").decode(),
        "value_base64": base64.b64encode(b"{oops").decode(),
        "value_bytes": 5,
        "truncated": False,
    }
    assert (second["value_base64"], second["value_bytes"]) == (None, None)


def test_batches_keep_within_ten_messages_and_sqs_bytes_and_a_long_value_is_cut_and_marked() -> None:
    sqs = Sqs()
    values = [b"x" * 2_000_000, *[b"y"] * 25, b"z" * 100_000, b"z" * 100_000]
    SqsFailures(sqs, "queue").put([poison(offset, value) for offset, value in enumerate(values)])
    assert all(len(call) <= 10 for call in sqs.calls)
    assert all(sum(len(entry["MessageBody"]) for entry in call) <= MAX_BATCH_BYTES for call in sqs.calls)
    assert [body["offset"] for body in sqs.bodies()] == list(range(28))
    assert (sqs.bodies()[0]["truncated"], sqs.bodies()[0]["value_bytes"]) == (True, 2_000_000)


def test_a_message_that_sqs_did_not_take_raises() -> None:
    sqs = Sqs(failed=[{"Id": "0", "Code": "InternalError", "Message": "try again"}])
    with pytest.raises(NotKeptError, match="InternalError: try again"):
        SqsFailures(sqs, "queue").put([poison(0, b"{")])
