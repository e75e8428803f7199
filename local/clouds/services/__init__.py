"""The services of the local platform: start, stop, restart, status, check.

services.start(site, "kafka")                    running and ready, or an error that says why not
services.start(site, "connect", worker={...})    with properties of the worker configuration
services.restart(site, "connect")                with the options that it was started with
services.check(site)                             raises if one that was started has died
services.stop(site)                              all of them, those that use others first
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.clouds.services import aws, connect, dms, functions, kafka, postgres, pubsub, rds
from local.clouds.services.definition import (
    DiskSpaceError,
    NotReadyError,
    PortInUseError,
    Service,
    ServiceDiedError,
    ServiceError,
)
from local.clouds.services.supervisor import Status, Supervisor, require_disk_space
from local.site import Site

__all__ = [
    "NAMES",
    "DiskSpaceError",
    "NotReadyError",
    "PortInUseError",
    "Service",
    "ServiceDiedError",
    "ServiceError",
    "Status",
    "check",
    "require_disk_space",
    "restart",
    "start",
    "status",
    "stop",
]

_DEFINITIONS: dict[str, Callable[..., Service]] = {
    "aws": aws.define,
    "kafka": kafka.define,
    "pubsub": pubsub.define,
    "postgres": postgres.define,
    "rds": rds.define,
    "connect": connect.define,
    "dms": dms.define,
    "functions": functions.define,
}
NAMES = tuple(_DEFINITIONS)
"""In the order in which they are started: a service stands behind those that it uses."""

_SUPERVISORS: dict[Site, Supervisor] = {}


def start(site: Site, name: str, **options: Any) -> None:
    """Have the service running with these options (JSON values), and ready. ServiceError says why it cannot be."""
    _supervisor(site).start(_define(site, name, options), options)


def stop(site: Site, *names: str) -> None:
    """End the named services, or all; a service that does not run is no error."""
    for name in reversed(NAMES):
        handle = _supervisor(site).handle(name)
        if handle is not None and (not names or name in names):
            _supervisor(site).stop(_define(site, name, dict(handle.options)))


def restart(site: Site, name: str, **options: Any) -> None:
    """Stop and start; options not given stay as they were at the last start."""
    handle = _supervisor(site).handle(name)
    merged = {**(handle.options if handle else {}), **options}
    stop(site, name)
    start(site, name, **merged)


def status(site: Site) -> list[Status]:
    """How each service is, in the order of NAMES."""
    return [_supervisor(site).status(name) for name in NAMES]


def check(site: Site) -> None:
    """ServiceDiedError if a service that was started, and not stopped, is gone."""
    for name in NAMES:
        _supervisor(site).check(name)


def _define(site: Site, name: str, options: dict[str, Any]) -> Service:
    if name not in _DEFINITIONS:
        raise ValueError(f"no service is called {name!r}; there are {', '.join(NAMES)}")
    return _DEFINITIONS[name](site, **options)


def _supervisor(site: Site) -> Supervisor:
    return _SUPERVISORS.setdefault(site, Supervisor(site))
