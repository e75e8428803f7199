"""The tests' order and groups: what is dear is shared within a worker, what ends something comes last."""

from __future__ import annotations

import pytest

from local.site import ROOT
from tests import schedule


class Item(pytest.Item):
    """A test of some file, with what the schedule asks of one."""

    def __init__(self, file: str, fixtures: tuple[str, ...], **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.path = ROOT / file
        self.fixturenames = fixtures

    def runtest(self) -> None: ...


def item(request: pytest.FixtureRequest, file: str, *fixtures: str, marks: tuple[str, ...] = ()) -> Item:
    made = Item.from_parent(request.node.parent, name=file, file=file, fixtures=fixtures)
    made.own_markers = [getattr(pytest.mark, name).mark for name in marks]
    return made


def planned(*items: pytest.Item) -> list[pytest.Item]:
    ordered = list(items)
    schedule.plan(ordered)
    return ordered


def group(found: pytest.Item) -> str:
    mark = found.get_closest_marker("xdist_group")
    assert mark is not None
    return str(mark.args[0])


def test_what_shares_something_dear_is_one_group_and_all_else_a_group_a_file(request: pytest.FixtureRequest) -> None:
    found = planned(
        item(request, "tests/platform/test_one.py", "platform"),
        item(request, "tests/platform/test_two.py", "platform"),
        item(request, "tests/etl/test_one.py", "spark"),
        item(request, "tests/settings/test_one.py"),
        item(request, "tests/settings/test_two.py"),
    )

    assert [group(each) for each in found] == [
        "platform",
        "platform",
        "spark",
        "tests/settings/test_one.py",
        "tests/settings/test_two.py",
    ]


def test_what_takes_longest_begins_and_what_ends_the_platform_is_behind_all_others_that_use_it(
    request: pytest.FixtureRequest,
) -> None:
    found = planned(
        item(request, "tests/contracts/test_quick.py"),
        item(request, "tests/platform/test_destroy.py", "platform", marks=("last",)),
        item(request, "tests/platform/test_main_job.py", "platform"),
    )

    assert [each.name.rpartition("/")[2] for each in found] == ["test_main_job.py", "test_destroy.py", "test_quick.py"]


def test_a_test_is_quick_in_some_folders_unless_it_needs_more_than_packages(request: pytest.FixtureRequest) -> None:
    quick, needy, slow = planned(
        item(request, "tests/contracts/test_one.py"),
        item(request, "tests/bridges/test_two.py", marks=("platform",)),
        item(request, "tests/local/test_three.py"),
    )

    assert quick.get_closest_marker("quick")
    assert not needy.get_closest_marker("quick")
    assert not slow.get_closest_marker("quick")


def test_the_places_that_are_named_are_there() -> None:
    places = [place for place in (*schedule.FIRST, *schedule.QUICK) if "/" in place]

    assert [place for place in places if not (ROOT / place).exists()] == []
