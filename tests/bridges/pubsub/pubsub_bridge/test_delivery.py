"""What the bridge promises, under faults that Hypothesis makes up."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pubsub_bridge.delivery import MAX_REQUEST_MESSAGES, deliver
from pubsub_bridge.event import Record
from pubsub_bridge.ports import Message

from tests.bridges.pubsub.fakes import (
    FakeFailures,
    FakePubSub,
    Position,
    drain,
    order,
    position,
    positions,
    record,
    routes,
)

Broken = dict[Position, str]
"""What is wrong with the record at a position."""

KEYS = [f"order-{number}" for number in range(6)]
BROKEN = {
    "tombstone": None,
    "not_json": b"{broken",
    "not_text": b"\xff\xfe{}",
    "not_object": b"[1, 2]",
    "missing_field": b'{"event_type": "placed"}',
    "wrong_type": b'{"order_id": "order-1", "lines": [{"quantity": "many"}]}',
}
FAULTS = st.sampled_from([None, None, None, "lost", "late"])


@st.composite
def logs(draw: st.DrawFn) -> tuple[list[Record], Broken]:
    """A topic of three partitions: a key has one partition, offsets may have gaps, some records are broken."""
    entries = draw(
        st.lists(
            st.tuples(st.sampled_from(KEYS), st.sampled_from([None, None, None, *BROKEN, "refused"]), st.booleans()),
            max_size=40,
        )
    )
    next_offset: Counter[int] = Counter()
    log: list[Record] = []
    broken: Broken = {}
    for number, (key, defect, gap) in enumerate(entries):
        partition = int(key[-1]) % 3
        offset = next_offset[partition] + int(gap)
        next_offset[partition] = offset + 1
        value = BROKEN[defect] if defect in BROKEN else order(key, event_type="placed", lines=[{"quantity": number}])
        log.append(record(partition, offset, key, value))
        if defect:
            broken["orders", partition, offset] = defect
    return log, broken


@settings(max_examples=150, deadline=None)
@given(logs(), st.lists(FAULTS, max_size=60), st.lists(st.booleans(), max_size=5), st.integers(1, 15))
def test_every_record_arrives_or_is_kept_with_its_reason_and_every_key_stays_in_order(
    log_: tuple[list[Record], Broken], faults: list[str | None], sqs: list[bool], batch_size: int
) -> None:
    log, broken = log_
    pubsub = FakePubSub(
        fault=lambda number: faults[number] if number < len(faults) else None,
        refused=frozenset(place for place, defect in broken.items() if defect == "refused"),
    )
    failures = FakeFailures(fault=lambda number: number < len(sqs) and sqs[number])

    drain(log, pubsub, failures, batch_size)

    arrived = {position(message) for message in pubsub.messages()}
    kept = {(p.record.topic, p.record.partition, p.record.offset): p.reason for p in failures.kept}
    assert kept == broken
    assert arrived == positions(log) - broken.keys()
    for lane in pubsub.arrived.values():
        seen = set()
        latest: dict[str, int] = defaultdict(lambda: -1)
        for message in lane:
            if position(message) in seen:
                continue  # a repeat: at least once is the promise
            seen.add(position(message))
            key, offset = message.attributes["key"], position(message)[2]
            assert offset > latest[key], f"{key}: {offset} arrived after {latest[key]}"
            latest[key] = offset


@settings(max_examples=50, deadline=None)
@given(logs())
def test_a_key_has_one_lane_and_a_request_has_one_ordering_key(log_: tuple[list[Record], Broken]) -> None:
    log, _ = log_
    pubsub = FakePubSub()
    drain(log, pubsub, FakeFailures())
    lanes: dict[str, set[str]] = defaultdict(set)
    for lane, messages in pubsub.arrived.items():
        for message in messages:
            lanes[message.attributes["key"]].add(lane)
    assert all(len(found) == 1 for found in lanes.values())
    assert all(lane.startswith("orders/") and int(lane.split("/")[1]) < 4 for lane in pubsub.arrived)


def test_without_faults_nothing_is_sent_twice() -> None:
    log = [record(offset % 2, offset // 2, KEYS[offset % 2], order(KEYS[offset % 2])) for offset in range(100)]
    pubsub = FakePubSub()
    drain(log, pubsub, FakeFailures(), batch_size=30)
    assert sorted(position(message) for message in pubsub.messages()) == sorted(positions(log))


def test_a_refused_message_is_found_alone_and_the_later_ones_of_its_key_still_flow() -> None:
    log = [record(0, offset, "order-1", order("order-1")) for offset in range(200)]
    pubsub = FakePubSub(refused=frozenset({("orders", 0, 77)}))
    failures = FakeFailures()
    drain(log, pubsub, failures, batch_size=200)
    assert [item.record.offset for item in failures.kept] == [77]
    assert [position(message)[2] for message in pubsub.messages()] == [n for n in range(200) if n != 77]
    assert len(pubsub.requests) < 20, "bisecting takes about two requests a halving"


def test_a_throttled_pubsub_stops_the_partition_at_its_first_unsent_record_and_leaves_the_others() -> None:
    stuck = routes().of("orders").lane_of(record(0, 0, "order-0", b"{}"))
    other = next(
        key for key in KEYS if routes().of("orders").lane_of(record(1, 0, key, b"{}")) != stuck
    )  # another lane, so another request

    class OneLaneThrottled(FakePubSub):
        def publish(self, topic: str, ordering_key: str, messages: Sequence[Message], timeout: float) -> None:
            self.fault = lambda number: "lost" if ordering_key == f"orders/{stuck}" else None
            super().publish(topic, ordering_key, messages, timeout)

    log = [
        record(0, 0, other, order(other)),
        record(0, 1, "order-0", order("order-0")),
        record(0, 2, "order-0", None),
        record(0, 3, other, order(other)),
        record(1, 0, other, order(other)),
    ]
    failures = FakeFailures()
    outcome = deliver(log, routes(), OneLaneThrottled(), failures, seconds_left=lambda: 60)
    assert outcome.stops == {("orders", 0): 1}
    assert outcome.sent["orders"] == 3
    assert outcome.unsent["orders"] == 2
    assert failures.kept == [], "the tombstone lies after the stop and comes again with it"
    assert outcome.errors == ["503 the service is unavailable"]


def test_after_an_untaken_request_nothing_more_of_its_lane_is_sent() -> None:
    pubsub = FakePubSub(fault=lambda number: "lost" if number == 1 else None)
    log = [record(0, offset, "order-1", order("order-1")) for offset in range(3 * MAX_REQUEST_MESSAGES)]
    outcome = deliver(log, routes(), pubsub, FakeFailures(), seconds_left=lambda: 60)
    assert len(pubsub.requests) == 2, "the third would have overtaken the second"
    assert outcome.stops == {("orders", 0): MAX_REQUEST_MESSAGES}
    assert outcome.unsent["orders"] == 2 * MAX_REQUEST_MESSAGES


def test_nothing_is_sent_once_the_invocation_has_no_time_left() -> None:
    pubsub = FakePubSub()
    outcome = deliver([record(0, 5, "order-1", order("order-1"))], routes(), pubsub, FakeFailures(), lambda: 0)
    assert pubsub.requests == []
    assert outcome.stops == {("orders", 0): 5}


def test_a_failure_destination_that_is_away_fails_the_batch() -> None:
    failures = FakeFailures(fault=lambda number: True)
    with pytest.raises(ConnectionError):
        deliver([record(0, 0, "order-1", b"{")], routes(), FakePubSub(), failures, seconds_left=lambda: 60)


def test_a_request_has_at_most_a_thousand_messages_and_nine_megabytes() -> None:
    many = [record(0, offset, "order-1", order("order-1")) for offset in range(2_500)]
    pubsub = FakePubSub()
    deliver(many, routes(), pubsub, FakeFailures(), seconds_left=lambda: 60)
    assert [size for _, size in pubsub.requests] == [MAX_REQUEST_MESSAGES, MAX_REQUEST_MESSAGES, 500]

    large = [record(0, offset, "order-1", order("order-1", event_type="x" * 2_000_000)) for offset in range(6)]
    pubsub = FakePubSub()
    deliver(large, routes(), pubsub, FakeFailures(), seconds_left=lambda: 60)
    assert [size for _, size in pubsub.requests] == [4, 2]
    assert [position(message)[2] for message in pubsub.messages()] == list(range(6))


def test_a_topic_that_no_contract_shares_fails_the_invocation_and_says_which() -> None:
    stray = record(0, 0, "order-1", order("order-1"))
    stray = type(stray)("payroll", 0, 0, 0, b"k", b"{}")
    with pytest.raises(LookupError, match="payroll"):
        deliver([stray], routes(), FakePubSub(), FakeFailures(), seconds_left=lambda: 60)


@pytest.mark.parametrize(
    ("key", "reason"), [(b"\xff", "key_not_text"), (b"k" * 1_025, "key_too_long")], ids=["no text", "too long"]
)
def test_a_key_that_no_attribute_can_hold_is_poison(key: bytes, reason: str) -> None:
    bad = type(record(0, 0, None, b"{}"))("orders", 0, 0, 0, key, order("order-1"))
    failures = FakeFailures()
    deliver([bad], routes(), FakePubSub(), failures, seconds_left=lambda: 60)
    assert [item.reason for item in failures.kept] == [reason]


def test_records_without_a_key_keep_the_order_of_their_partition() -> None:
    log = [record(2, offset, None, order("order-1")) for offset in range(5)]
    pubsub = FakePubSub()
    drain(log, pubsub, FakeFailures())
    (lane,) = pubsub.arrived.values()
    assert [position(message)[2] for message in lane] == [0, 1, 2, 3, 4]
    assert "key" not in lane[0].attributes


def test_a_message_says_where_it_comes_from_and_carries_shared_fields_only() -> None:
    pubsub = FakePubSub()
    deliver(
        [record(3, 9, "order-1", order("order-1", lines=[{"quantity": 2, "cost": 1}]))],
        routes(),
        pubsub,
        FakeFailures(),
        seconds_left=lambda: 60,
    )
    (message,) = pubsub.messages()
    assert json.loads(message.data) == {"order_id": "order-1", "lines": [{"quantity": 2}]}
    assert message.attributes == {
        "topic": "orders",
        "partition": "3",
        "offset": "9",
        "timestamp": "1483271606009",
        "key": "order-1",
    }
