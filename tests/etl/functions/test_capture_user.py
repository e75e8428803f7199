"""The user that captures changes: made once, given little, with a password that only the secret has."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from etl.functions import capture_user as subject

MASTER, CAPTURE = "arn:master", "arn:capture"
EVENT = {
    "host": "shop.example",
    "port": 5432,
    "database": "shop",
    "user": "dms",
    "master_secret": MASTER,
    "secret": CAPTURE,
    "statements": ["CREATE SCHEMA IF NOT EXISTS shop", "CREATE TABLE IF NOT EXISTS shop.customers (id bigint)"],
    "tables": ["shop.customers", "shop.products"],
}


class Store:
    def __init__(self) -> None:
        self.values = {MASTER: json.dumps({"username": "shop_admin", "password": "known to RDS"})}

    def get_secret_value(self, **given: str) -> dict[str, str]:
        return {"SecretString": self.values[given["SecretId"]]}

    def put_secret_value(self, **given: str) -> dict[str, str]:
        self.values[given["SecretId"]] = given["SecretString"]
        return {"VersionId": "v1"}


class Database:
    def __init__(self, roles: list[str], failing: str = "nothing") -> None:
        self.ran: list[str] = []
        self.roles, self.failing, self.closed = roles, failing, False
        self.opened: dict[str, Any] = {}

    def connect(self, **given: Any) -> Database:
        self.opened = given
        return self

    def run(self, sql: str) -> list[list[str]]:
        if sql.startswith(self.failing):
            raise RuntimeError("refused")
        self.ran.append(sql)
        return [[role] for role in self.roles] if "pg_roles" in sql else []

    def close(self) -> None:
        self.closed = True


def test_a_new_database_gets_its_tables_its_user_and_a_password_that_only_the_secret_has():
    store, database = Store(), Database(["shop_admin"])

    answer = subject.prepare(EVENT, store, database.connect)

    kept = json.loads(store.values[CAPTURE])
    # The keys that DMS reads.
    assert {name: kept[name] for name in ("username", "host", "port")} == {
        "username": "dms",
        "host": "shop.example",
        "port": 5432,
    }
    assert len(kept["password"]) >= 32
    assert kept["password"] not in json.dumps(answer)
    assert database.opened["user"] == "shop_admin"
    _, begin, *done, commit = database.ran
    assert (begin, commit) == ("BEGIN", "COMMIT")
    assert done[:2] == EVENT["statements"]
    assert done[2:4] == ["CREATE ROLE dms LOGIN", f"ALTER ROLE dms LOGIN PASSWORD '{kept['password']}'"]
    assert {sql for sql in done if sql.startswith("GRANT")} == {
        "GRANT rds_replication TO dms",
        "GRANT dms TO CURRENT_USER",
        "GRANT USAGE ON SCHEMA shop TO dms",
        "GRANT SELECT ON shop.customers TO dms",
        "GRANT SELECT ON shop.products TO dms",
    }
    assert database.closed


def test_a_second_time_it_makes_no_user_and_gives_a_new_password():
    store, database = Store(), Database(["shop_admin", "dms"])

    subject.prepare(EVENT, store, database.connect)
    first = store.values[CAPTURE]
    subject.prepare(EVENT, store, database.connect)

    assert not [sql for sql in database.ran if sql.startswith("CREATE ROLE")]
    assert json.loads(first)["password"] != json.loads(store.values[CAPTURE])["password"]


def test_a_password_that_the_database_refused_is_not_kept():
    store, database = Store(), Database(["shop_admin"], failing="ALTER ROLE dms LOGIN")

    with pytest.raises(RuntimeError, match="refused"):
        subject.prepare(EVENT, store, database.connect)

    assert CAPTURE not in store.values
    assert "COMMIT" not in database.ran
    assert database.closed


@pytest.mark.parametrize("wrong", [{"user": "dms; DROP"}, {"tables": ["shop.Customers"]}, {"tables": ["customers"]}])
def test_a_name_that_would_need_quotes_is_refused_before_anything_runs(wrong):
    store, database = Store(), Database(["shop_admin"])

    with pytest.raises(ValueError, match="no plain PostgreSQL name"):
        subject.prepare(EVENT | wrong, store, database.connect)

    assert database.ran == ["SELECT rolname FROM pg_roles"]


def test_a_password_needs_no_quoting():
    store = Store()
    for _ in range(50):
        subject.prepare(EVENT, store, Database(["dms"]).connect)
        assert re.fullmatch(r"[A-Za-z0-9_-]+", json.loads(store.values[CAPTURE])["password"])
