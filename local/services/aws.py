"""The AWS endpoint: moto with our extensions."""

from __future__ import annotations

from local.services.definition import Service, python_module
from local.services.probes import answers_http
from local.site import Site


def define(site: Site) -> Service:
    port = site.ports["aws"]
    return Service(
        name="aws",
        command=python_module("local.aws"),
        ports=[port],
        ready=lambda: answers_http(port, "/moto-api/"),
    )
