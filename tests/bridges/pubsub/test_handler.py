"""The function as Lambda calls it: a real MSK event in, what to begin again from out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import handler
import pytest
from pubsub_bridge.delivery import Routes
from pubsub_bridge.event import EventError, records_of

import contracts
from tests.bridges.pubsub.fakes import FakeFailures, FakePubSub, position, routes

EVENT = json.loads((Path(__file__).parent / "events" / "msk.json").read_text())


class Context:
    """Lambda's context, as far as the function asks it."""

    def __init__(self, milliseconds: int = 60_000) -> None:
        self.get_remaining_time_in_millis: Callable[[], int] = lambda: milliseconds


@pytest.fixture
def pubsub(monkeypatch: pytest.MonkeyPatch) -> FakePubSub:
    pubsub = FakePubSub()
    compiled = contracts.compile_bridge(contracts.load())
    monkeypatch.setattr(handler, "routes", lambda: Routes(compiled, "novaretail-test"))
    monkeypatch.setattr(handler, "publisher", lambda: pubsub)
    return pubsub


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> FakeFailures:
    failures = FakeFailures()
    monkeypatch.setattr(handler, "failures", lambda: failures)
    return failures


def test_a_real_event_is_sent_and_its_poison_kept(
    pubsub: FakePubSub, failures: FakeFailures, capsys: pytest.CaptureFixture[str]
) -> None:
    assert handler.handler(EVENT, Context()) == {"batchItemFailures": []}
    assert {position(message)[1:] for message in pubsub.messages()} == {(0, 15), (0, 17), (3, 7)}
    assert [(p.record.partition, p.record.offset, p.reason) for p in failures.kept] == [
        (0, 16, "not_json"),
        (3, 8, "tombstone"),
        (3, 9, "not_text"),
        (3, 10, "not_object"),
    ]
    first = next(message for message in pubsub.messages() if position(message)[2] == 15)
    assert b"customer_id" not in first.data, "orders shares no customer"
    assert b'"net_amount":0.50' in first.data
    assert b"discount" not in first.data

    (line,) = capsys.readouterr().out.splitlines()
    logged = json.loads(line)
    assert (logged["Topic"], logged["Sent"], logged["Poison"], logged["Unsent"]) == ("orders", 3, 4, 0)
    assert logged["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "NovaRetail/PubSubBridge"
    assert logged["reasons"] == {"not_json": 1, "tombstone": 1, "not_text": 1, "not_object": 1}


def test_an_away_pubsub_gives_back_the_first_record_of_every_partition(
    pubsub: FakePubSub, failures: FakeFailures, capsys: pytest.CaptureFixture[str]
) -> None:
    pubsub.fault = lambda number: "lost"
    assert handler.handler(EVENT, Context()) == {
        "batchItemFailures": [
            {"itemIdentifier": {"partition": "orders-0", "offset": 15}},
            {"itemIdentifier": {"partition": "orders-3", "offset": 7}},
        ]
    }
    logged = json.loads(capsys.readouterr().out)
    assert (logged["Sent"], logged["Poison"], logged["Unsent"]) == (0, 0, 7)
    assert logged["stopped_at"] == {"0": 15, "3": 7}
    assert failures.kept == []


def test_an_invocation_keeps_time_to_answer(pubsub: FakePubSub, failures: FakeFailures) -> None:
    left = iter([60_000, *[4_000] * 10])
    context = Context()
    context.get_remaining_time_in_millis = lambda: next(left)
    assert len(handler.handler(EVENT, context)["batchItemFailures"]) == 2
    assert pubsub.requests == []


def test_an_event_of_another_source_is_named() -> None:
    with pytest.raises(EventError, match="aws:sqs"):
        records_of({"eventSource": "aws:sqs", "Records": []})


def test_the_clients_are_made_once_a_container(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(endpoint: str) -> object:
        made.append(endpoint)
        return object()

    monkeypatch.setattr(handler, "GooglePublisher", make)
    monkeypatch.setenv("PUBSUB_ENDPOINT", "europe-west1-pubsub.googleapis.com:443")
    handler.publisher.cache_clear()
    assert handler.publisher() is handler.publisher()
    assert made == ["europe-west1-pubsub.googleapis.com:443"]
    handler.publisher.cache_clear()


def test_every_topic_of_the_contracts_has_a_route() -> None:
    compiled = contracts.compile_bridge(contracts.load())
    assert Routes(compiled, "p").of("orders").pubsub_topic == "projects/p/topics/orders"
    assert routes().of("orders").lanes == 4
