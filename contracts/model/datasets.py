"""Datasets, a contract file each, and all of them together with what one asks of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts.model.sources import SourceTable
from contracts.model.tables import DATABASE_ZONES, Exchange, Table
from contracts.model.topics import Topic


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """What one contract file describes."""

    name: str
    version: str
    description: str
    """What it is for."""
    owner: str
    """The address of the team that answers for it."""
    topics: tuple[Topic, ...] = ()
    source_tables: tuple[SourceTable, ...] = ()
    tables: tuple[Table, ...] = ()

    @property
    def head(self) -> Table:
        """The curated table whose commit carries the watermark.

        Raises: LookupError if the dataset has none, as marts and the operations dataset.
        """
        for table in self.tables:
            if table.role == "head":
                return table
        raise LookupError(f"dataset {self.name} has no table with role `head`")


@dataclass(frozen=True)
class Contracts:
    """All datasets."""

    datasets: tuple[Dataset, ...] = field(default=())
    """Ordered by name."""

    @property
    def topics(self) -> tuple[Topic, ...]:
        return tuple(topic for dataset in self.datasets for topic in dataset.topics)

    @property
    def source_tables(self) -> tuple[SourceTable, ...]:
        return tuple(source for dataset in self.datasets for source in dataset.source_tables)

    @property
    def source_database(self) -> str:
        """The database of the captured tables; there is one. Raises: LookupError if nothing is captured."""
        for source in self.source_tables:
            return source.database
        raise LookupError("no contract has a source_table")

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table, the raw tables of topics and of captured tables included."""
        return tuple(self._tables())

    def _tables(self) -> Iterator[Table]:
        for dataset in self.datasets:
            yield from (topic.raw_table for topic in dataset.topics)
            yield from (source.raw_table for source in dataset.source_tables)
            yield from dataset.tables

    @property
    def iceberg_tables(self) -> tuple[Table, ...]:
        return tuple(table for table in self.tables if table.format == "iceberg")

    @property
    def databases(self) -> tuple[str, ...]:
        """The Glue databases in use, in the order of the data's flow."""
        used = {table.database for table in self.tables}
        return tuple(name for name in DATABASE_ZONES if name in used)

    @property
    def marts(self) -> tuple[Table, ...]:
        return tuple(table for table in self.tables if table.role == "mart")

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The tables that are shared by snapshots."""
        return tuple(Exchange(table) for table in self.tables if table.share_target)

    def sources_of(self, mart: Table) -> tuple[str, ...]:
        """Return the datasets that a mart is built of, by name."""
        return tuple(sorted({self.table(*source.split(".")).dataset for source in mart.sources}))

    @property
    def curated_datasets(self) -> tuple[Dataset, ...]:
        """The datasets that the curate job is run for."""
        return tuple(d for d in self.datasets if any(t.role == "head" for t in d.tables))

    def dataset(self, name: str) -> Dataset:
        return _named(self.datasets, name, "dataset")

    def topic(self, name: str) -> Topic:
        return _named(self.topics, name, "topic")

    def table(self, database: str, name: str) -> Table:
        for table in self.tables:
            if (table.database, table.name) == (database, name):
                return table
        raise LookupError(f"no contract has a table {database}.{name}")

    def operations_table(self, role: str) -> Table:
        """Return the ledger, quarantine or duplicates table."""
        for table in self.tables:
            if table.database == "operations" and table.role == role:
                return table
        raise LookupError(f"no contract has an operations table with role {role}")


def _named(items: tuple[Any, ...], name: str, kind: str) -> Any:
    for item in items:
        if item.name == name:
            return item
    raise LookupError(f"no contract has a {kind} {name}; there are {', '.join(i.name for i in items) or 'none'}")
