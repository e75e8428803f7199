"""The Kafka Connect worker. Its plugins lie in `plugin_folder`; a restart makes it see new ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from local.clouds.services.definition import Service
from local.clouds.services.java import java, properties
from local.clouds.services.probes import answers_http
from local.site import Site

STRING_CONVERTER = "org.apache.kafka.connect.storage.StringConverter"


def settings_file(site: Site) -> Path:
    """The worker's settings, written when it is started and at no other time."""
    return site.state / "connect" / "worker.properties"


def plugin_folder(site: Site) -> Path:
    """Where a plugin's folder of archives is put."""
    return site.state / "connect" / "plugins"


def define(site: Site, *, worker: Mapping[str, str] | None = None) -> Service:
    """
    Args:
        worker: properties of the worker configuration that the program declares; they win over the defaults here,
            but not over what places the worker on this site.
    """
    port = site.ports["connect"]
    settings = {
        "key.converter": STRING_CONVERTER,
        "value.converter": STRING_CONVERTER,
        "offset.flush.interval.ms": 1000,
        "connector.client.config.override.policy": "All",
        # a killed worker's tasks come back within seconds
        "session.timeout.ms": 10000,
        "heartbeat.interval.ms": 3000,
        "scheduled.rebalance.max.delay.ms": 0,
        **(worker or {}),
        "bootstrap.servers": site.kafka_bootstrap,
        "group.id": "connect",
        "listeners": f"http://127.0.0.1:{port}",
        "rest.advertised.host.name": "127.0.0.1",
        "plugin.path": plugin_folder(site),
        "plugin.discovery": "service_load",
        "config.storage.topic": "connect-configs",
        "offset.storage.topic": "connect-offsets",
        "status.storage.topic": "connect-status",
        "config.storage.replication.factor": 1,
        "offset.storage.replication.factor": 1,
        "status.storage.replication.factor": 1,
        "offset.storage.partitions": 1,
        "status.storage.partitions": 1,
    }
    return Service(
        name="connect",
        command=java(site, "org.apache.kafka.connect.cli.ConnectDistributed", settings_file(site), heap="1g"),
        ports=[port],
        ready=lambda: answers_http(port, "/connectors"),
        # the sink survives a catalog that fails for a while
        environment={"AWS_MAX_ATTEMPTS": "20"},
        files={settings_file(site): properties(settings)},
        folders=[plugin_folder(site)],
        ready_seconds=120,
        stop_seconds=30,
    )
