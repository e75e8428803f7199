"""A setting that a page names is one that a stack may have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.site import ROOT
from settings import SECTIONS, fields_of

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# `bridge.pollers_max`, `novaretail:links.azure`; a file such as `network.py` is none.
NAMED = re.compile(rf"`(?:novaretail:)?((?:{'|'.join(SECTIONS)})(?:\.[a-z_]+)+)[:`]")
FILES = ("py", "yaml", "md", "json", "toml")


def _named(text: str) -> set[str]:
    """The settings that a text names, by their paths."""
    return {name for name in NAMED.findall(text) if name.rpartition(".")[2] not in FILES}


def _exists(name: str) -> bool:
    section, *way = name.split(".")
    model = SECTIONS[section]
    for step in way:
        fields = fields_of(model)
        if step not in fields:
            return False
        model = fields[step].annotation
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_settings_that_there_are(page: Path) -> None:
    assert {name for name in _named(page.read_text("utf-8")) if not _exists(name)} == set()


def test_pages_name_settings_at_all_and_one_that_is_gone_is_seen() -> None:
    found = {name for page in PAGES for name in _named(page.read_text("utf-8"))}
    assert {"bridge.concurrency", "database.instance_class", "protection.replaceable", "azure.key_edition"} <= found
    assert not _exists("cdc.storage_max_gib")
    assert _named("raise `cdc.storage_max_gib`, see `lake.py`") == {"cdc.storage_max_gib"}
