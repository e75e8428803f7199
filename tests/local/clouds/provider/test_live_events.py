"""EventBridge rules and targets, alarms, and what a function is permitted and given, against moto."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.clouds.provider.live import Live

MakeLive = Callable[[str], Live]
PATTERN = json.dumps({"source": ["aws.s3"]})
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alerts"


def test_a_rule_lives_with_its_target_and_goes_after_it(live: MakeLive, client: Callable[[str], Any]) -> None:
    rules, targets = live("aws:cloudwatch/eventRule:EventRule"), live("aws:cloudwatch/eventTarget:EventTarget")
    arguments = {"name": "arrived", "eventPattern": PATTERN, "description": "first", "tags": {"Owner": "us"}}
    id, computed = rules.create(arguments)
    assert computed["arn"].endswith(":rule/arrived")
    given = {
        "rule": "arrived",
        "arn": TOPIC,
        "inputTransformer": {"inputPaths": {"key": "$.detail.object.key"}, "inputTemplate": '"<key>"'},
        "retryPolicy": {"maximumEventAgeInSeconds": 60, "maximumRetryAttempts": 2},
    }
    target_id, target = targets.create(given)
    (known,) = client("events").list_targets_by_rule(Rule="arrived")["Targets"]
    assert known["Arn"] == TOPIC
    assert known["InputTransformer"] == {"InputPathsMap": {"key": "$.detail.object.key"}, "InputTemplate": '"<key>"'}
    assert known["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 2}

    rules.update(id, arguments, {**arguments, "description": "second"})
    assert client("events").describe_rule(Name="arrived")["Description"] == "second"
    kept = {**given, **target}
    assert targets.read(target_id, kept) == {}
    targets.delete(target_id, kept)
    assert targets.read(target_id, kept) is None
    rules.delete(id, arguments)
    assert rules.read(id, arguments) is None


@pytest.mark.parametrize("watched", ["one metric", "a sum"])
def test_an_alarm_lives_with_all_that_it_was_given(live: MakeLive, client: Callable[[str], Any], watched: str) -> None:
    alarms = live("aws:cloudwatch/metricAlarm:MetricAlarm")
    dimensions = {"Cluster Name": "novaretail", "Broker ID": "1"}
    metric = {"namespace": "AWS/Kafka", "metricName": "CpuUser", "dimensions": dimensions, "period": 300}
    arguments: dict[str, Any] = {
        "name": watched,
        "comparisonOperator": "GreaterThanThreshold",
        "evaluationPeriods": 3,
        "threshold": 60,
        "alarmActions": [TOPIC],
        "okActions": [TOPIC],
        "treatMissingData": "breaching",
        "alarmDescription": "why",
    }
    if watched == "one metric":
        arguments |= {**metric, "statistic": "Average"}
    else:
        arguments["metricQueries"] = [
            {"id": "total", "expression": "m1 + m1", "label": "sum", "returnData": True},
            {"id": "m1", "metric": {**metric, "stat": "Average"}},
        ]
    id, computed = alarms.create(arguments)
    (known,) = client("cloudwatch").describe_alarms(AlarmNames=[watched])["MetricAlarms"]
    assert known["AlarmArn"] == computed["arn"]
    assert known["AlarmActions"] == known["OKActions"] == [TOPIC]
    assert known["TreatMissingData"] == "breaching"
    assert known["Threshold"] == 60
    assert alarms.read(id, arguments) == {}
    alarms.update(id, arguments, {**arguments, "threshold": 70})
    assert client("cloudwatch").describe_alarms(AlarmNames=[watched])["MetricAlarms"][0]["Threshold"] == 70
    alarms.delete(id, arguments)
    assert alarms.read(id, arguments) is None


def test_a_buckets_events_are_turned_on_and_off(live: MakeLive, client: Callable[[str], Any]) -> None:
    s3, sqs, events = client("s3"), client("sqs"), client("events")
    s3.create_bucket(Bucket="with-events", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    url = sqs.create_queue(QueueName="with-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="with-events", EventPattern=PATTERN)
    events.put_targets(Rule="with-events", Targets=[{"Id": "queue", "Arn": arn}])
    notifications = live("aws:s3/bucketNotification:BucketNotification")
    arguments = {"bucket": "with-events", "eventbridge": True}

    def heard(key: str) -> set[str]:
        s3.put_object(Bucket="with-events", Key=key, Body=b"1")
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        # moto tells of an object twice; S3 too promises no more than at least once.
        return {json.loads(message["Body"])["detail"]["object"]["key"] for message in received}

    id, _ = notifications.create(arguments)
    assert heard("on") == {"on"}
    assert notifications.read(id, arguments) == {}
    notifications.delete(id, arguments)
    assert heard("off") == set()
