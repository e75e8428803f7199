"""Mappings are read as Lambda means them."""

from __future__ import annotations

import pytest

from local.clouds.functions.control import ControlError, bootstrap_brokers, mapping_of, mappings

CLUSTER = "arn:aws:kafka:eu-west-1:123456789012:cluster/c/1"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:given-up"
DESCRIBED = {
    "UUID": "u-1",
    "State": "Enabled",
    "EventSourceArn": CLUSTER,
    "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
    "Topics": ["orders"],
    "BatchSize": 500,
    "StartingPosition": "TRIM_HORIZON",
}


def with_destination(arn):
    return {"DestinationConfig": {"OnFailure": {"Destination": arn}}}


def test_what_is_not_said_is_lambdas_default():
    mapping = mapping_of(DESCRIBED)
    assert mapping.consumer_group == "u-1"
    assert (mapping.window_seconds, mapping.max_retries, mapping.reports_failures) == (0.5, -1, False)


def test_what_is_said_counts():
    mapping = mapping_of(
        {
            **DESCRIBED,
            "MaximumBatchingWindowInSeconds": 3,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "bridge"},
            "MaximumRetryAttempts": 4,
            **with_destination(QUEUE),
        }
    )
    assert (mapping.window_seconds, mapping.reports_failures, mapping.consumer_group) == (3, True, "bridge")
    assert (mapping.max_retries, mapping.on_failure_queue) == (4, QUEUE)


def test_with_an_on_failure_destination_unlimited_retries_are_ten():
    assert mapping_of({**DESCRIBED, **with_destination(QUEUE)}).max_retries == 10


@pytest.mark.parametrize(
    ("other", "text"),
    [
        ({"StartingPosition": "AT_TIMESTAMP"}, "starting position AT_TIMESTAMP is not imitated"),
        (with_destination("arn:aws:s3:::bucket"), "destination arn:aws:s3:::bucket is not imitated"),
    ],
)
def test_what_is_not_imitated_is_refused_by_name(other, text):
    with pytest.raises(ControlError, match=text):
        mapping_of({**DESCRIBED, **other})


class Lambda:
    def __init__(self, described):
        self.described = described

    def get_paginator(self, operation):
        assert operation == "list_event_source_mappings"
        return self

    def paginate(self):
        return [{"EventSourceMappings": [one]} for one in self.described]


def test_only_enabled_mappings_of_kafka_are_followed():
    described = [
        DESCRIBED,
        {**DESCRIBED, "UUID": "u-2", "State": "Disabled"},
        {"UUID": "u-3", "State": "Enabled", "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:q"},
    ]
    assert [mapping.uuid for mapping in mappings(Lambda(described))] == ["u-1"]


def test_a_cluster_without_a_listener_is_named():
    class Msk:
        def get_bootstrap_brokers(self, ClusterArn):  # noqa: N803
            return {"ResponseMetadata": {}}

    with pytest.raises(ControlError, match="cluster/c"):
        bootstrap_brokers(Msk(), CLUSTER)
