"""S3's events through rules to functions and topics, on the real extension and the real runtime; no Kafka is needed."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.site import ROOT, Site
from tests.local.clouds.aws.running import aws_server, bucket, client, free_site, until

CODE = """
import json, os, pathlib

def handler(event, context):
    with open(os.environ["SEEN"], "a") as seen:
        seen.write(json.dumps(event) + "\\n")
    if "bad" in json.dumps(event):
        raise ValueError("told to fail")
    return "done"
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with AWS and the functions' runtime."""
    site = free_site(tmp_path_factory.mktemp("site"))
    with aws_server(site), (site.logs / "functions.log").open("w") as log:
        runtime = subprocess.Popen(
            [sys.executable, "-m", "local.clouds.functions"],
            cwd=ROOT,
            env={**os.environ, **site.environment()},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield site
        finally:
            runtime.terminate()
            runtime.wait(30)


@pytest.fixture(scope="module")
def seen(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A function behind a rule for incoming/ and a topic behind one for .json; the file of the events it saw."""
    seen = tmp_path_factory.mktemp("seen") / "events.jsonl"
    seen.touch()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("handler.py", CODE)
    role = client(site, "iam").create_role(RoleName="f", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    queue = queue_arn(site, "failures")
    function = client(site, "lambda").create_function(
        FunctionName="f",
        Runtime="python3.11",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": archive.getvalue()},
        Environment={"Variables": {"SEEN": str(seen)}},
    )["FunctionArn"]
    client(site, "lambda").put_function_event_invoke_config(
        FunctionName="f", MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": queue}}
    )
    topic = client(site, "sns").create_topic(Name="alerts")["TopicArn"]
    client(site, "sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn(site, "alerts"))
    s3, events = client(site, "s3"), client(site, "events")
    s3.put_bucket_notification_configuration(
        Bucket=bucket(site, "raw"), NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    rule(events, "arrived", {"prefix": "incoming/"}, {"Id": "f", "Arn": function})
    transformer = {"InputPathsMap": {"key": "$.detail.object.key"}, "InputTemplate": '"look at <key>"'}
    rule(events, "rejected", {"suffix": ".json"}, {"Id": "t", "Arn": topic, "InputTransformer": transformer})
    return seen


def rule(events: Any, name: str, key: dict[str, str], target: dict[str, Any]) -> None:
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"object": {"key": [key]}}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[target])


def queue_arn(site: Site, name: str) -> str:
    url = client(site, "sqs").create_queue(QueueName=name)["QueueUrl"]
    attributes = client(site, "sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return str(attributes["QueueArn"])


def message(site: Site, name: str) -> dict[str, Any]:
    """The next message of a queue, decoded."""
    sqs = client(site, "sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]

    def receive() -> Any:
        for got in sqs.receive_message(QueueUrl=url).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
            return json.loads(got["Body"])
        return None

    found: dict[str, Any] = until(receive, 60)
    return found


def lines(seen: Path, key: str) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in seen.read_text().splitlines()]
    return [event for event in events if event["detail"]["object"]["key"] == key]


def test_a_file_that_the_rule_matches_reaches_the_function_as_an_event_of_s3(site: Site, seen: Path) -> None:
    s3 = client(site, "s3")
    s3.put_object(Bucket="raw", Key="elsewhere/a.csv", Body=b"1")
    s3.put_object(Bucket="raw", Key="incoming/a.csv", Body=b"1")

    (event,) = until(lambda: lines(seen, "incoming/a.csv"), 60)

    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["detail"]["bucket"]["name"] == "raw"
    assert event["time"].endswith("Z")
    assert lines(seen, "elsewhere/a.csv") == []


def test_what_fails_is_tried_again_and_then_given_to_the_failure_destination(site: Site, seen: Path) -> None:
    client(site, "s3").put_object(Bucket="raw", Key="incoming/bad.csv", Body=b"1")

    failure = message(site, "failures")

    assert failure["requestPayload"]["detail"]["object"]["key"] == "incoming/bad.csv"
    assert failure["requestContext"]["condition"] == "RetriesExhausted"
    assert failure["requestContext"]["approximateInvokeCount"] == 2
    assert failure["responsePayload"] == {"errorType": "ValueError", "errorMessage": "told to fail"}
    assert len(lines(seen, "incoming/bad.csv")) == 2


def test_a_topic_gets_the_text_of_the_transformer(site: Site, seen: Path) -> None:
    client(site, "s3").put_object(Bucket="raw", Key="rejected/a.reasons.json", Body=b"{}")

    assert message(site, "alerts")["Message"] == '"look at rejected/a.reasons.json"'


def test_a_rule_that_is_off_sends_nothing_and_other_targets_are_still_motos(site: Site, seen: Path) -> None:
    events = client(site, "events")
    arn = queue_arn(site, "copies")
    events.put_targets(Rule="arrived", Targets=[{"Id": "q", "Arn": arn}])
    client(site, "s3").put_object(Bucket="raw", Key="incoming/b.csv", Body=b"1")
    assert message(site, "copies")["detail"]["object"]["key"] == "incoming/b.csv"
    until(lambda: lines(seen, "incoming/b.csv"), 60)

    events.disable_rule(Name="arrived")
    client(site, "s3").put_object(Bucket="raw", Key="incoming/c.csv", Body=b"1")
    events.enable_rule(Name="arrived")
    client(site, "s3").put_object(Bucket="raw", Key="incoming/d.csv", Body=b"1")
    until(lambda: lines(seen, "incoming/d.csv"), 60)
    assert lines(seen, "incoming/c.csv") == []


def test_an_asynchronous_invocation_is_taken_and_answered_later(site: Site, seen: Path) -> None:
    event = {"detail": {"object": {"key": "by hand"}}}
    answer = client(site, "lambda").invoke(FunctionName="f", InvocationType="Event", Payload=json.dumps(event).encode())
    assert answer["StatusCode"] == 202
    until(lambda: lines(seen, "by hand"), 60)


def test_no_queue_of_the_services_own_is_listed(site: Site, seen: Path) -> None:
    urls = client(site, "sqs").list_queues()["QueueUrls"]
    assert not [url for url in urls if "asynchronous" in url]
