"""The bridge to Pub/Sub: regions, pollers and times, and the project that it needs."""

from __future__ import annotations

import pytest

from tests.settings.given import changed, data_of, raw_of, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "bridge.concurrency",
            1,
            "novaretail:bridge.concurrency = 1: 4 pollers a topic would wait for each other. Give pollers_max or more.",
        ),
        (
            "bridge.regions",
            ["us-central1"],
            'novaretail:bridge.regions[0] = "us-central1": customers\' data stays in the European Union. Take one of '
            "europe-west1, europe-west3, europe-west4, europe-west9, europe-north1, europe-southwest1.",
        ),
        (
            "bridge.backoff_max_seconds",
            5,
            "novaretail:bridge.backoff_max_seconds = 5: it is less than backoff_min_seconds (10). "
            "Give the same or more.",
        ),
        (
            "bridge.pollers_min",
            5,
            "novaretail:bridge.pollers_max = 4: it is less than pollers_min (5). Give the same or more.",
        ),
        (
            "bridge.unread_minutes",
            1440,
            "novaretail:bridge.unread_minutes = 1440: input should be less than or equal to 720. "
            "Give minutes that a message may wait for its reader before a person is told, 1 to 720.",
        ),
        (
            "bridge.timeout_seconds",
            900,
            "novaretail:bridge.timeout_seconds = 900: input should be less than or equal to 840. "
            "Give seconds an invocation may take, 10 to 840 (Kafka: 14 min).",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))


def test_a_stack_without_the_bridge_section_has_no_bridge_and_may_have_no_project_either() -> None:
    raw = raw_of("prod")
    del raw["bridge"]
    parsed = data_of(raw)
    assert parsed.gcp
    assert parsed.bridge is None
    del raw["gcp"], raw["links"]["gcp"]
    parsed = data_of(raw)
    assert parsed.gcp is None


def test_a_link_to_google_and_the_bridge_need_the_section_that_names_their_project() -> None:
    assert sorted(changed(lambda raw: raw.pop("gcp"))) == [
        'novaretail:bridge.regions = ["europe-west1"]: the bridge\'s topics are made in the project that '
        "novaretail:gcp names, and there is none. Add novaretail:gcp, or remove novaretail:bridge.",
        'novaretail:links.gcp = "europe-west1": the link\'s end in Google Cloud is made in the project that '
        "novaretail:gcp names, and there is none. Add novaretail:gcp, or remove links.gcp.",
    ]
