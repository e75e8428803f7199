from __future__ import annotations

import socket

import pytest

from local.replay import Record, ReplayError, produce


def test_a_broker_that_is_not_there_is_named() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bootstrap = f"127.0.0.1:{probe.getsockname()[1]}"

    with pytest.raises(ReplayError, match=rf"topic orders at {bootstrap}: "):
        produce(bootstrap, "orders", [Record(1493596800000, "1", b"{}", "placed")], timeout_seconds=0.5)
