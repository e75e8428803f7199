"""Reads contract files: YAML read strictly, the ODCS v3 JSON schema, then the rules of this platform.

Every problem of every file is collected before anything is returned, so that a wrong contract is
corrected in one go.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import open_data_contract_standard
from open_data_contract_standard.model import OpenDataContractStandard

from contracts import strict_yaml
from contracts._sources import read_source
from contracts._tables import read_table
from contracts._topics import read_topic
from contracts._values import Reading
from contracts.errors import ContractErrors, Problem
from contracts.model import EXCHANGE_FOLDER, Contracts, Dataset
from contracts.warehouse import READERS

FOLDER = Path(__file__).parent / "datasets"
_NO_TEXTS = ("boolean", "integer", "number")


def load(folder: Path | None = None) -> Contracts:
    """Return all contracts of a folder, ordered by name.

    Raises: ContractErrors with every problem: file, path in the file, value, rule.
    """
    folder = folder or FOLDER
    files = sorted(folder.glob("*.yaml"))
    problems: list[Problem] = []
    if not files:
        problems.append(Problem(folder.name, "$", "no *.yaml file", "a folder of contracts has at least one"))
    datasets = []
    for file in files:
        dataset, found = _read(file)
        problems += found
        if dataset:
            datasets.append(dataset)
    contracts = Contracts(tuple(sorted(datasets, key=lambda d: d.name)))
    problems += _across(contracts)
    if problems:
        raise ContractErrors(problems)
    return contracts


def _read(file: Path) -> tuple[Dataset | None, list[Problem]]:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return None, [Problem(file.name, "$", str(error), "a contract is a text in UTF-8")]
    raw, found = strict_yaml.read(text, file.name)
    if found:
        return None, found
    found = [Problem(file.name, path, value, rule) for path, value, rule in _against_standard(raw)]
    if found:
        return None, found
    reading = Reading(file.name)
    dataset = _dataset(OpenDataContractStandard.model_validate(raw), reading)
    return (None if reading.problems else dataset), reading.problems


@cache
def _standard() -> tuple[jsonschema_rs.Draft201909Validator, jsonschema.Draft201909Validator]:
    """Return the standard's schema twice: quick to decide, and apt to explain."""
    schema = json.loads(Path(open_data_contract_standard.__file__).with_name("schema.json").read_text("utf-8"))
    return jsonschema_rs.Draft201909Validator(schema), jsonschema.Draft201909Validator(schema)


def _against_standard(raw: Any) -> Iterator[tuple[str, str, str]]:
    quick, apt = _standard()
    # Every preview reads every contract, and explaining takes two hundred times as long.
    if quick.is_valid(raw):
        return
    for error in apt.iter_errors(raw):
        leaf = jsonschema.exceptions.best_match([error])
        value = json.dumps(leaf.instance)
        rule = f"ODCS v3: {leaf.message[:200]}"
        if isinstance(leaf.instance, str) and leaf.validator == "type" and leaf.validator_value in _NO_TEXTS:
            rule = f"{rule} ({strict_yaml.ONLY})"
        yield leaf.json_path, value if len(value) <= 80 else value[:77] + "...", rule


def _dataset(contract: OpenDataContractStandard, reading: Reading) -> Dataset:
    name = contract.name or ""
    if not name:
        reading.problem("$.name", name, "a dataset has a name")
    purpose = contract.description.purpose if contract.description else None
    if not purpose:
        reading.problem("$.description.purpose", purpose, "a dataset says what it is for")
    topics, source_tables, tables = [], [], []
    for index, item in enumerate(contract.schema_ or []):
        at = f"$.schema[{index}]"
        if item.physicalType == "topic":
            topics.append(read_topic(item, contract, name, at, reading))
        elif item.physicalType == "source_table":
            source_tables.append(read_source(item, contract, name, at, reading))
        elif item.physicalType == "table":
            tables.append(read_table(item, contract, name, at, reading))
        else:
            reading.problem(f"{at}.physicalType", item.physicalType, "one of: topic, source_table, table")
    if not topics and not source_tables and not tables:
        reading.problem("$.schema", "[]", "a dataset has at least one topic, source_table or table")
    heads = [t for t in tables if t and t.role == "head"]
    if len(heads) > 1 or (topics and tables and not heads):
        rule = "a dataset with curated tables has exactly one with role `head`, which carries the watermark"
        reading.problem("$.schema", f"{len(heads)} heads", rule)
    if heads and not topics:
        reading.problem("$.schema", "no topic", "a table with role `head` is curated from the dataset's topic")
    if len(topics) > 1:
        reading.problem("$.schema", f"{len(topics)} topics", "a dataset has at most one topic")
    return Dataset(
        name=name,
        version=contract.version or "",
        description=purpose or "",
        owner=_owner(contract, reading),
        topics=tuple(t for t in topics if t),
        source_tables=tuple(s for s in source_tables if s),
        tables=tuple(t for t in tables if t),
    )


def _owner(contract: OpenDataContractStandard, reading: Reading) -> str:
    members = getattr(contract.team, "members", None) or (contract.team if isinstance(contract.team, list) else [])
    owners = [m.username for m in members if m.role == "owner" and m.username]
    if not owners:
        reading.problem("$.team.members", str(len(members)), "a dataset has a team member with role `owner`")
    return owners[0] if owners else ""


def _across(contracts: Contracts) -> Iterator[Problem]:
    """Report what no file alone can show: names used twice, and sources that nobody makes."""
    for kind, names in (
        ("dataset", [d.name for d in contracts.datasets]),
        ("topic", [t.name for t in contracts.topics]),
        ("table", [t.full_name for t in contracts.tables]),
        ("prefix", [f"{t.zone}:{t.prefix}" for t in contracts.tables]),
        ("shared table", [e.name for e in contracts.exchanges]),
        ("report", [t.name for t in contracts.tables if t.database in READERS]),
    ):
        for name, count in Counter(names).items():
            if count > 1:
                yield Problem(
                    "all files", "$", name, f"a {kind} is described once; this one is described {count} times"
                )
    yield from _folders(contracts)
    databases = sorted({source.database for source in contracts.source_tables})
    if len(databases) > 1:
        rule = "captured tables lie in one database: a replication reads one"
        yield Problem("all files", "physicalName", ", ".join(databases), rule)
    captured = Counter(f"{source.database}.{source.full_name}" for source in contracts.source_tables)
    for name, count in captured.items():
        if count > 1:
            yield Problem("all files", "physicalName", name, f"a table is captured once; this one {count} times")
    known = {t.full_name for t in contracts.tables}
    for mart in contracts.marts:
        for source in mart.sources:
            if source not in known:
                yield Problem(
                    f"dataset {mart.dataset}",
                    "sources",
                    source,
                    "a mart is built from tables that a contract describes",
                )


def _folders(contracts: Contracts) -> Iterator[Problem]:
    """Report a folder inside another's: who has a right on the outer one would read, write and expire it."""
    for table in contracts.tables:
        if table.zone == "analytics" and table.prefix.split("/")[0] == EXCHANGE_FOLDER:
            rule = f"no table lies in {EXCHANGE_FOLDER}: it has the snapshots of shared tables"
            yield Problem(f"dataset {table.dataset}", "prefix", table.prefix, rule)
    for outer in contracts.tables:
        for inner in contracts.tables:
            if outer.zone == inner.zone and inner.prefix.startswith(f"{outer.prefix}/"):
                rule = f"no table lies in the folder of another; {outer.prefix} is that of {outer.full_name}"
                yield Problem(f"dataset {inner.dataset}", "prefix", inner.prefix, rule)
