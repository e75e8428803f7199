"""How far replications are, and what they must not forget.

`<state>/dms/progress.json` is rewritten every second by the runtime and read by DescribeReplications. A checkpoint,
`<state>/dms/<replication>.checkpoint.json`, says whether the full load is over: only then may a new process go on with
the slot.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.site import Site


@dataclass
class TableProgress:
    """One table's, named as in the source; counted when the rows are in S3."""

    state: str = "Before load"
    loaded: int = 0
    inserts: int = 0
    updates: int = 0
    deletes: int = 0
    truncates: int = 0
    files: int = 0
    load_began: str | None = None
    load_ended: str | None = None
    last_update: str | None = None


@dataclass
class Progress:
    """One replication's. Written by its thread alone, read by the runtime."""

    generation: str
    status: str = "starting"
    message: str | None = None
    """What went wrong last."""
    confirmed: int = 0
    """Log position up to which every change is in S3."""
    reconnects: int = 0
    tables: dict[str, TableProgress] = field(default_factory=dict)

    def table(self, schema: str, name: str) -> TableProgress:
        return self.tables.setdefault(f"{schema}.{name}", TableProgress())


@dataclass
class Checkpoint:
    """What a replication knows after a crash."""

    arn: str
    database: str
    slot: str
    generation: str = ""
    loading: str = ""
    """The start for which a full load was begun."""
    loaded: tuple[str, ...] = ()
    """Tables whose full load is over, which is all of them or none."""

    @property
    def publication(self) -> str:
        return self.slot


def folder(site: Site) -> Path:
    return site.state / "dms"


def write(site: Site, replications: Mapping[str, Progress]) -> None:
    """Args: replications: by ARN."""
    _put(folder(site) / "progress.json", {arn: asdict(one) for arn, one in replications.items()})


def read(site: Site) -> dict[str, Progress]:
    """By ARN; empty if none ever ran here."""
    try:
        found: dict[str, dict[str, Any]] = json.loads((folder(site) / "progress.json").read_text())
    except FileNotFoundError:
        return {}
    return {
        arn: Progress(**{**one, "tables": {name: TableProgress(**table) for name, table in one["tables"].items()}})
        for arn, one in found.items()
    }


def write_checkpoint(site: Site, checkpoint: Checkpoint) -> None:
    _put(_checkpoint_file(site, checkpoint), asdict(checkpoint))


def remove_checkpoint(site: Site, checkpoint: Checkpoint) -> None:
    _checkpoint_file(site, checkpoint).unlink(missing_ok=True)


def checkpoints(site: Site) -> Iterator[Checkpoint]:
    for file in sorted(folder(site).glob("*.checkpoint.json")):
        found = json.loads(file.read_text())
        yield Checkpoint(**{**found, "loaded": tuple(found["loaded"])})


def _checkpoint_file(site: Site, checkpoint: Checkpoint) -> Path:
    return folder(site) / f"{checkpoint.slot}.checkpoint.json"


def _put(file: Path, content: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".partial")
    draft.write_text(json.dumps(content, indent=1))
    draft.replace(file)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
