"""The shop's database on a running platform: fill its tables, load them, change them, wait until all has landed.

The program starts the replication of an empty database. As an operator would who brings data in, the replication rests
meanwhile and is started anew (`reload-target`), so that the rows come by the full load and the rest as changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2

from contracts import Contracts
from local.clouds import services
from local.clouds.services import postgres
from local.rehearsal import replay
from local.rehearsal.clients import client
from local.site import Site
from local.steps import StepError

STATUS_SECONDS = 60
LANDED_SECONDS = 180
POLL_SECONDS = 0.3


@dataclass(frozen=True, kw_only=True)
class Committed:
    """What was written to the shop's database."""

    filled: dict[str, int]
    """Table -> rows before the first change."""
    changes: list[replay.Change]
    """In the order of their commits."""
    kinds: dict[str, int]
    """Kind of change -> how many."""
    position: int
    """Where the database's log ended after the last change."""


def connect(site: Site, data: Contracts) -> Any:
    """Connect to the captured database; each statement is a transaction."""
    connection = psycopg2.connect(postgres.dsn(site, data.source_tables[0].database))
    connection.autocommit = True
    return connection


def fill_and_change(site: Site, data: Contracts, period: replay.Period, say: Callable[[str], None]) -> Committed:
    """Fill the tables, load them, then change them while the replication runs."""
    dms = client(site, "dms")
    shop = replay.tables(period)
    with closing(connect(site, data)) as connection:
        arn = _described(dms)["ReplicationConfigArn"]
        dms.stop_replication(ReplicationConfigArn=arn)
        _await(site, dms, "stopped")
        filled = replay.fill_tables(connection, shop.values())
        say(f"{sum(filled.values()):,} rows in the shop's tables {' and '.join(filled)}")
        dms.start_replication(ReplicationConfigArn=arn, StartReplicationType="reload-target")
        _await(site, dms, "running")
        say("the full load is over, changes are followed")
        changes, kinds = replay.commit_changes(connection, replay.changes(period, shop))
        say(f"{len(changes):,} changes of {len(kinds)} kinds committed")
    return Committed(
        filled=filled, changes=changes, kinds=dict(sorted(kinds.items())), position=log_position(site, data)
    )


def log_position(site: Site, data: Contracts) -> int:
    """Ask where the database's log ends now."""
    with closing(connect(site, data)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_lsn() - '0/0'")
        return int(cursor.fetchone()[0])


def await_captured(site: Site, data: Contracts, position: int, say: Callable[[str], None]) -> None:
    """Wait until the replication's slot has left the position behind: then every change before it is in raw.

    Raises: StepError if it does not, with what DMS says.
    """
    deadline = time.monotonic() + LANDED_SECONDS
    with closing(connect(site, data)) as connection, connection.cursor() as cursor:
        while True:
            services.check(site)
            cursor.execute("SELECT min(confirmed_flush_lsn) - '0/0' FROM pg_replication_slots")
            confirmed = cursor.fetchone()[0]
            if confirmed is not None and confirmed >= position:
                say("every change is in raw, by the slot of the replication")
                return
            if time.monotonic() > deadline:
                told = _described(client(site, "dms"))
                raise StepError(
                    f"changes have not landed within {LANDED_SECONDS} s; DMS says {told['Status']} "
                    f"{'; '.join(told.get('FailureMessages', []))}. The log is {site.logs / 'dms.log'}."
                )
            time.sleep(POLL_SECONDS)


def _described(dms: Any) -> dict[str, Any]:
    (replication,) = dms.describe_replications()["Replications"]
    return dict(replication)


def _await(site: Site, dms: Any, wanted: str) -> None:
    deadline = time.monotonic() + STATUS_SECONDS
    while (told := _described(dms))["Status"] != wanted:
        services.check(site)
        if told["Status"] == "failed" or time.monotonic() > deadline:
            reasons = "; ".join(told.get("FailureMessages", [])) or f"see {site.logs / 'dms.log'}"
            raise StepError(f"the replication of the shop's tables is {told['Status']}, not {wanted}: {reasons}")
        time.sleep(POLL_SECONDS)
