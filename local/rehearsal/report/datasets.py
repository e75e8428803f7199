"""The tally of a dataset: every produced record is followed by its position to the one table where it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from contracts import Contracts, Dataset
from local.clouds import tables
from local.rehearsal import positions
from local.rehearsal.positions import Position
from local.site import Site


@dataclass(frozen=True, kw_only=True)
class DatasetTally:
    """Where the records of a dataset ended; `problems` is empty if and only if it is conserved."""

    produced: int
    """In the topic."""
    landed: int
    """In raw."""
    accepted: int
    """In curated."""
    quarantined: dict[str, int]
    """Rule -> records."""
    duplicates: int
    problems: tuple[str, ...] = field(default=())

    @property
    def conserved(self) -> bool:
        """Whether each record is accounted for."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Give what report.json has of it."""
        return {**asdict(self), "problems": list(self.problems), "conserved": self.conserved}


def tally_dataset(site: Site, contracts: Contracts, dataset: Dataset) -> DatasetTally:
    """Read topic, raw, curated, quarantine, duplicates and ledger of a dataset and hold them against each other."""
    (topic,) = dataset.topics
    produced = positions.in_topic(site, topic.name)
    landed = _positions(tables.read(site, topic.raw_table.full_name, ("partition", "offset")))
    events = tables.read(site, dataset.head.full_name, ("events",))["events"]
    accepted = _positions(pa.Table.from_struct_array(pc.list_flatten(events.combine_chunks())))
    quarantine = _of(
        tables.read(
            site, contracts.operations_table("quarantine").full_name, ("dataset", "rule", "partition", "offset")
        ),
        dataset,
    )
    duplicates = _of(
        tables.read(site, contracts.operations_table("duplicates").full_name, ("dataset", "partition", "offset")),
        dataset,
    )
    ledger = _of(tables.read(site, contracts.operations_table("ledger").full_name), dataset)
    rules = Counter(quarantine["rule"].to_pylist())
    return DatasetTally(
        produced=len(produced),
        landed=len(landed),
        accepted=len(accepted),
        quarantined=dict(sorted(rules.items())),
        duplicates=len(duplicates),
        problems=(
            *_landing_problems(produced, landed),
            *conservation_problems(landed, accepted, _positions(quarantine), _positions(duplicates)),
            *ledger_problems(ledger.to_pylist(), len(accepted), rules, len(duplicates)),
        ),
    )


def _of(rows: pa.Table, dataset: Dataset) -> pa.Table:
    return rows.filter(pc.equal(rows["dataset"], dataset.name))


def _positions(rows: pa.Table) -> list[Position]:
    return list(zip(rows["partition"].to_pylist(), rows["offset"].to_pylist(), strict=True))


def _landing_problems(produced: Collection[Position], landed: list[Position]) -> Iterable[str]:
    yield from _difference("produced but not in raw", set(produced) - set(landed))
    yield from _difference("in raw but not in the topic", set(landed) - set(produced))
    yield from _difference("in raw more than once", _repeated(landed))


def conservation_problems(
    landed: list[Position], accepted: list[Position], quarantined: list[Position], duplicates: list[Position]
) -> Iterable[str]:
    """Tell what contradicts it: each landed record is in exactly one of curated, quarantine and duplicates."""
    ends = [*accepted, *quarantined, *duplicates]
    yield from _difference("in raw but in none of curated, quarantine and duplicates", set(landed) - set(ends))
    yield from _difference("in curated, quarantine or duplicates but not in raw", set(ends) - set(landed))
    yield from _difference("in more than one of curated, quarantine and duplicates, or twice in one", _repeated(ends))


def ledger_problems(
    ledger: list[dict[str, Any]], accepted: int, quarantined: Counter[str], duplicates: int
) -> Iterable[str]:
    """Tell what contradicts it: the ledger's sums are what the tables hold, and each of its rows adds up."""
    for row in ledger:
        if row["rows_in"] != row["accepted"] + row["quarantined_rows"] + row["duplicates"]:
            yield (
                f"ledger, run {row['run_id']}: {row['rows_in']} rows in, but {row['accepted']} accepted + "
                f"{row['quarantined_rows']} quarantined + {row['duplicates']} duplicates"
            )
    rules: Counter[str] = Counter()
    for row in ledger:
        rules.update(dict(row["quarantined"] or {}))
    for what, told, held in (
        ("accepted", sum(r["accepted"] for r in ledger), accepted),
        ("quarantined", sum(r["quarantined_rows"] for r in ledger), quarantined.total()),
        ("duplicates", sum(r["duplicates"] for r in ledger), duplicates),
        ("quarantined by rule", dict(sorted(rules.items())), dict(sorted(quarantined.items()))),
    ):
        if told != held:
            yield f"{what}: the ledger says {told}, the tables hold {held}"


def _repeated(found: list[Position]) -> set[Position]:
    return {position for position, count in Counter(found).items() if count > 1}


def _difference(what: str, found: set[Position]) -> Iterable[str]:
    if found:
        some = ", ".join(f"{partition}:{offset}" for partition, offset in sorted(found)[:5])
        yield f"{len(found)} {what} (partition:offset {some}{', ...' if len(found) > 5 else ''})"
