"""Apache Kafka: one broker that is its own controller (KRaft)."""

from __future__ import annotations

from local.clouds.services.definition import Service
from local.clouds.services.java import java, properties
from local.clouds.services.probes import is_broker
from local.site import Site

CLUSTER_ID = "bm92YXJldGFpbC1sb2NhbA"
"""16 bytes in base64 as Kafka wants them; the same always, so that a store formatted once stays valid."""


def define(site: Site) -> Service:
    port, controller = site.ports["kafka"], site.ports["kafka-controller"]
    settings_file = site.state / "kafka" / "broker.properties"
    data = site.state / "kafka" / "data"
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": data,
        # a topic is there because the program declares it, as on MSK
        "auto.create.topics.enable": "false",
        "offsets.topic.num.partitions": 4,
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # offsets of the sink and the bridge must outlive a platform that rests for weeks
        "offsets.retention.minutes": 60 * 24 * 365,
        "group.initial.rebalance.delay.ms": 0,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "log.segment.bytes": 64 * 1024 * 1024,
    }
    formatted = (data / "meta.properties").exists()
    return Service(
        name="kafka",
        command=java(site, "kafka.Kafka", settings_file, heap="384m"),
        ports=[port, controller],
        ready=lambda: is_broker(port),
        files={settings_file: properties(settings)},
        setup=None
        if formatted
        else java(
            site,
            "kafka.tools.StorageTool",
            *("format", "--ignore-formatted", "--cluster-id", CLUSTER_ID, "--config", settings_file),
            heap="128m",
        ),
        stop_seconds=30,
    )
