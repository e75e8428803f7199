"""Runs last, since it removes the platform that the other tests look at."""

from __future__ import annotations

import boto3
import pytest
from confluent_kafka.admin import AdminClient

import contracts
from local.engine import Engine

pytestmark = pytest.mark.platform

KEYS = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "eu-west-1"}


def test_destroy_leaves_nothing(platform):
    site = platform.site
    engine = Engine(site, "local")

    engine.destroy()

    def client(service):
        return boto3.client(service, endpoint_url=site.aws_url, **KEYS)

    assert [r for r in engine.state() if not r["type"].startswith("pulumi:")] == []
    assert client("s3").list_buckets()["Buckets"] == []
    assert client("glue").get_databases()["DatabaseList"] == []
    assert client("glue").list_jobs()["JobNames"] == []
    assert client("lambda").list_functions()["Functions"] == []
    assert client("stepfunctions").list_state_machines()["stateMachines"] == []
    topics = AdminClient({"bootstrap.servers": site.kafka_bootstrap}).list_topics(timeout=10).topics
    described = {topic.name for topic in contracts.load().topics}
    assert [name for name in topics if name.split(".")[0] in described] == []
