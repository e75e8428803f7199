"""Decisions are numbered, dated, listed, and say what they cost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .prose import ROOT

FOLDER = ROOT / "docs" / "adr"
PAGES = sorted(FOLDER.glob("[0-9]*.md"))
PARTS = ["## Context", "## Options", "## Decision", "## Consequences"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_decision_has_its_parts_and_a_cost(page: Path) -> None:
    text = page.read_text("utf-8")

    assert text.startswith(f"# {int(page.name[:4])}. ")
    assert re.search(r"^\| (accepted|superseded by \[\d+\]\(\S+\.md\)) \| \d{4}-\d\d-\d\d \|$", text, re.MULTILINE)
    assert [line for line in text.splitlines() if line.startswith("## ")] == PARTS
    assert len(re.findall(r"^\d\. ", text.split("## Options")[1].split("## Decision")[0], re.MULTILINE)) >= 2
    assert re.search(r"^Good:\n\n- ", text, re.MULTILINE)
    assert re.search(r"^Bad:\n\n- ", text, re.MULTILINE)


def test_the_index_lists_every_decision_as_its_page_has_it() -> None:
    index = (FOLDER / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| \[(.+)\]\((.+)\) \| (\S+) \| (\w+).* \|$", index, re.MULTILINE)
    found = []
    for page in PAGES:
        text = page.read_text("utf-8")
        number, title = re.findall(r"^# (\d+)\. (.+)$", text, re.MULTILINE)[0]
        status, date = re.findall(r"^\| (\w+).* \| (\d\S+) \|$", text, re.MULTILINE)[0]
        found.append((number, title, page.name, date, status))

    assert rows == found
    assert [int(row[0]) for row in rows] == list(range(1, len(PAGES) + 1))
