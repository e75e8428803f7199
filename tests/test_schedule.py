"""The tests' order and groups: what is dear is shared within a worker, what ends something comes last."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest

from local.site import ROOT
from tests import schedule


class Item(pytest.Item):
    """A test of some file."""

    def __init__(self, file: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.path = ROOT / file

    def runtest(self) -> None: ...


def planned(request: pytest.FixtureRequest, *tests: tuple[str, *tuple[str, ...]]) -> list[pytest.Item]:
    """The plan for some tests, each given as its file and its marks."""
    items: list[pytest.Item] = []
    for file, *marks in tests:
        made = Item.from_parent(request.node.parent, name=file, file=file)
        made.own_markers = [getattr(pytest.mark, name).mark for name in marks]
        items.append(made)
    schedule.plan(items)
    return items


def test_what_shares_something_dear_is_one_group_and_all_else_a_group_a_file() -> None:
    assert schedule.group("tests/platform/test_one.py") == schedule.group("tests/platform/test_two.py")
    assert schedule.group("tests/settings/test_one.py") != schedule.group("tests/settings/test_two.py")


def test_what_takes_longest_begins_and_what_ends_the_platform_is_behind_all_others_that_use_it(
    request: pytest.FixtureRequest,
) -> None:
    found = planned(
        request,
        ("tests/contracts/test_quick.py",),
        ("tests/platform/test_destroy.py", "last"),
        ("tests/platform/test_main_job.py",),
    )

    assert [each.name.rpartition("/")[2] for each in found] == ["test_main_job.py", "test_destroy.py", "test_quick.py"]


def test_a_test_is_quick_in_some_folders_unless_it_needs_more_than_packages(request: pytest.FixtureRequest) -> None:
    quick, needy, slow = planned(
        request,
        ("tests/contracts/test_one.py",),
        ("tests/bridges/test_two.py", "platform"),
        ("tests/local/test_three.py",),
    )

    assert quick.get_closest_marker("quick")
    assert not needy.get_closest_marker("quick")
    assert not slow.get_closest_marker("quick")


def test_the_places_that_are_named_are_there() -> None:
    places = (*schedule.TOGETHER, *schedule.FIRST, *schedule.QUICK)

    assert [place for place in places if not (ROOT / place).exists()] == []


def test_whoever_asks_for_the_session_of_spark_is_in_its_group() -> None:
    asking = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "tests" / "etl").rglob("test_*.py")
        if re.search(r"^def test_.*\bspark\b", file.read_text("utf-8"), re.MULTILINE)
    }

    assert asking == {file for file, name in schedule.TOGETHER.items() if name == "spark"}


def test_two_workers_never_share_a_file() -> None:
    files = ["tests/test_ports.py", "tests/test_once.py", "tests/contracts/test_cdc.py"]
    command = [sys.executable, "-m", "pytest", "-n", "2", "--no-loadscope-reorder", "-v", *files]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    workers: dict[str, set[str]] = {}
    for worker, file in re.findall(r"^\[(gw\d)\].* PASSED (\S+?)::", run.stdout, re.MULTILINE):
        workers.setdefault(file, set()).add(worker)
    assert workers.keys() == set(files), run.stdout + run.stderr
    assert [len(each) for each in workers.values()] == [1, 1, 1]
    assert len(set.union(*workers.values())) == 2
