"""Property values survive the way from the engine to Python and back."""

from __future__ import annotations

import pytest
from google.protobuf import struct_pb2

from local.clouds.provider.assets import Archive, Asset
from local.clouds.provider.wire import (
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_STRING,
    Secret,
    conceal,
    contains_secret,
    contains_unknown,
    decode,
    encode,
    redact,
    reveal,
)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "text",
        7,
        0.5,
        [],
        {},
        [1, ["a", None]],
        {"a.b": {"c": [False]}},
        UNKNOWN,
        Secret("hunter2"),
        {"deep": [Secret({"password": "hunter2"}), UNKNOWN]},
        Asset("h", text="x"),
        Asset("h", path="a/b.py"),
        Archive("h", path="folder"),
        Archive("h", assets={"a.py": Asset("i", text="")}),
    ],
)
def test_every_kind_of_value_comes_back_as_it_went(value: object) -> None:
    assert decode(encode({"p": value})) == {"p": value}


def test_whole_numbers_come_as_int_and_others_as_float() -> None:
    found = decode(encode({"whole": 3.0, "part": 3.5}))

    assert (found["whole"], type(found["whole"])) == (3, int)
    assert (found["part"], type(found["part"])) == (3.5, float)


def test_unknowns_of_every_type_are_one() -> None:
    struct = struct_pb2.Struct()
    struct["number"] = "3eeb2bf0-c639-47a8-9e75-3b44932eb421"
    struct["text"] = UNKNOWN_STRING

    assert decode(struct) == {"number": UNKNOWN, "text": UNKNOWN}


def test_a_signature_that_providers_never_get_is_refused() -> None:
    with pytest.raises(ValueError, match="signature 123"):
        decode(encode({"p": {SIGNATURE: "123"}}))


def test_secrets_are_found_at_any_depth_and_their_text_is_never_shown() -> None:
    value = {"a": [{"b": Secret("hunter2")}]}

    assert contains_secret(value)
    assert not contains_secret(reveal(value))
    assert "hunter2" not in repr(value)
    assert redact(value, "[secret]") == {"a": [{"b": "[secret]"}]}


def test_an_unknown_inside_a_secret_is_found() -> None:
    assert contains_unknown({"a": Secret([UNKNOWN])})
    assert not contains_unknown({"a": Secret(["known"])})


def test_what_came_secret_goes_back_secret() -> None:
    like = {"password": Secret("old"), "rules": [{"key": Secret("k")}, {}], "plain": "p"}
    answered = {"password": "new", "rules": [{"key": "k", "id": 1}, {"key": "open"}], "plain": "p", "arn": "arn:x"}

    assert conceal(answered, like) == {
        "password": Secret("new"),
        "rules": [{"key": Secret("k"), "id": 1}, {"key": "open"}],
        "plain": "p",
        "arn": "arn:x",
    }
