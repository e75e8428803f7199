"""`make docs`: the pages of docs/generated.

environments    what differs between prod and nonprod, and why
links           the address plan of the links to other clouds
"""

from __future__ import annotations

from pathlib import Path

from local.docs import environments, links
from local.docs.environments import DocsError
from local.site import ROOT

__all__ = ["DocsError", "pages", "write"]

FOLDER = ROOT / "docs" / "generated"


def pages() -> dict[Path, str]:
    """Render every generated page; file -> its text."""
    return {FOLDER / "environments.md": environments.render(), FOLDER / "links.md": links.render()}


def write() -> list[Path]:
    """Write every generated page; gives the files."""
    rendered = pages()
    for file, text in rendered.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return list(rendered)
