"""A step that does not do what its guide says is seen, with page and line; and the door's table counts right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.guides.running import GUIDES, Copy, GuideError, blocks

PAGES = sorted(page for page in GUIDES.glob("*.md") if page.name != "README.md")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A tree of one file."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.py").write_text("one = 1\ntwo = 2\n\ntwo_too = 2\n", "utf-8")
    return Copy.begin(tree)


def follow(copy: Copy, *steps: str) -> Copy:
    """Take the steps of a page that has them from its third line on."""
    page = copy.tree.parent / "page.md"
    page.write_text("# Page\n\n" + "\n\n".join(f"```{step}\n```" for step in steps) + "\n", "utf-8")
    for block in blocks(page):
        copy.take(block)
    copy.check_list(page.name)
    return copy


def test_a_page_that_holds_is_carried_out(copy: Copy) -> None:
    follow(
        copy,
        "python file=b/c.py\nthree = 3",
        "diff file=a.py\n-one = 1\n+one = 11\n@@\n two = 2\n \n+# again\n two_too = 2",
        "sh\ncat a.py b/c.py",
        "text\none = 11\nthree = 3",
        "sh fails\ncat no.py",
        "text\nno.py",
        "text files\na.py    the old one\nb/c.py  the new one",
    )

    assert (copy.tree / "a.py").read_text("utf-8") == "one = 11\ntwo = 2\n\n# again\ntwo_too = 2\n"
    assert copy.changed() == {"a.py", "b/c.py"}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("python file=a.py\nx = 1", "page.md:3: a.py is there already"),
        ("diff file=a.py\n-three = 3\n+three = 4", "page.md:3: a.py has this 0 times:\nthree = 3"),
        ("diff file=a.py\n+x = 1\n two", "page.md:3: a.py has this 0 times"),  # no whole line
        ("sh\nfalse | true", "page.md:3: it ends with 1"),
        ("sh fails\ntrue", "page.md:3: it ends with 0"),
        ("text\nnever said", r"page.md:3: the command does not say \['never said'\]"),
        ("json\n{}", "page.md:3: nothing is known of json"),
        ("text files\na.py", "page.md: its list of files and what it changes differ in a.py"),
        ("python file=d.py\nx = 1", "page.md: its list of files and what it changes differ in d.py"),
    ],
)
def test_a_step_that_does_not_hold_is_named(copy: Copy, step: str, said: str) -> None:
    with pytest.raises(GuideError, match=said):
        follow(copy, step)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_guide_has_a_test_and_a_row_in_the_table_with_the_number_of_its_files(page: Path) -> None:
    table = (GUIDES / "README.md").read_text("utf-8")
    (row,) = re.findall(rf"^\| \[.+\]\({page.name}\) \| (\d+): ", table, re.MULTILINE)
    (files,) = [block.text for block in blocks(page) if block.option == "files"]

    assert int(row) == len(files.splitlines())
    assert (Path(__file__).parent / f"test_{page.stem.replace('-', '_')}.py").exists()
