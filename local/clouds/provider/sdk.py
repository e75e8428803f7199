"""Reads the shapes of resource types from the generated classes of the installed Pulumi SDKs."""

from __future__ import annotations

import collections.abc
import enum
import functools
import importlib
import importlib.util
import inspect
import json
import re
import sys
import types
import typing
import warnings
from pathlib import Path
from typing import Any

import pulumi
from pulumi import _types as pulumi_types  # no public way leads from a class to its wire names

from local.clouds.provider.shapes import ANY, Field, Kind, Shape, Type

_SIMPLE: dict[Any, Kind] = {str: "string", bool: "boolean", int: "integer", float: "number"}
_REPLACES = re.compile(
    r"forc\w+ (the )?(a |creation of a )?(new|re-?creat|replacement)"
    r"|(chang|modif|updat)\w+ (this|it|the \w+)[\w\s`]{0,40}"
    r"(forces|requires|(will|would) (force|create|re-?create|destroy))"
    r"|requires? (the )?replacement",
    re.IGNORECASE,
)
_OUTPUT = "Output["  # how `pulumi.Input[T]` names its third alternative


def read(token: str) -> Shape | None:
    """The shape of a resource type; None if its SDK is not installed or has no such type."""
    found = _index(token.split(":", 1)[0]).get(token)
    if found is None:
        return None
    module, name = found
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # of the SDK's older classes
        resource = getattr(importlib.import_module(module), name)
    home = sys.modules[resource.__module__]
    # A nested argument class may have taken the name `...Args`; the resource's own is then `...InitArgs`.
    arguments = getattr(home, f"{name}InitArgs", None) or getattr(home, f"{name}Args")
    objects: dict[str, dict[str, Field]] = {}
    outputs = _outputs(resource, objects)
    inputs = {
        name: Field(given.type, given.required, given.replaces or (name in outputs and outputs[name].replaces))
        for name, given in _properties(arguments, objects).items()
    }
    return Shape(token, inputs, outputs, objects)


@functools.cache
def _index(package: str) -> dict[str, tuple[str, str]]:
    """Type token -> (module, class), from the table with which the SDK registers its resources."""
    spec = importlib.util.find_spec("pulumi_" + package.replace("-", "_"))
    if spec is None or spec.origin is None:
        return {}
    table = re.search(r'resource_modules="""(.*?)"""', Path(spec.origin).read_text("utf-8"), re.DOTALL)
    entries = json.loads(table.group(1)) if table else []
    return {token: (entry["fqn"], cls) for entry in entries for token, cls in entry["classes"].items()}


def _outputs(resource: type, objects: dict[str, dict[str, Field]]) -> dict[str, Field]:
    outputs = {}
    for attribute, name in pulumi_types.resource_py_to_pulumi_names(resource).items():
        getter = getattr(inspect.getattr_static(resource, attribute, None), "fget", None)
        if getter is None:
            continue
        hint = getter.__annotations__.get("return", Any)
        if typing.get_origin(hint) is pulumi.Output:
            hint = typing.get_args(hint)[0]
        optional, parsed = _parse(hint, sys.modules[resource.__module__], objects)
        outputs[name] = Field(parsed, not optional, bool(_REPLACES.search(getter.__doc__ or "")))
    return outputs


def _properties(cls: type, objects: dict[str, dict[str, Field]]) -> dict[str, Field]:
    """The properties of an argument class or of an output class."""
    is_input = pulumi_types.is_input_type(cls)
    parameters = inspect.signature(cls.__init__).parameters  # type: ignore[misc]
    found = {}
    for attribute, name, _ in pulumi_types._py_properties(cls):
        getter = inspect.getattr_static(cls, attribute).fget
        hint = getter.__annotations__.get("return", Any)
        optional, parsed = _parse(hint, sys.modules[cls.__module__], objects)
        required = parameters[attribute].default is inspect.Parameter.empty if is_input else not optional
        found[name] = Field(parsed, required, bool(_REPLACES.search(getter.__doc__ or "")))
    return found


def _parse(hint: Any, module: Any, objects: dict[str, dict[str, Field]]) -> tuple[bool, Type]:
    """(whether None is allowed, the type) of an annotation of the SDK."""
    members = _members(hint, module)
    optional = type(None) in members
    members = [m for m in members if m is not type(None)]
    enums = [m for m in members if inspect.isclass(m) and issubclass(m, enum.Enum)]
    if enums:
        values = tuple(member.value for cls in enums for member in cls)
        kind: Kind = "string" if all(isinstance(value, str) for value in values) else "number"
        return optional, Type(kind, values=values, open=len(members) > len(enums))
    parsed = list(dict.fromkeys(_single(m, module, objects) for m in members))
    if not parsed or ANY in parsed:
        return optional, ANY
    return optional, parsed[0] if len(parsed) == 1 else Type("union", members=tuple(parsed))


def _members(hint: Any, module: Any) -> list[Any]:
    """The alternatives of an annotation, without those that make it an `Input` (Awaitable, Output)."""
    if isinstance(hint, typing.ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str):
        # names of the SDK's own module, written by its generator
        return [] if hint.startswith(_OUTPUT) else _members(eval(hint, vars(module)), module)  # noqa: S307
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return [member for alternative in typing.get_args(hint) for member in _members(alternative, module)]
    return [] if origin is collections.abc.Awaitable else [hint]


def _single(hint: Any, module: Any, objects: dict[str, dict[str, Field]]) -> Type:
    if hint in _SIMPLE:
        return Type(_SIMPLE[hint])
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (list, collections.abc.Sequence):
        return Type("list", item=_parse(arguments[0], module, objects)[1])
    if origin in (dict, collections.abc.Mapping):
        return Type("map", item=_parse(arguments[1], module, objects)[1])
    if inspect.isclass(hint):
        if issubclass(hint, pulumi.Archive):
            return Type("archive")
        if issubclass(hint, pulumi.Asset):
            return Type("asset")
        if pulumi_types.is_input_type(hint) or pulumi_types.is_output_type(hint):
            name = f"{hint.__module__}.{hint.__name__}"
            if name not in objects:
                objects[name] = {}  # named before it is read: objects may contain themselves
                objects[name] = _properties(hint, objects)
            return Type("object", object=name)
    return ANY
