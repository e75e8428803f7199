"""The stand-in of the Database Migration Service: runs the replications that are started."""

from __future__ import annotations

from local.clouds.services.definition import Service, python_module
from local.site import Site


def define(site: Site) -> Service:
    return Service(name="dms", command=python_module("local.clouds.dms"))
