"""Every contract table is in the Glue Data Catalog, and Iceberg's commits are left alone."""

from __future__ import annotations

import json

import contracts
from tests.graphs.recording import Recording, Registered


def _iceberg(table: Registered) -> dict:
    return table.inputs["openTableFormatInput"]["icebergInput"]["icebergTableInput"]


def _iceberg_tables(recording: Recording) -> list[Registered]:
    return [table for table in recording.of("CatalogTable") if "openTableFormatInput" in table.inputs]


def test_every_contract_table_is_declared_in_its_database(data_stack: Recording) -> None:
    declared = {f"{t.inputs['databaseName']}.{t.inputs['name']}" for t in data_stack.of("CatalogTable")}
    assert declared == {table.full_name for table in contracts.load().tables}
    databases = {d.inputs["name"] for d in data_stack.of("CatalogDatabase")}
    assert databases == {"raw", "curated", "analytics", "operations"}


def test_a_table_lies_in_the_bucket_of_its_zone_below_its_prefix(prod: Recording) -> None:
    for table in contracts.load().iceberg_tables:
        declared = _iceberg(prod.one(f"catalog-{table.database}-{table.name}"))
        location = f"s3://novaretail-prod-datalake-{table.zone}/{table.prefix}"
        assert declared["location"] == location
        # Partition folders (year=/month=/day=) directly below the dataset, not below data/.
        assert declared["properties"]["write.data.path"] == location


def test_captured_changes_are_a_table_over_parquet_files_as_dms_writes_them(prod: Recording) -> None:
    for source in contracts.load().source_tables:
        declared = prod.one(f"catalog-raw-{source.raw_table.name}")
        assert declared.inputs["tableType"] == "EXTERNAL_TABLE"
        assert declared.inputs["parameters"]["classification"] == "parquet"
        files = declared.inputs["storageDescriptor"]
        assert files["location"] == f"s3://novaretail-prod-datalake-raw/cdc/{source.raw_table.name}/"
        assert files["serDeInfo"]["serializationLibrary"].endswith("parquet.serde.ParquetHiveSerDe")
        assert files["inputFormat"].endswith("parquet.MapredParquetInputFormat")
        assert files["outputFormat"].endswith("parquet.MapredParquetOutputFormat")
        added = [("op", "string"), ("cdc_timestamp", "string")]
        columns = [(column["name"], column["type"]) for column in files["columns"]]
        assert columns[:2] == added
        assert [name for name, _ in columns[2:]] == [column.name for column in source.columns]
        # Nobody commits to it, so what a person changes by hand is seen.
        assert declared.ignore_changes == []


def test_column_types_are_json_documents_with_the_ids_of_the_contract(prod: Recording) -> None:
    orders = contracts.load().table("curated", "orders").iceberg_schema()
    declared = _iceberg(prod.one("catalog-curated-orders"))["schema"]
    assert [json.loads(f["type"]) for f in declared["fields"]] == [f["type"] for f in orders["fields"]]
    assert [f["id"] for f in declared["fields"]] == [f["id"] for f in orders["fields"]]
    assert declared["identifierFieldIds"] == orders["identifier-field-ids"]


def test_raw_is_partitioned_by_year_month_and_day(prod: Recording) -> None:
    spec = _iceberg(prod.one("catalog-raw-orders"))["partitionSpec"]["fields"]
    assert [(f["name"], f["transform"], f["fieldId"]) for f in spec] == [
        ("year", "identity", 1000),
        ("month", "identity", 1001),
        ("day", "identity", 1002),
    ]


def test_what_an_iceberg_commit_changes_makes_no_update_and_no_replacement(data_stack: Recording) -> None:
    for table in _iceberg_tables(data_stack):
        ignored = {"openTableFormatInput", "parameters", "storageDescriptor", "tableType", "partitionKeys"}
        assert set(table.ignore_changes) == ignored, table.name


def test_documentation_and_names_of_columns_are_within_glues_limits(prod: Recording) -> None:
    for table in _iceberg_tables(prod):
        for field in _iceberg(table)["schema"]["fields"]:
            assert len(field["doc"]) <= 255
            assert len(field["name"]) <= 1024
            assert field["name"] == field["name"].lower()


