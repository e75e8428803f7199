"""What the warehouse knows besides data: schemas, views, roles and grants, in one JSON file.

The file is small and read for every statement, so that the provider, `make query` and the report
can work at the same time from processes of their own; a change holds a lock on a file beside it.
DuckDB's own file would lock all but one process out.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path


class WarehouseError(RuntimeError):
    """A statement was not run; the text has the reason, what to do, and the statement."""


@dataclass(frozen=True, order=True)
class Grant:
    """One privilege of one grantee on one object."""

    kind: str
    """schema, relation, role or database."""
    object: str
    privilege: str
    """USAGE, SELECT, ...; for a granted role MEMBER."""
    grantee_type: str
    """role, user, group or public."""
    grantee: str


@dataclass(frozen=True)
class ExternalSchema:
    """A schema that is a database of the Glue Data Catalog."""

    database: str
    iam_role: str


@dataclass
class Catalogue:
    external_schemas: dict[str, ExternalSchema] = field(default_factory=dict)
    schemas: set[str] = field(default_factory=lambda: {"public"})
    views: dict[str, str] = field(default_factory=dict)
    """schema.name -> the query, in Redshift's SQL."""
    roles: set[str] = field(default_factory=set)
    grants: set[Grant] = field(default_factory=set)

    @property
    def all_schemas(self) -> list[str]:
        return sorted([*self.external_schemas, *self.schemas])

    def require_schema(self, name: str) -> None:
        if name not in self.schemas and name not in self.external_schemas:
            raise WarehouseError(f'schema "{name}" does not exist; there are: {", ".join(self.all_schemas)}')

    def to_json(self) -> str:
        return json.dumps(
            {
                "external_schemas": {name: asdict(schema) for name, schema in self.external_schemas.items()},
                "schemas": sorted(self.schemas),
                "views": self.views,
                "roles": sorted(self.roles),
                "grants": [asdict(grant) for grant in sorted(self.grants)],
            },
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str) -> Catalogue:
        known = json.loads(text)
        return cls(
            external_schemas={name: ExternalSchema(**schema) for name, schema in known["external_schemas"].items()},
            schemas=set(known["schemas"]),
            views=known["views"],
            roles=set(known["roles"]),
            grants={Grant(**grant) for grant in known["grants"]},
        )


class Store:
    """The file of one site's catalogue."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "catalogue.json"

    def load(self) -> Catalogue:
        """The catalogue as it is now; a warehouse nobody has written to has the schema public alone."""
        try:
            return Catalogue.from_json(self._file.read_text())
        except FileNotFoundError:
            return Catalogue()

    @contextmanager
    def change(self) -> Iterator[Catalogue]:
        """The catalogue to change; written when the block ends, not when it raises. One at a time."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            catalogue = self.load()
            yield catalogue
            new = self._file.with_suffix(".new")
            new.write_text(catalogue.to_json())
            new.replace(self._file)

    def clear(self) -> None:
        self._file.unlink(missing_ok=True)
