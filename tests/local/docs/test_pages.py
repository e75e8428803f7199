"""The generated pages are current."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import docs
from local.site import ROOT


@pytest.mark.parametrize("page", sorted(docs.pages()), ids=lambda page: page.name)
def test_a_generated_page_is_current(page: Path) -> None:
    assert page.read_text("utf-8") == docs.pages()[page], f"run: make docs ({page.relative_to(ROOT)})"
