"""Tables of the shop's database whose changes are captured."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.model.tables import Column, Table


@dataclass(frozen=True, kw_only=True)
class SourceTable:
    """A PostgreSQL table whose changes are captured."""

    database: str
    schema: str
    name: str
    """Its name in the database; the lake's is that of `raw_table`."""
    dataset: str
    """The name of the dataset whose contract describes it."""
    description: str
    columns: tuple[Column, ...]
    """The captured columns; the type of each is the one it has in raw."""
    physical_types: tuple[str, ...]
    """The PostgreSQL type of each of `columns`."""
    primary_key: tuple[str, ...]
    raw_table: Table
    """The table of raw that its changes are added to."""

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"
