"""Pub/Sub: Google's in-memory server. It forgets everything when it stops."""

from __future__ import annotations

from local.clouds.services.definition import Service
from local.clouds.services.probes import listens
from local.site import TOOLCHAIN, Site


def define(site: Site) -> Service:
    port = site.ports["pubsub"]
    return Service(
        name="pubsub",
        command=[str(TOOLCHAIN / "bin" / "pstest"), "--address", f"127.0.0.1:{port}"],
        ports=[port],
        ready=lambda: listens(port),
    )
