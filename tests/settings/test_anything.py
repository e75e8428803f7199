"""Whatever a stack's file says, reading it ends in settings or in problems that name what they are about."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from hypothesis import example, given, settings
from hypothesis import strategies as st

from settings import SECTIONS, Problem, Settings, SettingsError, fields_of, reading
from tests.settings.given import STACKS, raw_of

ADDRESSES = st.builds("{}.{}.{}.0/{}".format, *[st.integers(0, 255)] * 3, st.integers(0, 32))
TEXTS = st.text(max_size=20) | st.text("()[]{}.*+?\\|^$,:/\"'", max_size=4)  # of JSON, patterns and paths
SCALARS = st.none() | st.booleans() | st.integers() | st.integers(0, 70000) | st.floats() | TEXTS | ADDRESSES
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
RAW = {stack: raw_of(stack) for stack in STACKS}


def _places(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every part of what a file says."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in inside:
        yield (*way, step)
        yield from _places(inner, (*way, step))


def _at(raw: Any, way: tuple[str | int, ...]) -> Any:
    for step in way:
        raw = raw[step]
    return raw


WAYS = {stack: list(_places(raw)) for stack, raw in RAW.items()}
# Values that are right somewhere get further than arbitrary ones: into the checks across fields and sections.
MEANT = [_at(RAW[stack], way) for stack in STACKS for way in WAYS[stack]]


@st.composite
def files(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A stack, and its file with a few parts replaced, removed and added."""
    stack = draw(st.sampled_from(STACKS))
    raw = copy.deepcopy(RAW[stack])
    ways = st.sampled_from(WAYS[stack]) | st.sampled_from([way for way in WAYS[stack] if len(way) == 1])
    for way in draw(st.lists(ways, min_size=1, max_size=4)):
        try:
            parent: Any = _at(raw, way[:-1])
            parent[way[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this part away
        if isinstance(parent, str):
            continue
        change = draw(st.sampled_from(("replace", "mean", "remove", "add")))
        if change == "remove":
            del parent[way[-1]]
        elif change == "add" and isinstance(parent, dict):
            parent[draw(st.text(max_size=8))] = draw(JSON)
        else:
            parent[way[-1]] = draw(JSON) if change == "replace" else copy.deepcopy(draw(st.sampled_from(MEANT)))
    return stack, raw


def _known(path: str, value: Any, annotation: Any) -> bool:
    """Whether a path (`.subnets.streaming[0]`) leads to a part of the input or of the model."""
    if not path:
        return True
    if index := re.match(r"\[(\d+)\]", path):
        at, rest = int(index[1]), path[index.end() :]
        types = [one for one in get_args(annotation) if one is not Ellipsis]
        if isinstance(value, list) and at < len(value):
            return _known(rest, value[at], types[min(at, len(types) - 1)] if types else None)
        return at < len(types) and _known(rest, None, types[at])
    if get_origin(annotation) in (dict, Mapping) and re.fullmatch(r"\.[a-z-]+", path):
        return True  # an entry that is missing
    return _inside(path, value, {name: field.annotation for name, field in fields_of(annotation).items()})


def _inside(path: str, value: Any, types: Mapping[str, Any]) -> bool:
    """The same, of a path that begins with a name."""
    given_ = value if isinstance(value, dict) else {}
    return any(
        _known(path.removeprefix(f".{name}"), given_.get(name), types.get(name))
        for name in {*given_, *types}
        if re.match(rf"\.{re.escape(name)}(\.|\[|$)", path)
    )


def _problems(raw: dict[str, Any], stack: str) -> tuple[Problem, ...]:
    """What is wrong; anything but settings or SettingsError fails the test that asks."""
    try:
        assert isinstance(reading.parse(raw, stack), Settings)
    except SettingsError as error:
        return error.problems
    return ()


@given(files())
@example(("prod", RAW["prod"] | {"aws:region": "eu-("}))
@example(("prod", RAW["prod"] | {"network": RAW["prod"]["network"] | {"zones": []}}))
@settings(max_examples=400, deadline=None)
def test_reading_ends_in_settings_or_in_problems_that_name_a_part_of_the_file_or_of_the_model(
    file: tuple[str, dict[str, Any]],
) -> None:
    stack, raw = file
    decoded = {key: reading._decoded(value) for key, value in raw.items()}
    for problem in _problems(raw, stack):
        assert problem.rule
        assert problem.remedy
        if not problem.key.startswith("novaretail:"):
            assert problem.key in ("aws:region", "aws:allowedAccountIds")
            continue
        assert _inside("." + problem.key.removeprefix("novaretail:"), decoded, SECTIONS), problem


@given(st.dictionaries(st.sampled_from(sorted(SECTIONS)) | st.text(max_size=12), JSON, max_size=8))
@settings(max_examples=200, deadline=None)
def test_no_value_of_any_key_is_more_than_a_problem_whether_it_comes_as_text_or_not(raw: dict[str, Any]) -> None:
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in raw.items()}
    assert _problems(raw, "prod")
    assert _problems(texts, "prod")
