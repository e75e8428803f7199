"""What tests of more than one part share."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.clouds import services
from local.site import Site
from tests import once, ports, schedule


def pytest_configure() -> None:
    """Make the run's folder before any worker is started, so that all of them find the same one."""
    once.folder()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    schedule.plan(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> schedule.Scheduler:
    return schedule.Scheduler(config, log)


@pytest.fixture
def site() -> Iterator[Site]:
    """A platform of the test's own, in an empty folder and on free ports; its services are stopped afterwards."""
    with _fresh_site() as fresh:
        yield fresh


@pytest.fixture(scope="module")
def shared_site() -> Iterator[Site]:
    """A platform for all tests of a module."""
    with _fresh_site() as fresh:
        yield fresh


@pytest.fixture(scope="session")
def session_site() -> Iterator[Site]:
    """A platform for all tests of a run."""
    with _fresh_site() as fresh:
        yield fresh


@contextmanager
def _fresh_site() -> Iterator[Site]:
    """In a folder that every user may pass through: PostgreSQL never runs as root.

    So not below pytest's own, which each run of pytest closes to others again, also while another one runs.
    """
    with tempfile.TemporaryDirectory(prefix="novaretail-", ignore_cleanup_errors=True) as folder:
        fresh = Site(state=Path(folder) / "site", port_base=ports.free_block())
        try:
            yield fresh
        finally:
            services.stop(fresh)


def kill(site: Site, name: str) -> None:
    """kill -9, and wait until the process is gone."""

    def state() -> tuple[str, int | None]:
        return next((one.state, one.pid) for one in services.status(site) if one.name == name)

    _, pid = state()
    if pid is None:
        raise ValueError(f"{name} does not run, so it cannot be killed")
    os.kill(pid, signal.SIGKILL)
    while state() != ("died", pid):
        time.sleep(0.05)
