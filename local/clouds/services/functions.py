"""The runtime of the functions: polls event sources and invokes functions as Lambda would."""

from __future__ import annotations

from local.clouds.services.definition import Service, python_module
from local.site import Site


def define(site: Site) -> Service:
    return Service(name="functions", command=python_module("local.clouds.functions"))
