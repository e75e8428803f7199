"""What the bridge sends fits the topic's schema, by Protocol Buffers' own compiler and JSON parser.

Pub/Sub holds messages against the schema with the same JSON mapping; the server that tests and the local platform use
does not look at them at all.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.message import Message
from grpc_tools import protoc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pubsub_bridge.projection import Projection, UnfitError

import contracts
from local.rehearsal import replay

DATA = contracts.load()
SHARED = contracts.compile_bridge(DATA)["topics"]
REASONS = {"tombstone", "not_text", "not_json", "not_object", "missing_field", "wrong_type"}


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> type[Message]:
    """The message class of the topic `orders`."""
    return compiled(contracts.schema_definition(DATA.topic("orders")), tmp_path_factory.mktemp("proto"))


def compiled(definition: str, folder: Path) -> type[Message]:
    (folder / "topic.proto").write_text(definition, "utf-8")
    out = folder / "topic.pb"
    arguments = ["protoc", f"-I{folder}", f"--descriptor_set_out={out}", str(folder / "topic.proto")]
    assert protoc.main(arguments) == 0, definition
    (file,) = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file
    assert len(file.message_type) == 1, "Pub/Sub wants one type at the top"
    assert list(file.dependency) == [], "and no imports"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(file.message_type[0].name))


@pytest.mark.parametrize("topic", list(SHARED))
def test_the_schema_of_every_shared_topic_compiles_and_has_the_shared_fields(topic: str, tmp_path: Path) -> None:
    message = compiled(contracts.schema_definition(DATA.topic(topic)), tmp_path)
    assert [field.name for field in message.DESCRIPTOR.fields] == [field["name"] for field in SHARED[topic]["fields"]]
    for field in message.DESCRIPTOR.fields:
        assert field.is_repeated or field.has_presence, "only optional fields may come and go in a later revision"


GOOD = {
    "event_id": st.text(),
    "event_type": st.sampled_from(["placed", "paid", ""]),
    "event_time": st.datetimes().map(lambda t: f"{t:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0")),
    "order_id": st.text(),
    "store_id": st.text(),
    "country": st.text(max_size=2),
    "currency": st.text(max_size=3),
}
AMOUNTS = st.decimals(0, 9_999_999_999, places=2).map(str)
LINE = st.builds(
    lambda number, quantity, amount: (
        f'{{"line_number":{number},"product_id":"p","quantity":{quantity},"net_amount":{amount}}}'
    ),
    st.integers(-(2**31), 2**31 - 1),
    st.sampled_from(["0", "2.0", "1e3", "-0", "9223372036854775807", "9223372036854775807.0"])
    | st.integers(0, 2**62).map(str),
    AMOUNTS | st.sampled_from(["1e2", "0.5000", "-0", "12E-1"]),
)
ANYTHING = st.recursive(
    st.sampled_from(["null", "true", '""', '"x"', '"12"', "1", "1.5", "1e400", '"\\ud800"', "NaN", "9" * 400]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.dictionaries(st.sampled_from(["line_number", "quantity", "net_amount", "x"]), inner, max_size=4).map(
            lambda pairs: "{" + ",".join(f'"{name}":{value}' for name, value in pairs.items()) + "}"
        )
    ),
    max_leaves=8,
)


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """A good order, of which some fields are missing or hold something else."""
    fields = {name: json.dumps(draw(good)) for name, good in GOOD.items()}
    lines = draw(st.lists(LINE | LINE | LINE | ANYTHING, max_size=3))
    fields |= {"customer_id": '"secret"', "lines": f"[{','.join(lines)}]"}
    for name in draw(st.lists(st.sampled_from([*fields, "unknown"]), max_size=2)):
        if draw(st.booleans()):
            fields.pop(name, None)
        else:
            fields[name] = draw(ANYTHING)
    return ("{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}").encode()


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(records(), records(), records(), ANYTHING.map(str.encode), st.binary(max_size=20), st.none()))
def test_whatever_record_comes_what_is_sent_fits_the_schema_and_what_is_not_has_a_reason(
    orders: type[Message], value: bytes | None
) -> None:
    reason: str | None = None
    detail: str | None = None
    try:
        sent = Projection(SHARED["orders"]["fields"]).apply(value)
    except UnfitError as unfit:
        reason, detail = unfit.reason, unfit.detail
    else:
        json_format.Parse(sent, orders())
    assert reason is None or (reason in REASONS and detail)


@given(st.lists(LINE, min_size=1, max_size=3))
def test_a_reader_by_the_schema_gets_the_amounts_to_the_last_digit(orders: type[Message], lines: list[str]) -> None:
    fields = dict.fromkeys(GOOD, '"2017-01-01T00:00:00Z"') | {"lines": f"[{','.join(lines)}]"}
    value = ("{" + ",".join(f'"{name}":{text}' for name, text in fields.items()) + "}").encode()
    read = json_format.Parse(Projection(SHARED["orders"]["fields"]).apply(value), orders())
    written = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in lines]
    assert [Decimal(repr(line.net_amount)) for line in read.lines] == [line["net_amount"] for line in written]
    assert [line.quantity for line in read.lines] == [int(line["quantity"]) for line in written]


def test_what_the_check_keeps_back_is_what_the_schema_would_refuse(orders: type[Message]) -> None:
    """The check is needed: without it these would be refused by Pub/Sub, and their whole request with them."""
    for refused in ('{"order_id":1}', '{"lines":[{"quantity":"many"}]}', '{"lines":[null]}', '{"customer_id":"900"}'):
        with pytest.raises(json_format.ParseError):
            json_format.Parse(refused, orders())


def test_every_record_of_the_replay_is_sent_in_the_schemas_form_or_has_a_reason(orders: type[Message]) -> None:
    projection = Projection(SHARED["orders"]["fields"])
    kept_back: dict[str, str] = {}
    for record in replay.records(replay.PERIODS["day"]):
        try:
            json_format.Parse(projection.apply(record.value), orders())
        except UnfitError as unfit:
            kept_back[record.kind] = unfit.reason
    assert kept_back == {
        "not_json": "not_json",
        "json_array": "not_object",
        "tombstone": "tombstone",
        "bad_timestamp": "wrong_type",
        "wrong_type": "wrong_type",
        "too_many_decimals": "wrong_type",
    }
