"""Two workers of a run never try the same ports."""

from __future__ import annotations

import socket

import pytest

from tests import ports


def test_the_workers_shares_have_no_port_in_common_and_leave_none_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "3")
    taken: list[int] = []
    for worker in ("gw0", "gw1", "gw2"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        taken += ports.share()

    assert sorted(taken) == list(ports.ALL)


def test_a_block_in_which_one_port_is_taken_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    base = ports.free_block()
    with socket.create_server(("127.0.0.1", base + 7)):
        monkeypatch.setattr(ports, "share", lambda: range(base, base + 10, 10))
        with pytest.raises(RuntimeError, match="no ten free ports"):
            ports.free_block()
    assert ports.free_block() == base
