from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.site import Site
from tests.local.clouds.aws.running import aws_server, free_site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of the tests' own with its AWS server running."""
    site = free_site(tmp_path_factory.mktemp("site"))
    with aws_server(site):
        yield site
