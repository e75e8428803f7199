"""Waiting until what was sent has arrived: in raw by Kafka Connect, in Pub/Sub by the bridge."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import contracts
from contracts import Contracts
from local.clouds import services, tables
from local.clouds.functions.progress import delivered_and_lag
from local.rehearsal import positions
from local.site import Site
from local.steps import StepError

STILL_S = 120
"""So long a count may stand still before we say that it hangs; the slowest known recovery of the sink takes 67 s."""


def await_landed(site: Site, topic: str, table: str, say: Callable[[str], None]) -> int:
    """Wait until the table in raw holds as many rows as the topic has records; gives that number.

    The count says when to look; the report then follows each record by its position.

    Raises: StepError if the count stands still.
    """
    wanted = len(positions.in_topic(site, topic))
    for landed in _growing(site, f"rows in {table}", lambda: tables.row_count(site, table)):
        say(f"{landed:,} of {wanted:,} records are in {table}")
        if landed >= wanted:
            break
    return wanted


def await_bridged(site: Site, data: Contracts, say: Callable[[str], None]) -> None:
    """Wait until the event sources have delivered every record of the shared topics.

    Raises: StepError if the count stands still.
    """
    topics = contracts.compile_bridge(data)["topics"]
    behind = 1

    def delivered() -> int:
        nonlocal behind
        done, behind = delivered_and_lag(site, topics)
        return done

    for done in _growing(site, "records that the bridge delivered", delivered):
        say(f"{done:,} records delivered, {behind:,} to go")
        if behind == 0:
            break


def _growing(site: Site, what: str, read: Callable[[], int]) -> Iterator[int]:
    """Yield the count each time it has changed (and at first); raise StepError if it stands still for STILL_S."""
    last, since = -1, time.monotonic()
    while True:
        services.check(site)
        count = read()
        if count != last:
            last, since = count, time.monotonic()
            yield count
        elif time.monotonic() - since > STILL_S:
            raise StepError(
                f"{what}: {count:,} for {STILL_S} s without a change. The logs are in {site.logs}; "
                "`make down` and `make up` start afresh."
            )
        time.sleep(1)
