"""Functions fed from a real broker: what comes again, what is committed, and what a killed runtime loses (nothing)."""

from __future__ import annotations

import io
import json
import os
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from local.clouds import services
from local.clouds.functions import progress
from local.site import Site
from tests import ports

pytestmark = pytest.mark.platform
WAIT_SECONDS = 90

CODE = """
import json, os, pathlib, time

FOLDER = pathlib.Path(os.environ["FOLDER"])

def handler(event, context):
    orders = json.loads((FOLDER / "orders.json").read_text())
    failures = []
    time.sleep(orders.get("sleep", 0))
    with (FOLDER / "seen.jsonl").open("a") as seen:
        for partition, records in event["records"].items():
            for record in records:
                place = [record["partition"], record["offset"]]
                if place in orders.get("fail", []):
                    failures.append({"itemIdentifier": {"partition": partition, "offset": place[1]}})
                    break
                seen.write(json.dumps([VERSION, *place]) + "\\n")
    if orders.get("raise"):
        raise RuntimeError("told to raise")
    return {"batchItemFailures": failures}
"""


class Platform:
    """One function behind one topic of its own; `orders` tells the function what to do."""

    def __init__(self, site: Site, folder: Path, topic: str) -> None:
        self.site, self.folder, self.topic = site, folder, topic
        folder.mkdir()
        self.order()
        self.seen_file.touch()
        self.uuid = ""

    @property
    def seen_file(self) -> Path:
        return self.folder / "seen.jsonl"

    def order(self, **orders: Any) -> None:
        unfinished = self.folder / "orders.tmp"
        unfinished.write_text(json.dumps(orders))
        unfinished.rename(self.folder / "orders.json")

    def seen(self) -> list[tuple[int, int, int]]:
        """Version, partition and offset of every record that the function dealt with, in its order."""
        whole = self.seen_file.read_text().rpartition("\n")[0]
        return [tuple(json.loads(line)) for line in whole.splitlines()]

    def produce(self, count: int, partition: int = 0) -> None:
        producer = Producer({"bootstrap.servers": self.site.kafka_bootstrap})
        for number in range(count):
            producer.produce(self.topic, f'{{"n": {number}}}', "key", partition)
        producer.flush()

    def committed(self, partition: int = 0) -> int:
        consumer = Consumer({"bootstrap.servers": self.site.kafka_bootstrap, "group.id": f"group-{self.topic}"})
        (place,) = consumer.committed([TopicPartition(self.topic, partition)], timeout=30)
        consumer.close()
        return place.offset

    def state(self) -> dict[str, Any]:
        return progress.read(self.site)["mappings"].get(self.uuid, {})

    def map(self, **settings: Any) -> None:
        lambda_, msk, iam = boto3.client("lambda"), boto3.client("kafka"), boto3.client("iam")
        cluster = msk.create_cluster_v2(
            ClusterName=self.topic, Serverless={"VpcConfigs": [{"SubnetIds": ["subnet-1"]}]}
        )["ClusterArn"]
        role = iam.create_role(RoleName=self.topic, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        lambda_.create_function(
            FunctionName=self.topic,
            Runtime="python3.11",
            Role=role,
            Handler="handler.handler",
            Code={"ZipFile": archive(1)},
            Timeout=20,
            Environment={"Variables": {"FOLDER": str(self.folder)}},
        )
        self.uuid = lambda_.create_event_source_mapping(
            FunctionName=self.topic,
            EventSourceArn=cluster,
            Topics=[self.topic],
            StartingPosition="TRIM_HORIZON",
            FunctionResponseTypes=["ReportBatchItemFailures"],
            AmazonManagedKafkaEventSourceConfig={"ConsumerGroupId": f"group-{self.topic}"},
            **settings,
        )["UUID"]

    def until_done(self, records: int) -> None:
        until(lambda: progress.delivered_and_lag(self.site, [self.topic]) == (records, 0), self.state)


def archive(version: int) -> bytes:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as target:
        target.writestr("handler.py", f"VERSION = {version}\n{CODE}")
    return code.getvalue()


def until(done: Callable[[], Any], told: Callable[[], Any]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not done():
        assert time.monotonic() < deadline, told()
        time.sleep(0.1)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    own = Site(state=tmp_path_factory.mktemp("functions") / "site", port_base=ports.free_block())
    before = dict(os.environ)
    own.activate()
    try:
        for name in ("aws", "kafka", "functions"):
            services.start(own, name)
        yield own
    finally:
        services.stop(own)
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def platform(site: Site, tmp_path: Path, request: pytest.FixtureRequest) -> Platform:
    topic = f"topic-{abs(hash(request.node.name)) % 10**8}"
    admin = AdminClient({"bootstrap.servers": site.kafka_bootstrap})
    admin.create_topics([NewTopic(topic, 2, 1)])[topic].result()
    return Platform(site, tmp_path / "function", topic)


def test_every_record_reaches_the_function_in_order_and_is_committed(platform: Platform) -> None:
    platform.produce(250)
    platform.produce(120, partition=1)
    platform.map(BatchSize=100)
    platform.until_done(370)
    assert [offset for _, partition, offset in platform.seen() if partition == 0] == list(range(250))
    assert [offset for _, partition, offset in platform.seen() if partition == 1] == list(range(120))
    assert (platform.committed(0), platform.committed(1)) == (250, 120)
    assert platform.state()["failures"] == 0


def test_a_batch_whose_function_raises_comes_again_and_is_not_committed(platform: Platform) -> None:
    platform.order(**{"raise": True})
    platform.produce(10)
    platform.map(BatchSize=100)
    until(lambda: platform.state().get("failures", 0) >= 2, platform.state)
    assert platform.state()["last_error"] == "RuntimeError: told to raise"
    assert platform.committed() == 0
    platform.order()
    platform.until_done(10)
    seen = [offset for _, _, offset in platform.seen()]
    assert len(seen) >= 30
    assert seen == list(range(10)) * (len(seen) // 10), "always the whole batch"


def test_a_partial_failure_begins_again_at_its_record_and_commits_what_lies_before(platform: Platform) -> None:
    platform.order(fail=[[0, 6]])
    platform.produce(10)
    platform.produce(5, partition=1)
    platform.map(BatchSize=100)
    until(lambda: platform.state().get("partial_failures", 0) >= 1, platform.state)
    until(lambda: platform.committed(0) == 6, platform.state)
    until(lambda: platform.state()["state"] == "retrying", platform.state)
    assert "gave records back" in platform.state()["last_error"]
    assert platform.committed(1) == 5
    platform.order()
    platform.until_done(15)
    assert sorted((partition, offset) for _, partition, offset in platform.seen()) == [
        *((0, offset) for offset in range(10)),
        *((1, offset) for offset in range(5)),
    ], "nothing twice: what lay before the record is done"


def test_what_is_given_up_is_told_to_the_destination_and_the_rest_goes_on(platform: Platform) -> None:
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName=platform.topic)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    platform.order(**{"raise": True})
    platform.produce(10)
    platform.map(BatchSize=100, MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": arn}})
    until(lambda: platform.state().get("given_up", 0) == 10, platform.state)
    told = json.loads(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    assert told["requestContext"]["approximateInvokeCount"] == 2
    assert told["KafkaBatchInfo"]["recordOffsets"] == {f"{platform.topic}-0": {"startOffset": 0, "endOffset": 9}}
    platform.order()
    platform.produce(3)
    platform.until_done(13)


def test_a_new_version_of_the_function_takes_over(platform: Platform) -> None:
    platform.produce(10)
    platform.map(BatchSize=100)
    platform.until_done(10)
    boto3.client("lambda").update_function_code(FunctionName=platform.topic, ZipFile=archive(2))

    def new_version_seen() -> bool:
        platform.produce(1)
        return platform.seen()[-1][0] == 2

    until(new_version_seen, platform.state)
    assert [offset for _, _, offset in platform.seen()] == list(range(len(platform.seen())))


def test_a_disabled_mapping_rests_and_goes_on_where_it_was(platform: Platform) -> None:
    lambda_ = boto3.client("lambda")
    platform.map(BatchSize=100)
    platform.produce(5)
    platform.until_done(5)
    lambda_.update_event_source_mapping(UUID=platform.uuid, Enabled=False)
    until(lambda: not platform.state(), platform.state)
    platform.produce(5)
    lambda_.update_event_source_mapping(UUID=platform.uuid, Enabled=True)
    platform.until_done(10)
    assert [offset for _, _, offset in platform.seen()] == list(range(10))


def test_a_killed_runtime_repeats_but_loses_nothing(platform: Platform) -> None:
    platform.order(sleep=0.2)
    platform.produce(400)
    platform.map(BatchSize=20)
    for kill_at in (40, 150):
        until(lambda wanted=kill_at: len(platform.seen()) >= wanted, platform.state)  # type: ignore[misc]
        os.kill(progress.read(platform.site)["pid"], signal.SIGKILL)
        services.restart(platform.site, "functions")
    platform.order()
    platform.until_done(400)
    firsts = list(dict.fromkeys(offset for _, _, offset in platform.seen()))
    assert firsts == list(range(400)), "first arrivals in order, none missing"
    assert platform.committed() == 400
