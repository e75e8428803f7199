"""The bridge and the lake judge values alike: what the lake quarantines for its type does not leave either."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pubsub_bridge import scalars

from contracts import types
from etl.lakehouse import scalars as lake

DIGITS = st.text("0123456789", min_size=1, max_size=22)
NUMBERS = st.builds(
    lambda sign, whole, fraction, exponent: f"{sign}{int(whole)}{fraction}{exponent}",
    st.sampled_from(["", "-"]),
    DIGITS,
    st.one_of(st.just(""), DIGITS.map(lambda d: f".{d}")),
    st.one_of(st.just(""), st.integers(-30, 30).map(lambda e: f"e{e}")),
)
TIMES = st.builds(
    lambda when, fraction, offset: f"{when:%Y-%m-%dT%H:%M:%S}{fraction}{offset}",
    st.datetimes(),
    st.sampled_from(["", ".5", ".123456", ".1234567", ".1000000", "."]),
    st.sampled_from(["", "Z", "+02:00", "-23:59", "+24:00", "+0200", " "]),
)
TEXTS = st.one_of(st.text(), TIMES, st.dates().map(str), st.sampled_from(["2017-02-30", "0000-01-01", "yesterday"]))
JSON = st.one_of(
    NUMBERS, TEXTS.map(json.dumps), st.sampled_from(["true", "false", "[]", "{}", "[1]", '{"a":1}', '"\\ud800"'])
)
TYPES = ["string", "boolean", "int", "long", "double", "date", "timestamptz", "decimal(12,2)", "decimal(5,0)"]


@pytest.mark.parametrize("kind", TYPES)
@settings(max_examples=300, deadline=None)
@example("9223372036854775807.0")
@example("-9223372036854775809")
@example("1e999999999999999999999")
@example("1e400")
@example("1239e-3")
@example('"0001-01-01T00:00:00+02:00"')
@given(JSON)
def test_the_bridge_sends_a_value_exactly_if_the_lake_takes_it_for_that_type(kind: str, text: str) -> None:
    value = json.loads(text, parse_float=scalars.Number, parse_int=scalars.Number)
    try:
        # The lake refuses half a surrogate pair before it looks at types.
        taken = lake.parse_object(f'{{"v":{text}}}')["v"]
        meant = lake.converter(types.spark(kind))(taken)
    except (lake.NotAnObjectError, lake.BadValueError):
        with pytest.raises(scalars.WrongTypeError):
            scalars.renderer(kind)(value)
    else:
        sent = scalars.renderer(kind)(value)
        again = lake.parse_object(f'{{"v":{sent}}}')["v"]
        assert lake.converter(types.spark(kind))(again) == meant, "it means the same on the other side"
