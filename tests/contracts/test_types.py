"""Types, as Iceberg numbers what is inside them."""

from __future__ import annotations

from contracts import types


def test_field_ids_go_one_level_after_the_other() -> None:
    element = {"type": "struct", "fields": [{"name": "x", "required": False, "type": "int"}]}
    columns = [
        {"name": "a", "required": True, "type": {"type": "list", "element": element, "element-required": False}},
        {"name": "b", "required": True, "type": "string"},
    ]
    numbered = types.with_ids(columns)
    assert [c["id"] for c in numbered] == [1, 2]
    assert numbered[0]["type"]["element-id"] == 3
    assert numbered[0]["type"]["element"]["fields"][0]["id"] == 4
