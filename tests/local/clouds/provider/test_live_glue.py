"""Databases, tables and jobs in a real Glue server; Iceberg tables are read by Iceberg."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from pyiceberg.catalog.glue import GlueCatalog

from local.clouds.provider.live import Live
from local.site import Site

DATABASE = "aws:glue/catalogDatabase:CatalogDatabase"
TABLE = "aws:glue/catalogTable:CatalogTable"
MakeLive = Callable[[str], Live]


@pytest.fixture
def glue(client: Callable[[str], Any]) -> Any:
    return client("glue")


@pytest.fixture
def database(live: MakeLive) -> str:
    name = f"d_{uuid.uuid4().hex[:8]}"
    live(DATABASE).create({"name": name, "description": "d"})
    return name


@pytest.fixture
def catalog(aws_site: Site) -> GlueCatalog:
    place = {"endpoint": aws_site.aws_url, "access-key-id": "x", "secret-access-key": "x", "region": "eu-west-1"}
    properties: dict[str, Any] = {f"{service}.{k}": v for service in ("glue", "s3") for k, v in place.items()}
    return GlueCatalog("glue", **properties)


@pytest.fixture
def iceberg(live: MakeLive, database: str) -> dict[str, Any]:
    bucket = f"lake-{uuid.uuid4().hex[:8]}"
    live("aws:s3/bucket:Bucket").create({"bucket": bucket})
    lines = {
        "type": "list",
        "element-id": 9,
        "element-required": True,
        "element": {
            "type": "struct",
            "fields": [{"id": 10, "name": "quantity", "required": True, "type": "int"}],
        },
    }
    fields = [("order_id", 3, True, "string"), ("net", 5, False, "decimal(14, 2)"), ("day", 7, True, "date")]
    table = {
        "location": f"s3://{bucket}/orders",
        "schema": {
            "schemaId": 0,
            "identifierFieldIds": [3],
            "fields": [
                *(
                    {"name": n, "id": i, "required": r, "type": json.dumps(t), "doc": f"the {n}"}
                    for n, i, r, t in fields
                ),
                {"name": "lines", "id": 8, "required": False, "type": json.dumps(lines)},
            ],
        },
        "partitionSpec": {"fields": [{"sourceId": 7, "fieldId": 1000, "name": "day_month", "transform": "month"}]},
        "properties": {"write.format.default": "parquet"},
    }
    return {
        "name": "orders",
        "databaseName": database,
        "description": "one row an order",
        "openTableFormatInput": {"icebergInput": {"metadataOperation": "CREATE", "icebergTableInput": table}},
    }


def test_a_database_comes_changes_and_goes(live: MakeLive, glue: Any, database: str) -> None:
    databases, id = live(DATABASE), f"123456789012:{database}"
    databases.update(id, {}, {"name": database, "description": "changed"})

    assert glue.get_database(Name=database)["Database"]["Description"] == "changed"

    databases.delete(id, {})

    assert databases.read(id, {}) is None
    databases.delete(id, {})


def test_an_iceberg_table_has_the_field_ids_partitions_and_properties_that_were_given(
    live: MakeLive, catalog: GlueCatalog, iceberg: dict[str, Any]
) -> None:
    live(TABLE).create(iceberg)
    table = catalog.load_table((iceberg["databaseName"], "orders"))

    assert [(f.field_id, f.name, f.required) for f in table.schema().fields] == [
        (3, "order_id", True),
        (5, "net", False),
        (7, "day", True),
        (8, "lines", False),
    ]
    assert table.schema().find_field("lines.element.quantity").field_id == 10
    assert table.schema().identifier_field_ids == [3]
    assert table.metadata.last_column_id == 10
    assert [(f.source_id, f.field_id, str(f.transform)) for f in table.spec().fields] == [(7, 1000, "month")]
    assert table.properties["write.format.default"] == "parquet"
    assert table.location().endswith("/orders")
    assert table.current_snapshot() is None


def test_commits_of_others_are_neither_undone_nor_seen_as_a_change(
    live: MakeLive, glue: Any, catalog: GlueCatalog, iceberg: dict[str, Any]
) -> None:
    tables = live(TABLE)
    id, computed = tables.create(iceberg)
    table = catalog.load_table((iceberg["databaseName"], "orders"))
    with table.transaction() as transaction:
        transaction.set_properties({"comment": "changed by a job"})
    committed = glue.get_table(DatabaseName=iceberg["databaseName"], Name="orders")["Table"]

    assert tables.read(id, computed) == {}

    tables.update(id, iceberg, {**iceberg, "description": "changed by the program"})
    after = glue.get_table(DatabaseName=iceberg["databaseName"], Name="orders")["Table"]

    assert after["Description"] == "changed by the program"
    assert after["Parameters"]["metadata_location"] == committed["Parameters"]["metadata_location"]
    assert catalog.load_table((iceberg["databaseName"], "orders")).properties["comment"] == "changed by a job"


def test_rows_can_be_written_to_a_new_table(live: MakeLive, catalog: GlueCatalog, iceberg: dict[str, Any]) -> None:
    live(TABLE).create(iceberg)
    table = catalog.load_table((iceberg["databaseName"], "orders"))
    rows = pa.Table.from_pylist([], schema=table.schema().as_arrow())
    table.append(rows)

    assert table.scan().to_arrow().num_rows == 0
    assert table.current_snapshot() is not None


def test_a_plain_table_keeps_columns_format_and_partitions(live: MakeLive, glue: Any, database: str) -> None:
    id, _ = live(TABLE).create(
        {
            "name": "rates",
            "databaseName": database,
            "tableType": "EXTERNAL_TABLE",
            "parameters": {"classification": "csv"},
            "partitionKeys": [{"name": "year", "type": "string"}],
            "storageDescriptor": {
                "location": "s3://b/rates",
                "columns": [{"name": "currency", "type": "string", "comment": "ISO 4217"}],
                "serDeInfo": {"serializationLibrary": "org.x.OpenCSVSerde", "parameters": {"separatorChar": ","}},
            },
        }
    )
    table = glue.get_table(DatabaseName=database, Name="rates")["Table"]

    assert table["StorageDescriptor"]["Columns"] == [{"Name": "currency", "Type": "string", "Comment": "ISO 4217"}]
    assert table["StorageDescriptor"]["SerdeInfo"]["Parameters"] == {"separatorChar": ","}
    assert table["PartitionKeys"] == [{"Name": "year", "Type": "string"}]
    live(TABLE).delete(id, {})
    assert live(TABLE).read(id, {}) is None


def test_a_table_in_a_database_that_is_not_there_is_refused_by_glue(live: MakeLive) -> None:
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        live(TABLE).create({"name": "t", "databaseName": "nowhere", "storageDescriptor": {}})


def test_a_schema_that_is_no_iceberg_is_refused(live: MakeLive, iceberg: dict[str, Any]) -> None:
    given = iceberg["openTableFormatInput"]["icebergInput"]["icebergTableInput"]
    given["schema"]["fields"][0]["type"] = json.dumps("strng")

    with pytest.raises(ValueError, match="strng"):
        live(TABLE).create(iceberg)


def test_a_job_is_made_as_the_program_says_and_changed(live: MakeLive, glue: Any) -> None:
    jobs, name = live("aws:glue/job:Job"), f"job-{uuid.uuid4().hex[:8]}"
    arguments = {
        "name": name,
        "roleArn": "arn:aws:iam::123456789012:role/r",
        "command": {"name": "glueetl", "pythonVersion": "3", "scriptLocation": "s3://b/curate.py"},
        "defaultArguments": {"--conf": "a=b --conf c=d", "--extra-files": "s3://b/contracts.json"},
        "glueVersion": "5.1",
        "executionProperty": {"maxConcurrentRuns": 3},
        "connections": ["vpc"],
        "timeout": 60,
    }
    id, computed = jobs.create(arguments)
    job = glue.get_job(JobName=name)["Job"]

    assert computed["arn"] == f"arn:aws:glue:eu-west-1:123456789012:job/{name}"
    assert job["Command"] == {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": "s3://b/curate.py"}
    assert job["DefaultArguments"]["--conf"] == "a=b --conf c=d"
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 3}

    jobs.update(id, arguments, {**arguments, "timeout": 5})

    assert glue.get_job(JobName=name)["Job"]["Timeout"] == 5

    jobs.delete(id, {})

    assert jobs.read(id, {}) is None
