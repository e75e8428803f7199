"""Kafka: sizes, copies and what only the local platform may do."""

from __future__ import annotations

from typing import Any

import pytest

import settings
from tests.settings.given import changed, data_of, raw_of, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "streaming.brokers",
            "3",
            'novaretail:streaming.brokers = "3": input should be a valid integer. '
            "Give number of brokers, 1 to 15; a multiple of the zones.",
        ),
        (
            "streaming.brokers",
            0,
            "novaretail:streaming.brokers = 0: input should be greater than or equal to 1. "
            "Give number of brokers, 1 to 15; a multiple of the zones.",
        ),
        (
            "streaming.broker",
            3,
            "novaretail:streaming.broker = 3: there is no such setting. Did you mean `brokers`?",
        ),
        (
            "streaming.nonsense",
            1,
            "novaretail:streaming.nonsense = 1: there is no such setting. "
            f"Known are {', '.join(settings.Streaming.model_fields)}.",
        ),
        (
            "streaming.replication_factor",
            4,
            "novaretail:streaming.replication_factor = 4: input should be less than or equal to 3. "
            "Give copies of a partition, 1 to 3.",
        ),
        (
            "streaming.authentication",
            "none",
            'novaretail:streaming.authentication = "none": only the local platform may leave its clients '
            "unauthenticated. Set it to iam.",
        ),
        (
            "streaming.retention",
            "forever",
            'novaretail:streaming.retention = "forever": only the local platform may keep records for ever: brokers\' '
            "disks would fill. Set it to contract.",
        ),
        (
            "streaming.brokers",
            4,
            "novaretail:streaming.brokers = 4: brokers are spread evenly over the 3 zones. Take a multiple of 3.",
        ),
        (
            "streaming.min_insync_replicas",
            3,
            "novaretail:streaming.min_insync_replicas = 3: with 3 copies, 3 in sync stop every writer. "
            "Keep it one below the replication factor, so that a broker may be restarted.",
        ),
        (
            "streaming.min_insync_replicas",
            1,
            "novaretail:streaming.min_insync_replicas = 1: a record on one broker alone is lost with it. Set it to 2.",
        ),
        (
            "streaming.storage_max_gib",
            10,
            "novaretail:streaming.storage_max_gib = 10: storage begins at 500 GiB. Give the same or more.",
        ),
        (
            "streaming.kafka_version",
            "2.8.1",
            'novaretail:streaming.kafka_version = "2.8.1": string should match pattern '
            "'^(3\\.(8|9)\\.x|3\\.9\\.x\\.kraft|4\\.[01]\\.x\\.kraft)$'. "
            "Give a version of MSK that has topic operations, such as 3.9.x.kraft.",
        ),
        (
            "streaming.log_days",
            91,
            "novaretail:streaming.log_days = 91: input should be 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, "
            "545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653. "
            "Give days to keep broker logs, one of CloudWatch's retentions.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))


def test_more_copies_than_brokers_are_refused() -> None:
    problems = changed(to("streaming.replication_factor", 3), "local")
    assert any("there are 1 brokers for 3 copies" in problem for problem in problems)


def test_a_small_broker_takes_no_more_storage_than_msk_gives_it() -> None:
    def small(raw: dict[str, Any]) -> None:
        raw["streaming"] |= {"instance_type": "kafka.t3.small", "storage_max_gib": 4096}

    assert changed(small) == [
        "novaretail:streaming.storage_max_gib = 4096: a t3.small broker takes 2048 GiB at most. "
        "Lower it, or take kafka.m7g.large."
    ]


def test_what_only_the_local_platform_may_do_is_right_there() -> None:
    parsed = data_of(raw_of("local"), "local")
    assert (parsed.streaming.authentication, parsed.streaming.retention) == ("none", "forever")
