"""One platform for all end-to-end tests: the main job, run once, on a site of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.rehearsal import up
from local.rehearsal.clients import client
from local.site import Site

PERIOD = "day"


@dataclass(frozen=True)
class Platform:
    """A platform after `make up`, still running."""

    site: Site
    report: dict[str, Any]
    report_folder: Path

    def client(self, service: str) -> Any:
        """A boto3 client of the platform's AWS."""
        return client(self.site, service)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory, session_site: Site) -> Iterator[Platform]:
    report_folder = tmp_path_factory.mktemp("platform") / "report"
    try:
        report = up.up(session_site, PERIOD, report_folder=report_folder)
        yield Platform(session_site, report, report_folder)
    finally:
        up.clear(session_site)
