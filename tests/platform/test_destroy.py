"""`make down` on the running platform; last, since it removes what the other tests look at."""

from __future__ import annotations

from contextlib import closing

import psycopg2
import pytest
from confluent_kafka.admin import AdminClient

import contracts
from local.clouds.engine.engine import Engine
from local.clouds.services import postgres

pytestmark = [pytest.mark.platform, pytest.mark.last]


def test_destroy_leaves_nothing(platform):
    site = platform.site
    engine = Engine(site, "local")

    engine.destroy()

    client = platform.client
    assert [r for r in engine.state() if not r["type"].startswith("pulumi:")] == []
    assert client("s3").list_buckets()["Buckets"] == []
    assert client("glue").get_databases()["DatabaseList"] == []
    assert client("glue").list_jobs()["JobNames"] == []
    assert client("lambda").list_functions()["Functions"] == []
    assert client("stepfunctions").list_state_machines()["stateMachines"] == []
    assert client("rds").describe_db_instances()["DBInstances"] == []
    assert client("dms").describe_replication_configs()["ReplicationConfigs"] == []
    with closing(psycopg2.connect(postgres.dsn(site))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'")
        databases = cursor.fetchall()
        cursor.execute("SELECT slot_name FROM pg_replication_slots")
        assert (databases, cursor.fetchall()) == ([], [])
    topics = AdminClient({"bootstrap.servers": site.kafka_bootstrap}).list_topics(timeout=10).topics
    described = {topic.name for topic in contracts.load().topics}
    assert [name for name in topics if name.split(".")[0] in described] == []
