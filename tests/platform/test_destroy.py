"""What `pulumi destroy` leaves of the platform that all these tests share: nothing. So it runs after all others."""

from __future__ import annotations

from contextlib import closing

import psycopg2
import pytest
from confluent_kafka.admin import AdminClient

import contracts
from local.clouds.engine.engine import Engine
from local.clouds.services import postgres
from tests.platform.conftest import Platform

pytestmark = [pytest.mark.platform, pytest.mark.last]


def test_destroy_leaves_nothing(platform: Platform) -> None:
    site = platform.site
    engine = Engine(site, "local")

    engine.destroy()

    assert [r for r in engine.state() if not r["type"].startswith("pulumi:")] == []
    assert platform.client("s3").list_buckets()["Buckets"] == []
    assert platform.client("glue").get_databases()["DatabaseList"] == []
    assert platform.client("glue").list_jobs()["JobNames"] == []
    assert platform.client("lambda").list_functions()["Functions"] == []
    assert platform.client("stepfunctions").list_state_machines()["stateMachines"] == []
    assert platform.client("rds").describe_db_instances()["DBInstances"] == []
    assert platform.client("dms").describe_replication_configs()["ReplicationConfigs"] == []
    with closing(psycopg2.connect(postgres.dsn(site))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'")
        databases = cursor.fetchall()
        cursor.execute("SELECT slot_name FROM pg_replication_slots")
        assert (databases, cursor.fetchall()) == ([], [])
    topics = AdminClient({"bootstrap.servers": site.kafka_bootstrap}).list_topics(timeout=10).topics
    described = {topic.name for topic in contracts.load().topics}
    assert [name for name in topics if name.split(".")[0] in described] == []
