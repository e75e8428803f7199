"""Only what a contract shares leaves, of the type that it says, digit for digit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pubsub_bridge.projection import Projection, UnfitError

TEXT, WHOLE, MONEY = "string", "long", "decimal(12,2)"
NAMES = ["order_id", "lines", "quantity", "secret"]
ORDER = [
    {"name": "order_id", "type": TEXT, "required": False},
    {
        "name": "lines",
        "type": "array",
        "required": False,
        "fields": [{"name": "quantity", "type": WHOLE, "required": False}],
    },
]
PATHS = {"order_id", "lines[].quantity"}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=15,
)
LINES = st.lists(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 9) | st.none()), max_size=3)
DOCUMENTS = st.fixed_dictionaries(
    {}, optional={"order_id": st.text() | VALUES, "lines": LINES | VALUES, "secret": VALUES}
)


def leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for name, item in value.items() for leaf in leaves(item, f"{path}.{name}" if path else name)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item, f"{path}[]")]
    return [(path, value)]


def misshapen(document: dict[str, Any]) -> bool:
    """Whether a shared field has a value of another type, told without the bridge's code."""
    order_id, lines = document.get("order_id"), document.get("lines")
    if lines is not None and not (isinstance(lines, list) and all(isinstance(line, dict) for line in lines)):
        return True
    quantities = [line.get("quantity") for line in lines or []]
    return not (order_id is None or isinstance(order_id, str)) or any(
        isinstance(q, bool | str | list | dict) or (q is not None and (q != int(q) or not -(2**63) <= q < 2**63))
        for q in quantities
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the first text loads Unicode's tables
@given(DOCUMENTS)
def test_what_leaves_is_exactly_the_scalars_at_shared_paths(document: dict[str, Any]) -> None:
    projection, value = Projection(ORDER), json.dumps(document).encode()
    if misshapen(document):
        with pytest.raises(UnfitError, match=r"^(order_id|lines)") as caught:
            projection.apply(value)
        assert caught.value.reason == "wrong_type"
        return
    sent = json.loads(projection.apply(value))
    shared = [leaf for leaf in leaves(document) if leaf[0] in PATHS and leaf[1] is not None]
    assert sorted(leaves(sent), key=repr) == sorted(shared, key=repr)


def field(name: str, kind: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "type": kind, "required": required}


def project(text: str, *fields: dict[str, Any]) -> str:
    return Projection(fields).apply(text.encode()).decode()


LIST = {"name": "l", "type": "array", "required": False, "fields": [field("q", WHOLE)]}


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ('{"a":"x","b":2}', '{"a":"x"}'),
        ('{"b":2}', "{}"),
        ('{"a":null,"l":null}', "{}"),
        ('{"l":[{"q":1,"secret":2},{"q":3},{}]}', '{"l":[{"q":1},{"q":3},{}]}'),
        ('{"l":[]}', '{"l":[]}'),
        ('{"l":[{"q":null}]}', '{"l":[{}]}'),
        ('{"a":"x","a":"y"}', '{"a":"y"}'),
    ],
)
def test_a_field_that_is_absent_or_null_or_not_shared_does_not_leave(text: str, sent: str) -> None:
    assert project(text, field("a", TEXT), LIST) == sent


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ('{"a":{"secret":1}}', "a is an object, not a text"),
        ('{"a":["secret"]}', "a is an array, not a text"),
        ('{"a":1}', "a is a number, not a text"),
        ('{"a":"\\ud800"}', "a has half a surrogate pair, which is not Unicode"),
        ('{"l":{"q":1}}', "l is an object, not an array"),
        ('{"l":"secret"}', "l is a text, not an array"),
        ('{"l":["secret",{"q":1}]}', "l has a text among its items, which are objects"),
        ('{"l":[[{"q":1}]]}', "l has an array among its items, which are objects"),
        ('{"l":[null]}', "l has null among its items, which are objects"),
        ('{"l":[{"q":1},{"q":"2"}]}', "l[].q is a text, not a number"),
    ],
)
def test_a_value_of_another_type_keeps_the_record_back_and_says_which(text: str, detail: str) -> None:
    with pytest.raises(UnfitError) as caught:
        project(text, field("a", TEXT), LIST)
    assert (caught.value.reason, caught.value.detail) == ("wrong_type", detail)


@pytest.mark.parametrize("text", ['{"b":1}', '{"a":null}'])
def test_a_record_without_a_required_field_is_kept_back(text: str) -> None:
    with pytest.raises(UnfitError) as caught:
        project(text, field("a", TEXT, required=True))
    assert (caught.value.reason, caught.value.detail) == ("missing_field", "a is required")


def test_a_required_field_of_an_item_is_required_of_every_item() -> None:
    lines = {**LIST, "fields": [field("q", WHOLE, required=True)]}
    assert project('{"l":[]}', lines) == '{"l":[]}', "no item lacks it"
    with pytest.raises(UnfitError, match=r"l\[\].q is required") as caught:
        project('{"l":[{"q":1},{}]}', lines)
    assert caught.value.reason == "missing_field"


@pytest.mark.parametrize("digits", ["0.50", "0.00", "-0", "-0.10", "1e2", "9999999999.99", "0.5000"])
def test_an_amount_keeps_the_digits_it_was_written_with(digits: str) -> None:
    assert project(f'{{"a":{digits}}}', field("a", MONEY)) == f'{{"a":{digits}}}'


@pytest.mark.parametrize(
    ("digits", "sent"), [("2.0", "2"), ("1e2", "100"), ("-0", "0"), ("9223372036854775807.0", "9223372036854775807")]
)
def test_a_whole_number_is_sent_in_digits_alone(digits: str, sent: str) -> None:
    assert project(f'{{"a":{digits}}}', field("a", WHOLE)) == f'{{"a":{sent}}}'


@settings(deadline=None)
@given(st.text())
def test_a_text_arrives_as_it_was(text: str) -> None:
    assert json.loads(project(json.dumps({"a": text}), field("a", TEXT))) == {"a": text}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "tombstone"),
        (b"", "not_json"),
        (b"{", "not_json"),
        (b'{"a":NaN}', "not_json"),
        (b'\xef\xbb\xbf{"a":1}', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"\xff", "not_text"),
        ('{"a":1}'.encode("utf-16"), "not_text"),
        (b"[]", "not_object"),
        (b"null", "not_object"),
        (b"1", "not_object"),
    ],
)
def test_a_record_that_cannot_be_projected_says_why(value: bytes | None, reason: str) -> None:
    with pytest.raises(UnfitError) as caught:
        Projection([field("a", TEXT)]).apply(value)
    assert caught.value.reason == reason
