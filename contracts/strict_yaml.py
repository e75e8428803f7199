"""Reads YAML so that nobody can take it for something else: YAML 1.2, and every key once.

PyYAML's own loaders read YAML 1.1: `NO` is false, 12:30 is 750, 0777 is 511, 1_000 is 1000, 2026-01-01 is a date, and
of two equal keys the last one wins. Here only `true` and `false` are booleans, only plain decimal digits are numbers,
and all else is text, as it stands there. What a reader must follow or know to understand a value is refused: anchors
and merge keys, tags, directives, a second document, keys that are no texts.

The parser is PyYAML's (libyaml where it was built with it); of its events the value is built here, because its
composers forget keys and anchors before anybody can ask for them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from contracts.errors import Problem

ONLY = "YAML 1.2: only true and false are booleans, and only plain decimal digits are a number"
"""The rule for whoever finds a text where a boolean or a number should be."""

MAX_DEPTH = 64
"""Mappings and lists inside each other; far from where Python's stack ends."""

_PARSER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_NULLS = frozenset(["", "~", "null", "Null", "NULL"])
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class YamlErrors(ValueError):  # noqa: N818 - it stands for many errors
    """A YAML text that cannot be trusted; `problems` has every problem that was found."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)))


def load(text: str, file: str) -> Any:
    """Return the value of a YAML text: dicts with text keys, lists, texts, integers, floats, booleans, None.

    Args:
        file: how problems call the text.
    Raises: YamlErrors with every problem.
    """
    value, problems = read(text, file)
    if problems:
        raise YamlErrors(problems)
    return value


def read(text: str, file: str) -> tuple[Any, list[Problem]]:
    """Return the value as `load` does, and what is wrong with the text; the value is of no use if anything is."""
    reader = _Reader(text, file)
    try:
        return reader.document(), reader.problems
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f"line {mark.line + 1}" if mark else "$"
        reader.problem(at, str(getattr(error, "problem", error)), "a text that YAML can read")
    except _TooDeep as error:
        reader.problem(str(error), "...", f"at most {MAX_DEPTH} mappings and lists lie inside each other")
    return None, reader.problems


class _TooDeep(Exception):  # noqa: N818 - it never leaves this module
    """Raised at the path where the limit was reached: what is below is not looked at."""


class _Reader:
    """Builds one value of a parser's events; `problems` grows as it goes."""

    def __init__(self, text: str, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._events: Iterator[Any] = yaml.parse(text, Loader=_PARSER)

    def problem(self, path: str, value: str, rule: str) -> None:
        self.problems.append(Problem(self._file, path, value, rule))

    def document(self) -> Any:
        next(self._events)  # the stream's start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return None
        if event.version or event.tags:
            self.problem("$", f"line {event.start_mark.line + 1}", "no directives (%YAML, %TAG)")
        value = self._value(next(self._events), "$", 0)
        next(self._events)  # the document's end
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self.problem("$", f"line {after.start_mark.line + 1}", "a file is one document: nothing begins after `---`")
        return value

    def _value(self, event: Any, path: str, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise _TooDeep(path)
        if isinstance(event, yaml.AliasEvent):
            self.problem(path, f"*{event.anchor}", "no aliases: what stands here is written here")
            return None
        if event.anchor is not None:
            self.problem(path, f"&{event.anchor}", "no anchors: what stands elsewhere is written there")
        if event.tag is not None:
            self.problem(path, event.tag, "no tags: a value is what it looks like")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(path, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, depth)
        return event.value if event.style else plain(event.value)

    def _list(self, path: str, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, f"{path}[{len(items)}]", depth + 1))
        return items

    def _mapping(self, path: str, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            key = self._value(event, path, depth + 1)
            if not isinstance(key, str):
                written = event.value if isinstance(event, yaml.ScalarEvent) else f"line {line}"
                self.problem(path, repr(written), "a key is a text: put it in quotes")
                self._value(next(self._events), path, depth + 1)
                continue
            where = f"{path}.{key}" if _PLAIN_KEY.fullmatch(key) else f"{path}[{key!r}]"
            value = self._value(next(self._events), where, depth + 1)
            if key == "<<":
                self.problem(path, key, "no merge keys: what a mapping has is written in it")
            elif key in mapping:
                rule = "a key stands once in a mapping: one reader takes the first value, the next one the last"
                self.problem(where, f"lines {lines[key]} and {line}", rule)
            else:
                mapping[key], lines[key] = value, line
        return mapping


def plain(text: str) -> str | int | float | bool | None:
    """Return what a scalar without quotes stands for: YAML 1.2's core schema, but numbers in decimal digits only.

    0777, 0o17, 0x1F, +1, .inf and .nan are texts: the core schema makes numbers of them, other readers make others.
    So is an integer of more than 18 digits, and a number that no float holds.
    """
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text
