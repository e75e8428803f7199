"""In which order the tests run, and which of them one worker of pytest-xdist runs one after the other.

What shares something dear within a process stays together: all tests on the one platform, on the one Spark session;
else a file, for fixtures of its module. The longest ones begin first, so that no worker is left alone with them at the
end.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

import pytest
from xdist.scheduler import LoadScopeScheduling

from local.site import ROOT

TOGETHER = {
    "tests/platform": "platform",
    "tests/etl/lakehouse/test_orders.py": "spark",
    "tests/etl/lakehouse/test_settle.py": "spark",
}
"""Folders and files whose tests share a fixture of the session -> the name of the group."""
FIRST = (
    "tests/platform",
    "tests/local/links/test_checks.py",
    "tests/engine",
    "tests/policy/test_pack.py",
    "tests/etl",
    "tests/local/clouds/aws",
    "tests/local/clouds/dms",
    "tests/guides",
)
"""Folders and files that take longest; all others come behind, in pytest's own order."""
QUICK = ("tests/bridges", "tests/components", "tests/contracts", "tests/settings", "tests/stacks")
"""Folders whose tests need nothing but Python's packages, and which are done within a minute."""
NEEDS = {"engine", "spark", "platform", "links"}
"""Marks of tests that need more than that."""


class Scheduler(LoadScopeScheduling):
    """Hands a worker one group after the other.

    Not xdist's own `loadgroup`: with pytest 9.2 that reads no group of any test, and says nothing (pytest-xdist 1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid.partition("::")[0])


def group(file: str) -> str:
    """The name under which one worker runs a file's tests with those that belong to them."""
    place = _place(file, TOGETHER)
    return file if place is None else TOGETHER[place]


def plan(items: list[pytest.Item]) -> None:
    """Mark each test that is a quick one, and order them in place."""
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        if _place(_file(item), QUICK) is not None and not NEEDS & marks:
            item.add_marker(pytest.mark.quick)
    items.sort(key=_rank)  # it keeps the order of those that rank alike


def _rank(item: pytest.Item) -> tuple[int, bool]:
    place = _place(_file(item), FIRST)
    return len(FIRST) if place is None else FIRST.index(place), item.get_closest_marker("last") is not None


def _place(file: str, places: Iterable[str]) -> str | None:
    """The first of some places (files, folders) in which a file lies."""
    return next((place for place in places if PurePath(file).is_relative_to(place)), None)


def _file(item: pytest.Item) -> str:
    return item.path.relative_to(ROOT).as_posix()
