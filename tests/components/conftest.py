"""The recorded graphs of the committed stacks, one program run a stack and test session."""

from __future__ import annotations

import pytest

from tests.graphs.recording import Recording, record


@pytest.fixture
def prod() -> Recording:
    return record("prod")


@pytest.fixture
def local() -> Recording:
    return record("local")


@pytest.fixture
def organization() -> Recording:
    return record("organization")


@pytest.fixture(params=["prod", "nonprod", "local"])
def data_stack(request: pytest.FixtureRequest) -> Recording:
    return record(request.param)


@pytest.fixture(params=["prod", "nonprod", "local", "organization"])
def stack(request: pytest.FixtureRequest) -> Recording:
    return record(request.param)
