"""Only what a contract shares leaves, digit for digit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pubsub_bridge.projection import Projection, UnfitError

NAMES = ["order_id", "lines", "quantity", "customer", "country"]
PATHS = ["order_id", "lines[].quantity", "customer.country", "tags[]"]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "tags", "secret"]), inner),
    max_leaves=15,
)
DOCUMENTS = st.dictionaries(st.sampled_from([*NAMES, "tags", "secret"]), VALUES)


def leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for name, item in value.items() for leaf in leaves(item, f"{path}.{name}" if path else name)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item, f"{path}[]")]
    return [(path, value)]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the first text loads Unicode's tables
@given(DOCUMENTS)
def test_what_leaves_is_exactly_the_scalars_at_shared_paths(document):
    sent = json.loads(Projection(PATHS).apply(json.dumps(document).encode()))
    shared = [leaf for leaf in leaves(document) if leaf[0] in PATHS]
    assert sorted(map(repr, leaves(sent))) == sorted(map(repr, shared))


def project(text: str, *paths: str) -> str:
    return Projection(paths).apply(text.encode()).decode()


@pytest.mark.parametrize(
    ("text", "paths", "sent"),
    [
        ('{"a":1,"b":2}', ["a"], '{"a":1}'),
        ('{"b":2}', ["a"], "{}"),
        ('{"a":null}', ["a"], '{"a":null}'),
        ('{"a":{"secret":1}}', ["a"], "{}"),
        ('{"a":[{"secret":1}]}', ["a"], "{}"),
        ('{"a":"x"}', ["a.b"], "{}"),
        ('{"l":[{"q":1,"secret":2},{"q":3},{}]}', ["l[].q"], '{"l":[{"q":1},{"q":3},{}]}'),
        ('{"l":{"q":1}}', ["l[].q"], "{}"),
        ('{"l":["secret",{"q":1}]}', ["l[].q"], '{"l":[{"q":1}]}'),
        ('{"l":[[{"q":1}]]}', ["l[].q"], '{"l":[]}'),
        ('{"t":[1,"x",{"secret":1}]}', ["t[]"], '{"t":[1,"x"]}'),
        ('{"a":1,"a":2}', ["a"], '{"a":2}'),
    ],
)
def test_a_field_leaves_only_in_the_shape_that_its_path_says(text, paths, sent):
    assert project(text, *paths) == sent


@pytest.mark.parametrize("digits", ["0.50", "0.00", "1e400", "-0", "12345678901234567890.10", "9" * 5_000])
def test_a_number_keeps_the_digits_it_was_written_with(digits):
    assert project(f'{{"a":{digits}}}', "a") == f'{{"a":{digits}}}'


@settings(deadline=None)
@given(st.text())
def test_a_text_arrives_as_it_was(text):
    assert json.loads(project(json.dumps({"a": text}), "a")) == {"a": text}


def test_half_a_surrogate_pair_is_passed_on_and_not_an_error():
    assert project('{"a":"\\ud800"}', "a") == '{"a":"\\ud800"}'


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
def test_a_record_that_cannot_be_projected_says_why(value, reason):
    with pytest.raises(UnfitError) as caught:
        Projection(["a"]).apply(value)
    assert caught.value.reason == reason
