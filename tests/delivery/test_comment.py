"""What a reviewer reads: the worst on top, the rest folded away, nothing that a name in the program could draw."""

from __future__ import annotations

from pathlib import Path

from delivery.changes import Change
from delivery.comment import DRIFT_MARK, LIMIT, PREVIEW_MARK, drift, preview
from delivery.plan import Plan

from .plans import STEPS, written


def test_lost_data_stands_before_replacements_before_wider_access_before_the_rest(tmp_path: Path) -> None:
    page = preview([written(tmp_path, STEPS)], "https://github.example/run/1")

    parts = ["| stack |", "🔴 Data", "`raw`", "🟠 Made anew", "`sender`", "🟡 Opens", "`read`", "<details>", "`loader`"]
    assert [page.count(part) for part in parts] == [1] * len(parts)
    assert sorted(parts, key=page.index) == parts
    assert page.startswith(PREVIEW_MARK)
    assert "| prod | 0 | **1** | **1** | **1** | 1 | 1 |" in page
    assert "The whole plans are in [the run](https://github.example/run/1)." in page


def test_the_worst_of_a_later_stack_stands_before_the_rest_of_an_earlier_one() -> None:
    quiet = Plan(stack="nonprod", changes=(Change("safe", "aws:a:A quiet", "is new"),))
    bad = Plan(stack="prod", changes=(Change("data-losing", "aws:b:B loud", "is gone"),))

    page = preview([quiet, bad])

    assert page.index("`loud`") < page.index("`quiet`")


def test_what_one_stack_opens_does_not_stand_before_what_another_loses() -> None:
    opens = Plan(stack="nonprod", changes=(Change("safe", "aws:a:A open", "is new", "it lets 0.0.0.0/0 in"),))
    loses = Plan(stack="prod", changes=(Change("data-losing", "aws:b:B lost", "is gone"),))

    page = preview([opens, loses])

    assert page.index("`lost`") < page.index("`open`")


def test_a_plan_that_stops_says_why_on_top() -> None:
    page = preview([Plan(stack="prod", problems=("protected: it holds data",))])

    assert "### prod: ⛔ the plan stops\n\n- `protected: it holds data`" in page
    assert "Nothing changes" not in page


def test_nothing_is_said_as_nothing() -> None:
    assert "**prod**: Nothing changes in this stack." in preview([Plan(stack="prod", unchanged=3)])
    assert "**prod**: All is as it was deployed." in drift([Plan(stack="prod", unchanged=3)])
    assert DRIFT_MARK in drift([])


def test_what_the_program_says_stays_inside_its_code_span() -> None:
    hostile = "``` @everyone </details> <img src=x>\n# head"
    page = preview([Plan(stack="prod", changes=(Change("replacing", "aws:a:A `x`", hostile, hostile),))])

    line = next(line for line in page.splitlines() if "@everyone" in line)
    assert line.startswith("- `` `x` `` (`aws:a:A`) ````` ``` @everyone".replace("`````", "````"))
    assert "\n# head" not in page


def test_a_long_page_loses_its_end_says_so_and_stays_under_githubs_limit() -> None:
    changes = (
        Change("data-losing", "aws:a:A lost", "is gone"),
        *(Change("safe", f"aws:a:A quiet-{number}", "x" * 150) for number in range(2000)),
    )
    page = preview([Plan(stack="prod", changes=changes)], "https://github.example/run/1")

    assert len(page) <= LIMIT
    assert "`lost`" in page
    assert "lines are left out here" in page
    assert page.count("<details>") == page.count("</details>")
    assert page.endswith("[the run](https://github.example/run/1).\n")