def test_every_iceberg_table_is_maintained_where_the_settings_say_so(prod: Recording, local: Recording) -> None:
    kinds = {"compaction", "retention", "orphan_file_deletion"}
    tables = {t.inputs["name"]: t.inputs["databaseName"] for t in _iceberg_tables(prod)}
    optimizers = prod.of("CatalogTableOptimizer")
    assert len(optimizers) == len(_iceberg_tables(prod)) * len(kinds)
    assert {o.inputs["type"] for o in optimizers} == kinds
    assert {o.inputs["tableName"] for o in optimizers} == tables.keys()
    assert {o.inputs["catalogId"] for o in optimizers} == {"210987654321"}
    assert local.of("CatalogTableOptimizer") == []


def test_the_optimizers_role_may_write_what_it_maintains_and_its_logs(prod: Recording) -> None:
    policies = {p.name for p in prod.of("RolePolicy") if p.inputs["role"] == "access-optimizer"}
    assert policies == {"lake-write-optimizer", "catalog-write-optimizer", "catalog-maintenance-optimizer"}
    (logs,) = prod.one("catalog-maintenance-optimizer").json("policy")["Statement"]
    assert all("log-group:/aws-glue/iceberg-" in arn for arn in logs["Resource"])


def test_a_connector_commits_to_its_table_and_makes_or_drops_none(data_stack: Recording) -> None:
    (policy,) = [p for p in data_stack.of("RolePolicy") if p.name == "catalog-write-orders-to-lake"]
    (statement, key) = policy.json("policy")["Statement"]
    assert key["Condition"] == {"StringEquals": {"kms:ViaService": ["glue.eu-west-1.amazonaws.com"]}}
    assert set(statement["Action"]) == {"glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:UpdateTable"}
    resources = [arn.split(":", 5)[-1] for arn in statement["Resource"]]
    assert resources == ["catalog", "database/raw", "table/raw/orders"]


def test_the_catalog_is_encrypted_with_the_lakes_key_before_anything_is_in_it(data_stack: Recording) -> None:
    (settings,) = data_stack.of("DataCatalogEncryptionSettings")
    key = "arn:aws:kms:eu-west-1:000000000000:keys-lake"
    assert settings.inputs["dataCatalogEncryptionSettings"] == {
        "encryptionAtRest": {"catalogEncryptionMode": "SSE-KMS", "sseAwsKmsKeyId": key},
        "connectionPasswordEncryption": {"awsKmsKeyId": key, "returnConnectionPasswordEncrypted": True},
    }
    for database in data_stack.of("CatalogDatabase"):
        assert settings.name in database.depends_on, database.name


def test_whoever_uses_a_table_may_use_the_key_through_glue(data_stack: Recording) -> None:
    grants = [p for p in data_stack.of("RolePolicy") if p.name.startswith(("catalog-read-", "catalog-write-"))]
    assert grants
    for policy in grants:
        actions = {a for s in policy.json("policy")["Statement"] for a in s["Action"] if a.startswith("kms:")}
        wanted = {"kms:Decrypt"} if "-read-" in policy.name else {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}
        assert actions == wanted, policy.name


def test_every_topic_has_its_contracts_schema_in_the_registry(prod: Recording) -> None:
    (registry,) = prod.of("Registry")
    assert registry.inputs["registryName"] == "novaretail-prod"
    schemas = {s.inputs["schemaName"]: s for s in prod.of("glue/schema:Schema")}
    assert schemas.keys() == {topic.name for topic in contracts.load().topics}
    for topic in contracts.load().topics:
        schema = schemas[topic.name]
        assert schema.json("schemaDefinition") == topic.json_schema()
        # Glue's registry knows JSON Schema up to draft 7.
        assert schema.json("schemaDefinition")["$schema"] == "http://json-schema.org/draft-07/schema#"
        assert (schema.inputs["dataFormat"], schema.inputs["compatibility"]) == ("JSON", "BACKWARD_ALL")
        assert len(schema.inputs["schemaDefinition"]) <= 170_000, "Glue's limit of a schema"
        assert schema.protect
