"""The stand-in of DMS on a real PostgreSQL server, configured by what the live types declare."""

from __future__ import annotations

import re
import threading
import time
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal

import psycopg2
import pyarrow as pa
import pytest
from psycopg2.extras import REPLICATION_LOGICAL

from local.clouds import services
from local.clouds.dms import source
from local.clouds.dms.replication import may_pass
from local.clouds.provider.live import PartlyMadeError
from local.clouds.services import postgres
from tests.conftest import kill
from tests.local.clouds.dms.conftest import TABLE

pytestmark = pytest.mark.platform

COLUMNS = ("id", "name", "price", "sold", "code", "added", "changed", "note")


def test_the_full_load_has_every_row_with_dms_columns_and_types(replicated):
    files = replicated.files()
    (load,) = files.values()

    assert list(files) == ["cdc/items/LOAD00000001.parquet"]
    assert load.schema.names == ["Op", "committed", *COLUMNS]
    assert load.schema.types == [
        *(pa.string(), pa.string(), pa.int64(), pa.string(), pa.decimal128(12, 2), pa.bool_(), pa.string()),
        *(pa.date32(), pa.timestamp("us"), pa.string()),
    ]
    first, second, third = load.select(COLUMNS).to_pylist()
    assert first == {
        "id": 1,
        "name": "apple",
        "price": Decimal("1.10"),
        "sold": True,
        "code": "ab",
        "added": date(2017, 5, 1),
        "changed": datetime(2017, 5, 1, 10, 0, 0, 123456),
        "note": "n",
    }
    assert second == {**dict.fromkeys(COLUMNS), "id": 2, "name": "pear", "sold": False}
    assert third["code"] == "abcd"
    assert set(load["Op"].to_pylist()) == {"I"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", text) for text in load["committed"].to_pylist())


def test_changes_land_in_order_with_their_operation_and_commit_time(replicated):
    replicated.run(
        "INSERT INTO shop.items (id, name) VALUES (4, 'fig')",
        "UPDATE shop.items SET name = 'quince' WHERE id = 4",
        "DELETE FROM shop.items WHERE id = 4",
    )
    replicated.wait(lambda: len(replicated.landed()) == 6)

    changes = replicated.landed()[3:]
    assert [(row["Op"], row["id"], row["name"]) for row in changes] == [
        ("I", 4, "fig"),
        ("U", 4, "quince"),
        ("D", 4, None),  # without REPLICA IDENTITY FULL a delete carries the key alone
    ]
    assert changes[0]["committed"] <= changes[1]["committed"] <= changes[2]["committed"]
    names = [key for key in replicated.files() if "LOAD" not in key]
    assert all(re.fullmatch(r"cdc/items/\d{8}-\d{9}\.parquet", name) for name in names)


def test_dms_says_what_has_landed(replicated):
    replicated.run("INSERT INTO shop.items (id) VALUES (4), (5)", "UPDATE shop.items SET name = 'x' WHERE id < 4")
    replicated.run("DELETE FROM shop.items WHERE id = 5")
    replicated.wait(lambda: replicated.statistics()["Deletes"] == 1)

    told = replicated.statistics()
    assert (told["SchemaName"], told["TableName"], told["TableState"]) == ("shop", "items", "Table completed")
    assert (told["FullLoadRows"], told["Inserts"], told["Updates"], told["Deletes"]) == (3, 2, 3, 1)
    assert replicated.described()["Status"] == "running"


def test_a_value_that_an_update_does_not_send_is_looked_up(replicated):
    # incompressible and large, so that it is stored out of line and left out of updates
    long = "(SELECT string_agg(md5(n::text), '') FROM generate_series(1, 1000) n)"
    replicated.run(f"UPDATE shop.items SET note = {long} WHERE id = 1", "UPDATE shop.items SET name = 'x' WHERE id = 1")
    replicated.wait(lambda: len(replicated.landed()) == 5)

    assert replicated.rebuilt(["id", "name", "note"])[0] == replicated.rows("id, name, note")[0]
    assert len(replicated.landed()[-1]["note"]) == 32000


def test_with_the_whole_row_in_the_log_a_delete_carries_it(replicated):
    replicated.run("ALTER TABLE shop.items REPLICA IDENTITY FULL", "DELETE FROM shop.items WHERE id = 1")
    replicated.wait(lambda: len(replicated.landed()) == 4)

    assert replicated.landed()[-1]["name"] == "apple"


@pytest.mark.parametrize("identity", ["DEFAULT", "FULL"])
def test_another_key_is_a_delete_and_an_insert(replicated, identity):
    replicated.run(f"ALTER TABLE shop.items REPLICA IDENTITY {identity}", "UPDATE shop.items SET id = 9 WHERE id = 1")
    replicated.wait(lambda: len(replicated.landed()) == 5)

    assert [(row["Op"], row["id"]) for row in replicated.landed()[3:]] == [("D", 1), ("I", 9)]


def test_a_truncate_removes_the_tables_files(replicated):
    replicated.run("INSERT INTO shop.items (id) VALUES (4)", "TRUNCATE shop.items", "INSERT INTO shop.items VALUES (7)")
    replicated.wait(lambda: [row["id"] for row in replicated.landed()] == [7])

    # The load's file is gone as well, and no later one brings its rows back.
    assert [row["id"] for row in replicated.landed()] == [7]


def test_a_new_column_is_in_the_files_that_follow(replicated):
    replicated.run("ALTER TABLE shop.items ADD colour varchar(8)")
    replicated.run("INSERT INTO shop.items (id, colour) VALUES (4, 'red')")
    replicated.wait(lambda: len(replicated.landed()) == 4)

    assert replicated.landed()[-1]["colour"] == "red"


def test_a_kill_under_load_loses_nothing(replicated):
    stopping, written = threading.Event(), []

    def write() -> None:
        with closing(replicated.connect()) as connection, connection.cursor() as cursor:
            number = 100
            while not stopping.is_set():
                number += 1
                cursor.execute("INSERT INTO shop.items (id, name) VALUES (%s, 'a')", (number,))
                cursor.execute("UPDATE shop.items SET name = 'b' WHERE id = %s", (number,))
                if number % 3 == 0:
                    cursor.execute("DELETE FROM shop.items WHERE id = %s", (number,))
                written.append(number)
                time.sleep(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            seen = len(replicated.landed())
            replicated.wait(lambda seen=seen: len(replicated.landed()) > seen)
            kill(replicated.site, "dms")
            services.start(replicated.site, "dms")
    finally:
        stopping.set()
        writer.join()

    names = ("id", "name")
    replicated.wait(lambda: replicated.rebuilt(names) == replicated.rows("id, name"), 60)
    ops = {(row["Op"], row["id"]) for row in replicated.landed()}
    assert {("I", n) for n in written} <= ops
    assert {("U", n) for n in written} <= ops
    assert {("D", n) for n in written if n % 3 == 0} <= ops


def test_a_restart_of_the_server_loses_nothing(replicated):
    replicated.run("INSERT INTO shop.items (id) VALUES (4)")
    services.restart(replicated.site, "postgres")
    replicated.run("INSERT INTO shop.items (id) VALUES (5)")

    replicated.wait(lambda: {4, 5} <= {row["id"] for row in replicated.landed()}, 60)
    assert replicated.described()["Status"] == "running"


def test_what_a_server_that_shuts_down_leaves_to_a_slow_reader_passes(replicated):
    dsn = postgres.dsn(replicated.site, replicated.name)
    with closing(source.connect_for_replication(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE_REPLICATION_SLOT slow TEMPORARY LOGICAL pgoutput")
        options = {"proto_version": "1", "publication_names": "none"}
        cursor.start_replication(slot_name="slow", slot_type=REPLICATION_LOGICAL, options=options)
        restart = threading.Thread(target=services.restart, args=(replicated.site, "postgres"))
        restart.start()
        with pytest.raises(psycopg2.Error) as raised:  # noqa: PT012 - one of these reads
            while True:
                cursor.read_message()
                time.sleep(0.05)
        restart.join()

    assert may_pass(raised.value, connected=True), repr(raised.value)
    assert not may_pass(raised.value, connected=False)


def test_what_changes_while_the_replication_is_stopped_lands_when_it_goes_on(replicated):
    replicated.replications.update(
        replicated.arn, replicated.arguments, {**replicated.arguments, "startReplication": False}
    )
    assert replicated.described()["Status"] == "stopped"
    replicated.run("INSERT INTO shop.items (id) VALUES (4)")

    replicated.replications.update(replicated.arn, replicated.arguments, replicated.arguments)

    replicated.wait(lambda: len(replicated.landed()) == 4)


def test_a_deleted_replication_leaves_no_slot_and_the_instance_can_go(replicated):
    replicated.replications.delete(replicated.arn, {})

    def slots() -> list[str]:
        with closing(replicated.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT slot_name FROM pg_replication_slots")
            return cursor.fetchall()

    replicated.wait(lambda: not slots())
    replicated.instances.delete(replicated.instance["id"], replicated.instance)
    with pytest.raises(Exception, match=r"does not exist|password authentication failed"):
        replicated.connect()


def test_an_instance_without_logical_replication_cannot_be_replicated(shop):
    shop.make_instance(logical_replication="0")
    shop.run("CREATE SCHEMA shop; CREATE TABLE shop.items (id bigint PRIMARY KEY)")

    with pytest.raises(PartlyMadeError, match="wal_level"):
        shop.replicate()
    assert shop.described()["Status"] == "failed"


def test_a_replication_without_tables_fails_in_dms_words(shop):
    shop.make_instance(logical_replication="1")

    with pytest.raises(PartlyMadeError, match="No tables were found at task initialization"):
        shop.replicate()


def test_who_does_not_want_tls_is_turned_away_by_an_instance_that_forces_it(shop):
    shop.make_instance(logical_replication="1")
    shop.run(TABLE)

    with pytest.raises(PartlyMadeError, match="no encryption"):
        shop.replicate(ssl_mode="none")


def test_an_instance_that_does_not_force_tls_takes_clients_without(shop):
    shop.make_instance(logical_replication="1", force_ssl="0")
    shop.run(TABLE)
    shop.replicate(ssl_mode="none")

    assert shop.described()["Status"] == "running"
