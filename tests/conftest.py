"""What tests of more than one part share."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import services
from local.site import Site

PORTS = range(20000, 32000, 10)
"""Below the range that the kernel gives to outgoing connections."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A platform of the test's own, in an empty folder and on free ports; its services are stopped afterwards."""
    fresh = Site(state=tmp_path / "site", port_base=_free_port_base())
    yield fresh
    services.stop(fresh)


@pytest.fixture(scope="session")
def free_port_base() -> int:
    """The first of ten free ports, for a platform that more than one test uses."""
    return _free_port_base()


def _free_port_base() -> int:
    """The first of ten free ports; two test runs at once hardly try the same ones."""
    for base in random.sample(PORTS, len(PORTS)):
        if all(_is_free(port) for port in range(base, base + 10)):
            return base
    raise RuntimeError(f"no ten free ports between {PORTS.start} and {PORTS.stop}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
