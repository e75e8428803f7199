"""In which order the tests run, and which of them one worker of pytest-xdist runs one after the other.

What shares something dear within a process stays together: all tests on the one platform, on the one Spark session;
else a file, for fixtures of its module. The longest ones begin first, so that no worker is left alone with them at the
end.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import pytest

from local.site import ROOT

TOGETHER = ("platform", "spark")
"""Session fixtures: whoever asks for one is in its group."""
FIRST = (
    "platform",
    "tests/local/links/test_checks.py",
    "tests/engine",
    "tests/policy/test_pack.py",
    "spark",
    "tests/etl",
    "tests/local/clouds/aws",
    "tests/local/clouds/dms",
)
"""Groups, folders and files that take longest; all others come behind, in pytest's own order."""
QUICK = ("tests/bridges", "tests/components", "tests/contracts", "tests/settings", "tests/stacks")
"""Folders whose tests need nothing but Python's packages, and which are done within a minute."""
NEEDS = {"engine", "spark", "platform", "links"}
"""Marks of tests that need more than that."""


def plan(items: list[pytest.Item]) -> None:
    """Mark each test with its group and, if it is one, as a quick one; then order them in place."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))
        marks = {mark.name for mark in item.iter_markers()}
        if _below(item, QUICK) is not None and not NEEDS & marks:
            item.add_marker(pytest.mark.quick)
    items.sort(key=_rank)  # it keeps the order of those that rank alike


def group(item: pytest.Item) -> str:
    """The name under which one worker runs a test with those that belong to it."""
    fixtures = getattr(item, "fixturenames", ())
    return next((name for name in TOGETHER if name in fixtures), None) or _file(item)


def _rank(item: pytest.Item) -> tuple[int, bool]:
    first = FIRST.index(group(item)) if group(item) in FIRST else _below(item, FIRST)
    return len(FIRST) if first is None else first, item.get_closest_marker("last") is not None


def _below(item: pytest.Item, places: Sequence[str]) -> int | None:
    """The number of the first of some places (files, folders) in which a test lies."""
    file = PurePath(_file(item))
    return next((n for n, place in enumerate(places) if file.is_relative_to(place)), None)


def _file(item: pytest.Item) -> str:
    return item.path.relative_to(ROOT).as_posix()
