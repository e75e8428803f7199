"""The proxy of the site's RDS instances: TLS before PostgreSQL."""

from __future__ import annotations

from local.clouds.services.definition import Service, python_module
from local.clouds.services.probes import listens
from local.site import Site


def define(site: Site, *, force_ssl: bool = True) -> Service:
    """Args: force_ssl: whether who does not want TLS is turned away, as the parameter rds.force_ssl has it."""
    port = site.ports["postgres"]
    return Service(
        name="rds",
        command=[*python_module("local.clouds.rds"), *(["--force-ssl"] if force_ssl else [])],
        ports=[port],
        ready=lambda: listens(port),
    )
