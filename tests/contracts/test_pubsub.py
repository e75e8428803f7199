"""The schema of a shared topic in Pub/Sub, and what a changed contract makes of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import contracts
from contracts import pubsub

ORDERS = contracts.load().topic("orders")
PAGE = Path(__file__).parents[2] / "docs" / "data.md"
DEFINITION = re.findall(r"^```proto\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)[0]
"""What the page about the data tells Google's side, word for word: who shares a field more, says so there."""


def field(name: str, kind: str = "string") -> contracts.Field:
    return contracts.Field(
        name=name, type=kind, required=False, description="d", classification="internal", shared_with=("gcp",)
    )


def test_the_page_about_the_data_shows_the_schema_of_orders_as_it_is() -> None:
    assert contracts.schema_definition(ORDERS) == DEFINITION


def test_the_schema_of_orders_has_its_shared_fields_and_no_other() -> None:
    said = re.findall(r"^ +(?:optional|repeated) \w+ (\w+) = \d+;", contracts.schema_definition(ORDERS), re.MULTILINE)
    shared = [f for f in ORDERS.fields if "gcp" in f.shared_with or any("gcp" in n.shared_with for n in f.fields)]
    nested = [n.name for f in shared for n in f.fields if "gcp" in n.shared_with]
    assert sorted(said) == sorted([f.name for f in shared] + nested)
    assert "customer_id" not in said


def test_a_shared_field_more_adds_a_line_and_leaves_the_others_as_they_are() -> None:
    more = replace(ORDERS, fields=(field("channel"), *ORDERS.fields))
    after = contracts.schema_definition(more).splitlines()
    (added,) = [line for line in after if " channel = " in line]
    assert re.fullmatch(r"  optional string channel = \d+;", added)
    assert [line for line in after if line != added] == DEFINITION.splitlines()


def test_a_shared_field_less_takes_its_line_and_leaves_the_others_as_they_are() -> None:
    less = replace(ORDERS, fields=tuple(f for f in ORDERS.fields if f.name != "store_id"))
    kept = [line for line in DEFINITION.splitlines() if "store_id" not in line]
    assert contracts.schema_definition(less).splitlines() == kept


def test_what_a_field_is_called_in_words_is_no_new_revision() -> None:
    reworded = replace(ORDERS, fields=tuple(replace(f, description="better") for f in ORDERS.fields))
    assert contracts.schema_definition(reworded) == DEFINITION


def test_a_number_is_one_that_protocol_buffers_allow() -> None:
    numbers = [pubsub._number(f"field_{number}") for number in range(20_000)]
    assert all(1 <= number < 2**29 and not 19_000 <= number < 20_000 for number in numbers)


def test_two_names_that_come_to_one_number_are_a_misfit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pubsub, "_number", lambda name: 7)
    (misfit,) = pubsub.misfits((field("a"), field("b")))
    assert misfit == ("b", "b", "Protocol Buffers cannot tell it from a: give one of them another name")
