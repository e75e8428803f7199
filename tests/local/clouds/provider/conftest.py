"""A moto server and the provider's live types against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.clouds.provider.kept_shapes import Shapes
from local.clouds.provider.live import Clients
from local.clouds.provider.live.base import Live
from local.clouds.provider.types import live_class
from local.site import Site
from tests import ports


@pytest.fixture(scope="session")
def shapes() -> Shapes:
    return Shapes()


@pytest.fixture(scope="session")
def aws_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose AWS is a moto server of this process."""
    from moto.server import ThreadedMotoServer

    port = ports.free_block()  # the provider and others have the next ones
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    yield Site(state=tmp_path_factory.mktemp("site"), port_base=port)
    server.stop()


@pytest.fixture
def client(aws_site: Site) -> Callable[[str], Any]:
    return Clients(aws_site).get


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The folder that the paths of assets are relative to."""
    return tmp_path


@pytest.fixture
def live(aws_site: Site, program: Path) -> Callable[[str], Live]:
    """Makes the live type of a token."""
    clients = Clients(aws_site)
    return lambda token: live_class(token)(aws_site, program, clients)


@pytest.fixture(scope="session", autouse=True)
def _no_credentials_of_the_user() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_ACCESS_KEY_ID", "test")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    patch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    boto3.setup_default_session()
    yield
    patch.undo()
