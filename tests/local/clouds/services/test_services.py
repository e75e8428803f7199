"""What all services have in common, by the door of the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.clouds import services
from local.clouds.services import connect, kafka
from local.site import Site


def test_a_name_that_is_no_service_is_refused_with_those_that_are(site: Site) -> None:
    with pytest.raises(
        ValueError, match=r"'kafak'; there are aws, kafka, pubsub, postgres, rds, connect, dms, functions"
    ):
        services.start(site, "kafak")


def test_asking_and_stopping_leave_no_trace_of_a_site_that_was_never_started(site: Site) -> None:
    assert [(status.name, status.state) for status in services.status(site)] == [
        (name, "stopped") for name in services.NAMES
    ]
    services.check(site)
    services.stop(site)

    assert not site.state.exists()


def settings_of(files: object) -> dict[str, str]:
    assert isinstance(files, dict)
    (text,) = files.values()
    return dict(line.split("=", 1) for line in text.splitlines())


def test_the_worker_configuration_of_the_program_wins_but_not_over_where_the_worker_is(site: Site) -> None:
    wanted = {"offset.flush.interval.ms": "2500", "bootstrap.servers": "msk:9098", "producer.acks": "all"}

    found = settings_of(connect.define(site, worker=wanted).files)

    assert found["offset.flush.interval.ms"] == "2500"
    assert found["producer.acks"] == "all"
    assert found["bootstrap.servers"] == site.kafka_bootstrap
    assert found["plugin.path"] == str(connect.plugin_folder(site))


def test_another_worker_configuration_is_another_fingerprint(site: Site) -> None:
    assert connect.define(site).fingerprint == connect.define(site, worker={}).fingerprint
    assert connect.define(site).fingerprint != connect.define(site, worker={"producer.acks": "all"}).fingerprint


def test_kafka_listens_on_this_machine_only_and_keeps_its_data_in_the_site(site: Site) -> None:
    found = settings_of(kafka.define(site).files)

    addresses = [address.split("://")[1] for address in found["listeners"].split(",")]
    assert addresses == [f"127.0.0.1:{site.ports['kafka']}", f"127.0.0.1:{site.ports['kafka-controller']}"]
    assert Path(found["log.dirs"]).is_relative_to(site.state)


def test_kafkas_store_is_formatted_once(site: Site) -> None:
    assert "kafka.tools.StorageTool" in (kafka.define(site).setup or ())
    (site.state / "kafka" / "data").mkdir(parents=True)
    (site.state / "kafka" / "data" / "meta.properties").touch()

    assert kafka.define(site).setup is None
