"""What the provider remembers between runs: which resources exist, and which were being made.

One SQLite file a site. The engine's own state holds the properties; this file answers what the engine
cannot know: whether a state-only resource still exists, and what a run that was killed left behind. So
secrets are left out of it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.clouds.provider.wire import redact

SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
    type TEXT NOT NULL, id TEXT NOT NULL, urn TEXT NOT NULL, outputs TEXT NOT NULL, settled INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (type, id)
);
CREATE TABLE IF NOT EXISTS observations (
    type TEXT NOT NULL, id TEXT NOT NULL, observed TEXT NOT NULL, PRIMARY KEY (type, id)
);
CREATE TABLE IF NOT EXISTS addresses (
    address TEXT PRIMARY KEY, owner TEXT NOT NULL, part INTEGER NOT NULL, UNIQUE (owner, part)
);
CREATE TABLE IF NOT EXISTS creations (urn TEXT PRIMARY KEY, type TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Existing:
    """One existing resource."""

    type: str
    id: str
    urn: str
    outputs: Mapping[str, Any]
    """Without what is secret."""


class State:
    """Safe for concurrent calls of one process and of several; every change is one transaction.

    A resource is known by type and id, not by URN: an alias changes the URN of a resource that stays.
    """

    def __init__(self, path: Path | None) -> None:
        """`path` None keeps all in memory, for previews."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path or ":memory:", check_same_thread=False, timeout=30)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")  # survives kill -9 of the process
        with self._lock, self._database:
            self._database.executescript(SCHEMA)

    def begin(self, urn: str, token: str) -> bool:
        """Note that a resource is about to be made; True if an earlier attempt never ended."""
        with self._lock, self._database as db:
            unfinished = db.execute("SELECT 1 FROM creations WHERE urn = ?", (urn,)).fetchone() is not None
            db.execute("INSERT OR REPLACE INTO creations VALUES (?, ?)", (urn, token))
            return unfinished

    def put(self, token: str, id: str, urn: str, outputs: Mapping[str, Any]) -> None:
        """Note that a resource exists, with what it is now; ends what `begin` began."""
        text = json.dumps(redact(dict(outputs)), default=lambda reference: reference.parts())
        with self._lock, self._database as db:
            db.execute(
                "INSERT INTO resources (type, id, urn, outputs) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (type, id) DO UPDATE SET urn = excluded.urn, outputs = excluded.outputs",
                (token, id, urn, text),
            )
            db.execute("DELETE FROM creations WHERE urn = ?", (urn,))

    def abandon(self, urn: str) -> None:
        """Note that the attempt to make a resource failed and left nothing."""
        with self._lock, self._database as db:
            db.execute("DELETE FROM creations WHERE urn = ?", (urn,))

    def remove(self, token: str, id: str) -> None:
        with self._lock, self._database as db:
            db.execute("DELETE FROM resources WHERE type = ? AND id = ?", (token, id))
            db.execute("DELETE FROM observations WHERE type = ? AND id = ?", (token, id))
            db.execute("DELETE FROM addresses WHERE owner = ?", (id,))

    def claim(self, id: str, part: int, addresses: Iterable[str]) -> str:
        """The address that this part of a resource has; at first the first of `addresses` that no other one has.

        Raises: ValueError if all are taken.
        """
        with self._lock, self._database as db:
            query = "SELECT address FROM addresses WHERE owner = ? AND part = ?"
            row = db.execute(query, (id, part)).fetchone()
            if row:
                return str(row[0])
            for address in addresses:
                if db.execute("INSERT OR IGNORE INTO addresses VALUES (?, ?, ?)", (address, id, part)).rowcount:
                    return address
        raise ValueError(f"there is no free address left for {id}")

    def outputs(self, token: str, id: str) -> dict[str, Any]:
        """What a resource is now, without what is secret; empty if it does not exist."""
        with self._lock:
            query = "SELECT outputs FROM resources WHERE type = ? AND id = ?"
            row = self._database.execute(query, (token, id)).fetchone()
        return dict(json.loads(row[0])) if row else {}

    def observe(self, token: str, id: str, observed: Mapping[str, Any]) -> None:
        """Note what a service reports of a resource that this program has just written."""
        with self._lock, self._database as db:
            db.execute("INSERT OR REPLACE INTO observations VALUES (?, ?, ?)", (token, id, json.dumps(observed)))

    def observed(self, token: str, id: str) -> dict[str, Any]:
        """What `observe` noted last; empty if nothing."""
        query = "SELECT observed FROM observations WHERE type = ? AND id = ?"
        with self._lock:
            row = self._database.execute(query, (token, id)).fetchone()
        return dict(json.loads(row[0])) if row else {}

    def exists(self, token: str, id: str) -> bool:
        with self._lock:
            found = self._database.execute("SELECT 1 FROM resources WHERE type = ? AND id = ?", (token, id))
            return found.fetchone() is not None

    def orphans(self, stack: str, known: Iterable[tuple[str, str]]) -> list[Existing]:
        """What a killed run made and the engine could not note: not among `known` (type, id), newest first.

        Only resources made since the last `settle`: what the engine let go with retain_on_delete stays.
        """
        kept, prefix = set(known), f"urn:pulumi:{stack}::"
        query = "SELECT type, id, urn, outputs FROM resources WHERE NOT settled ORDER BY rowid DESC"
        with self._lock:
            rows = self._database.execute(query).fetchall()
        existing = (Existing(token, id, urn, json.loads(text)) for token, id, urn, text in rows)
        return [r for r in existing if r.urn.startswith(prefix) and (r.type, r.id) not in kept]

    def settle(self, stack: str) -> None:
        """Note that the engine ended a run of this stack by itself, so that it knows all that exists."""
        with self._lock, self._database as db:
            db.execute("UPDATE resources SET settled = 1 WHERE urn LIKE ?", (f"urn:pulumi:{stack}::%",))

    def close(self) -> None:
        with self._lock:
            self._database.close()
