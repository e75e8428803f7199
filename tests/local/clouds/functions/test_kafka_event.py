"""Records become the event that AWS documents."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from local.clouds.functions.kafka_event import MAX_PAYLOAD_BYTES, fitting, msk_event
from tests.local.clouds.functions.messages import message

REAL = json.loads((Path(__file__).parents[3] / "bridges" / "pubsub" / "events" / "msk.json").read_text())


def test_an_event_has_the_shape_of_a_real_one():
    event = msk_event(
        [message(0, 15, b"a", headers=[("traceparent", b"00-a")]), message(3, 8, None), message(3, 9, key=None)],
        REAL["eventSourceArn"],
        REAL["bootstrapServers"],
    )
    assert event.keys() == REAL.keys()
    assert event["eventSource"] == REAL["eventSource"]
    assert list(event["records"]) == ["orders-0", "orders-3"]
    (with_all,) = event["records"]["orders-0"]
    tombstone, keyless = event["records"]["orders-3"]
    assert with_all.keys() == REAL["records"]["orders-0"][0].keys()
    assert with_all["headers"] == REAL["records"]["orders-0"][0]["headers"]
    assert (with_all["value"], with_all["timestampType"]) == (base64.b64encode(b"a").decode(), "CREATE_TIME")
    assert tombstone.keys() == REAL["records"]["orders-3"][1].keys()
    assert "key" not in keyless


def test_a_batch_is_cut_before_its_payload_passes_six_megabytes():
    messages = [message(0, offset, b"x" * 1_000_000) for offset in range(10)]
    count = fitting(messages)
    assert len(json.dumps(msk_event(messages[:count], "arn", "b"))) <= MAX_PAYLOAD_BYTES
    assert len(json.dumps(msk_event(messages[: count + 1], "arn", "b"))) > MAX_PAYLOAD_BYTES
    assert fitting(messages[:2]) == 2
    assert fitting([]) == 0


def test_headers_count_and_a_record_that_is_too_large_goes_alone():
    assert fitting([message(0, 0, headers=[("h", b"x" * 2_000_000)]), message(0, 1)]) == 1
    assert fitting([message(0, 0, b"x" * 7_000_000), message(0, 1)]) == 1
