"""The outputs that a provider computes, for resources that are kept as state only.

In a preview they are unknown, as a real preview has them. After a creation they have the right form for
their type (an ARN, an id with its service's prefix, a path below a project or subscription), so that
whatever a program builds from them looks as it does in the cloud. They identify nothing that exists.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from local.clouds.provider import accounts, types
from local.clouds.provider.shapes import Field, Shape, Type
from local.clouds.provider.state import State
from local.clouds.provider.types import Made
from local.clouds.provider.types.spelling import digest
from local.clouds.provider.wire import UNKNOWN, Properties, reveal

MADE_AT = "2026-01-01T00:00:00Z"


def complete(shape: Shape, id: str, arguments: Mapping[str, Any], state: State, *, preview: bool) -> Properties:
    """All outputs of a resource: its arguments, and what the provider computes.

    An output that the SDK or the type's row marks as always present is computed; one that was left away and may be
    absent stays absent, as it does with a provider that has no default for it.
    """
    found: Properties = {k: v for k, v in arguments.items() if v is not None and not k.startswith("__")}
    known = {} if preview else _known(shape, id, reveal(found), state)
    computed = types.row_of(shape.token).computed
    always = computed.optional if computed else ()
    for name, field in shape.outputs.items():
        if name in ("id", "urn") or name in found:
            continue
        if name == "tagsAll":
            found[name] = arguments.get("tags") or {}
        elif name in known:
            found[name] = known[name]
        elif preview and (field.required or name not in shape.inputs or name in always):
            found[name] = UNKNOWN
        elif field.required and not preview:
            found[name] = _default(field.type) if name in shape.inputs else _plausible(name, field.type, shape, id)
    if types.family_of(shape.token).completes_objects:
        _complete_inside(shape, id, found, preview=preview)
    return found


def stays(shape: Shape, before: Mapping[str, Any], arguments: Mapping[str, Any]) -> Properties:
    """What was computed once and stays while its resource changes, unless the program now gives it."""
    computed = types.row_of(shape.token).computed
    left = [name for name in computed.optional if arguments.get(name) is None] if computed else []
    return {name: value for name, value in before.items() if name not in shape.inputs or name in left}


def _complete_inside(shape: Shape, id: str, found: Properties, *, preview: bool) -> None:
    """What the service adds inside an object that was given: the ids of an identity, the address of a vault."""
    for name, field in shape.outputs.items():
        value = found.get(name)
        if field.type.kind != "object" or not isinstance(value, dict):
            continue
        for part, inner in shape.objects[field.type.object].items():
            if inner.required and part not in value and inner.type.kind == "string":
                value = {**value, part: UNKNOWN if preview else _plausible(part, inner.type, shape, id)}
        found[name] = value


def identifier(shape: Shape, arguments: Mapping[str, Any]) -> str:
    """The id of a new resource that is only kept as state, in the form of its cloud.

    Where the form has no name in it the id is random, so that a replacement never has the id of the old one.
    """
    given, row = reveal(dict(arguments)), types.row_of(shape.token)
    if row.id is not None:
        return row.id(given)
    return types.family_of(shape.token).id(shape, given, secrets.token_hex(16))


def _known(shape: Shape, id: str, given: Properties, state: State) -> Properties:
    """Outputs that programs compose others from."""
    row = types.row_of(shape.token)
    found = types.family_of(shape.token).known(row, shape, id, given)
    if row.computed is None:
        return found
    return found | row.computed.values(Made(id=id, given=given, arn=found.get("arn", ""), state=state))


def _plausible(name: str, type_: Type, shape: Shape, id: str) -> Any:
    """A value of the declared type for a computed output that nothing is known about."""
    if type_.kind not in ("object", "string", "any", "union"):
        return _default(type_)
    if type_.kind == "object":
        fields: Mapping[str, Field] = shape.objects[type_.object]
        return {k: _plausible(k, f.type, shape, id) for k, f in fields.items() if f.required}
    if type_.values:
        return type_.values[0]
    return _plausible_text(name.lower(), name, id)


def _default(type_: Type) -> Any:
    """What a service reports for a setting that was left to it."""
    if type_.values:
        return type_.values[0]
    return {"boolean": False, "integer": 0, "number": 0, "list": [], "map": {}, "object": {}}.get(type_.kind, "")


def _plausible_text(lowered: str, name: str, id: str) -> str:
    if lowered in ("ownerid", "accountid", "registryid", "catalogid"):
        return accounts.current.get().id
    if lowered.endswith("arn"):
        return accounts.arn("local", f"{name}/{digest(id + name, 12)}")
    if lowered in ("region", "location"):
        return accounts.current.get().region
    if "url" in lowered or "endpoint" in lowered or "uri" in lowered:
        return f"https://{digest(id + name, 12)}.local.invalid"
    if "time" in lowered or "date" in lowered or lowered.endswith("at"):
        return MADE_AT
    if "state" in lowered or "status" in lowered:
        return "Succeeded" if lowered == "provisioningstate" else "ACTIVE"
    return f"{name}-{digest(id + name, 8)}"
