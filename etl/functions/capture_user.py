"""Gives the database user that captures changes its rights and a password, which nobody ever sees.

Invoked by the program when the database is new (or new again) or captures other tables. Who wants a new password
replaces that invocation (`pulumi up --replace`), then stops the replication and resumes it: DMS reads the secret when
it connects.

The password goes from here to the database and to the secret that DMS reads; it is in no log, answer or state file.
What is done is done again without harm. Rights: to read the captured tables and the write-ahead log, and to write in
a schema of the user's own, where DMS writes its heartbeat so that an idle database does not hold back old log.
"""

from __future__ import annotations

import json
import re
import secrets
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

CERTIFICATE = Path(__file__).with_name("rds-ca.pem")
CONNECT_SECONDS = 15
_NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")

Run = Callable[[str], Any]


def handler(event: Mapping[str, Any], context: object) -> dict[str, str]:
    """Prepare the user, as Lambda asks: see `prepare` for the event."""
    import boto3

    return prepare(event, boto3.client("secretsmanager"), connect)


def prepare(event: Mapping[str, Any], store: Any, connect: Callable[..., Any]) -> dict[str, str]:
    """Make the user, its rights and its password; returns the user and the secret's version.

    Args:
        event: host, port and database; `master_secret` and `secret`, by ARN; `user`; `statements` that make the
            captured tables if they are not there; `tables`, as schema.table.
        store: Secrets Manager.
        connect: takes host, port, database, user and password; gives something with `run(sql)` and `close()`.
    """
    master = json.loads(store.get_secret_value(SecretId=event["master_secret"])["SecretString"])
    password = secrets.token_urlsafe(32)
    where = {name: event[name] for name in ("host", "port", "database")}
    connection = connect(**where, user=master["username"], password=master["password"])
    try:
        known = {name for (name,) in connection.run("SELECT rolname FROM pg_roles")}
        for statement in statements(event["user"], password, event["tables"], event["statements"], known):
            connection.run(statement)
    finally:
        connection.close()
    kept = {
        "engine": "postgres",
        "username": event["user"],
        "password": password,
        "host": event["host"],
        "port": event["port"],
        "dbname": event["database"],
    }
    written = store.put_secret_value(SecretId=event["secret"], SecretString=json.dumps(kept))
    return {"user": event["user"], "version": written["VersionId"]}


def statements(user: str, password: str, tables: Sequence[str], ddl: Sequence[str], known: set[str]) -> Iterator[str]:
    """Yield SQL of one transaction. Raises: ValueError for a name that is no plain one; nothing here is quoted."""
    schemas = sorted({table.partition(".")[0] for table in tables})
    for name in [user, *schemas, *(table.partition(".")[2] for table in tables)]:
        if not _NAME.match(name):
            raise ValueError(f"{name!r} is no plain PostgreSQL name")
    yield "BEGIN"
    yield from ddl
    if user not in known:
        yield f"CREATE ROLE {user} LOGIN"
    yield f"ALTER ROLE {user} LOGIN PASSWORD '{password}'"
    yield f"GRANT rds_replication TO {user}"
    # DMS keeps transactions open between batches; the instance ends those of others after a while.
    yield f"ALTER ROLE {user} SET idle_in_transaction_session_timeout = 0"
    # To make a schema for another role, one must be a member of it.
    yield f"GRANT {user} TO CURRENT_USER"
    yield f"CREATE SCHEMA IF NOT EXISTS {user} AUTHORIZATION {user}"
    for schema in schemas:
        yield f"GRANT USAGE ON SCHEMA {schema} TO {user}"
    for table in tables:
        yield f"GRANT SELECT ON {table} TO {user}"
    yield "COMMIT"


def connect(host: str, port: int, database: str, user: str, password: str) -> Any:
    """Return a connection to a server whose certificate RDS signed for this very name."""
    import pg8000.native

    trusted = ssl.create_default_context(cafile=str(CERTIFICATE))
    return pg8000.native.Connection(
        user, host=host, port=port, database=database, password=password, ssl_context=trusted, timeout=CONNECT_SECONDS
    )
