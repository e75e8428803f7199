"""The AWS endpoint: moto with our extensions."""

from __future__ import annotations

from local.clouds.services.definition import Service, python_module
from local.clouds.services.probes import answers_http
from local.site import Site


def define(site: Site) -> Service:
    port = site.ports["aws"]
    return Service(
        name="aws",
        command=python_module("local.clouds.aws"),
        ports=[port],
        ready=lambda: answers_http(port, "/moto-api/"),
    )
