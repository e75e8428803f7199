"""Reference files on the running platform: put below incoming/, taken or set aside, and told of."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.platform.conftest import Platform

pytestmark = pytest.mark.platform

RAW = "novaretail-local-datalake-raw"
EDITION = "reference/exchange_rates/exchange_rates.csv"


def eventually(found: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while not (value := found()):
        assert time.monotonic() < end, "nothing in a minute"
        time.sleep(0.5)
    return value


def test_a_right_file_becomes_the_edition_in_use(platform: Platform) -> None:
    s3 = platform.client("s3")
    edition = s3.get_object(Bucket=RAW, Key=EDITION)["Body"].read()
    after = edition + b"SEK,2017-01-01,2017-12-31,9.6351\n"
    assert list(csv.reader(after.decode().splitlines()))[-1][0] == "SEK"

    s3.put_object(Bucket=RAW, Key="incoming/exchange_rates_sek.csv", Body=after)

    eventually(lambda: s3.get_object(Bucket=RAW, Key=EDITION)["Body"].read() == after)
    eventually(lambda: "Contents" not in s3.list_objects_v2(Bucket=RAW, Prefix="incoming/"))


def test_a_wrong_file_is_set_aside_with_its_reasons_and_told_of(platform: Platform) -> None:
    s3, sns, sqs = (platform.client(name) for name in ("s3", "sns", "sqs"))
    before = s3.get_object(Bucket=RAW, Key=EDITION)["Body"].read()
    (topic,) = [t["TopicArn"] for t in sns.list_topics()["Topics"] if t["TopicArn"].endswith("-alerts")]
    url = sqs.create_queue(QueueName="alerts-heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    try:
        s3.put_object(
            Bucket=RAW, Key="incoming/exchange_rates_bad.csv", Body=before + b"USD,2017-06-01,2017-06-30,-1\n"
        )

        (received,) = eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=url)

    text = json.loads(received["Body"])["Message"]
    reasons_key = text.split(f"s3://{RAW}/")[1].split(",")[0]
    reasons = json.loads(s3.get_object(Bucket=RAW, Key=reasons_key)["Body"].read())
    assert reasons["file"] == "incoming/exchange_rates_bad.csv"
    assert [problem for problem in reasons["problems"] if "'-1' is no number above 0" in problem]
    assert s3.get_object(Bucket=RAW, Key=EDITION)["Body"].read() == before


def test_the_alarms_of_the_graph_are_in_cloudwatch(platform: Platform) -> None:
    alarms = platform.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {a["MetricName"] for a in alarms if "MetricName" in a} >= {"ActiveControllerCount", "LakeCommits", "RootUse"}
