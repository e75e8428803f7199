"""The Glue Data Catalog: a database for each layer, a table for each of a contract's, and who may use which.

The schema registry beside it holds the schema of each topic's records. It refuses a contract whose new version could
not read records of the old ones, and producers may check their records against it; raw takes in what arrives all the
same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

import settings
from components.blocks.place import Place
from components.blocks.policies import Grantee, Statement, allow, attach
from contracts import Contracts, Table

_READ = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables"]
# An Iceberg commit is an UpdateTable with the version that it read; tables are made here, by nobody else.
_WRITE = [*_READ, "glue:UpdateTable"]

_OWNED_BY_ICEBERG = ["openTableFormatInput", "parameters", "storageDescriptor", "tableType", "partitionKeys"]
"""Every Iceberg commit rewrites these (metadata location, columns); undoing that would lose data, and a change of
openTableFormatInput would replace the table. The jobs evolve schemas; this program makes tables."""


@dataclass(frozen=True, kw_only=True)
class CatalogArgs:
    """Which tables there are, where they are, and who maintains them."""

    where: Place
    contracts: Contracts
    kms_key_arn: Input[str]
    """Encrypts the catalog's own data: names, columns and comments of tables, and connections."""
    location: Callable[[Table], Output[str]]
    """Returns where a table's files are: s3://bucket/prefix."""
    tables: settings.Tables
    optimizer: Grantee
    """The role that Glue's table maintenance takes; it needs write grants on the tables."""


class Catalog(ComponentResource):
    """The component makes databases, tables and schemas of the contracts, and encrypts the account's catalog."""

    databases: dict[str, aws.glue.CatalogDatabase]
    """By name."""
    tables: dict[str, aws.glue.CatalogTable]
    """By full name: curated.orders."""
    schemas: dict[str, aws.glue.Schema]
    """By topic."""

    def __init__(self, name: str, args: CatalogArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:catalog:Catalog", name, {}, args.where.options(opts))
        self._name, self._args = name, args
        self._held = args.where.stateful(self)
        encrypted = self._encrypt()
        self._encrypted = ResourceOptions.merge(self._held, ResourceOptions(depends_on=[encrypted]))
        self.databases = {
            database: aws.glue.CatalogDatabase(
                f"{name}-{database}",
                name=database,
                description=f"NovaRetail: {database}",
                tags=args.where.tags,
                # What was in the catalog before stays unencrypted until it is written again.
                opts=self._encrypted,
            )
            for database in args.contracts.databases
        }
        self.tables = {table.full_name: self._table(table) for table in args.contracts.tables}
        self.schemas = self._schemas()
        if args.tables.optimize:
            self._grant_maintenance_logs(args.optimizer)
            for table in args.contracts.iceberg_tables:
                self._optimize(table)
        self.register_outputs({"databases": list(self.databases)})

    def grant_read(self, grantee: Grantee, tables: Sequence[Table]) -> aws.iam.RolePolicy:
        """Let a role look up tables."""
        statements = [allow(_READ, self._arns(tables)), self._use_key("kms:Decrypt")]
        return attach(self, f"{self._name}-read-{grantee.name}", grantee, statements)

    def grant_write(self, grantee: Grantee, tables: Sequence[Table]) -> aws.iam.RolePolicy:
        """Let a role look up tables and commit to them."""
        statements = [
            allow(_WRITE, self._arns(tables)),
            self._use_key("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
        ]
        return attach(self, f"{self._name}-write-{grantee.name}", grantee, statements)

    def _use_key(self, *actions: str) -> Statement:
        """Allow what Glue does with the catalog's key: it reads and writes with the rights of its caller."""
        return allow(actions, [self._args.kms_key_arn], when=self._args.where.through("glue"))

    def _encrypt(self) -> aws.glue.DataCatalogEncryptionSettings:
        """Encrypt the account's catalog in this region: names, columns and comments of tables, and connections."""
        key = self._args.kms_key_arn
        return aws.glue.DataCatalogEncryptionSettings(
            f"{self._name}-encryption",
            catalog_id=self._args.where.account,
            data_catalog_encryption_settings={
                "encryption_at_rest": {"catalog_encryption_mode": "SSE-KMS", "sse_aws_kms_key_id": key},
                "connection_password_encryption": {
                    "aws_kms_key_id": key,
                    "return_connection_password_encrypted": True,
                },
            },
            # Without it, the catalog of kept tables would be written unencrypted again.
            opts=self._held,
        )

    def _arns(self, tables: Sequence[Table]) -> list[str]:
        # Glue asks for the right on the catalog, the database and the table.
        databases = sorted({table.database for table in tables})
        named = [f"database/{database}" for database in databases]
        named += [f"table/{table.database}/{table.name}" for table in tables]
        return [self._args.where.arn("glue", resource) for resource in ("catalog", *named)]

    def _table(self, table: Table) -> aws.glue.CatalogTable:
        return self._files(table) if table.format == "parquet" else self._iceberg(table)

    def _files(self, table: Table) -> aws.glue.CatalogTable:
        """Make a table over whatever Parquet files are below its location; nobody commits to it."""
        return aws.glue.CatalogTable(
            f"{self._name}-{table.database}-{table.name}",
            name=table.name,
            database_name=self.databases[table.database].name,
            description=table.description,
            table_type="EXTERNAL_TABLE",
            parameters={"classification": "parquet", "EXTERNAL": "TRUE"},
            storage_descriptor={
                # With its slash: cdc/customers is the beginning of cdc/customers_old too.
                "location": Output.concat(self._args.location(table), "/"),
                "input_format": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                "output_format": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                "ser_de_info": {
                    "serialization_library": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
                    "parameters": {"serialization.format": "1"},
                },
                "columns": [
                    {"name": name, "type": kind, "comment": comment[:255]}
                    for name, kind, comment in table.glue_columns()
                ],
            },
            opts=self._held,
        )

    def _iceberg(self, table: Table) -> aws.glue.CatalogTable:
        location = self._args.location(table)
        held = ResourceOptions.merge(self._held, ResourceOptions(ignore_changes=_OWNED_BY_ICEBERG))
        return aws.glue.CatalogTable(
            f"{self._name}-{table.database}-{table.name}",
            name=table.name,
            database_name=self.databases[table.database].name,
            description=table.description,
            open_table_format_input={
                "iceberg_input": {
                    "metadata_operation": "CREATE",
                    "version": "2",
                    "iceberg_table_input": {
                        "location": location,
                        "schema": _schema(table),
                        "partition_spec": _partition_spec(table),
                        "properties": location.apply(table.properties),
                    },
                }
            },
            opts=held,
        )

    def _schemas(self) -> dict[str, aws.glue.Schema]:
        args = self._args
        registry = aws.glue.Registry(
            f"{self._name}-registry",
            # Producers' serializers are configured with its name, as with the topic's.
            registry_name=args.where.name(),
            description="Records of the topics, as their contracts have them",
            tags=args.where.tags,
            opts=self._held,
        )
        return {
            topic.name: aws.glue.Schema(
                f"{self._name}-schema-{topic.name.replace('_', '-')}",
                schema_name=topic.name,
                registry_arn=registry.arn,
                data_format="JSON",
                # Whoever has the newest contract can read every record since the first.
                compatibility="BACKWARD_ALL",
                schema_definition=json.dumps(topic.json_schema(), sort_keys=True),
                description=topic.description[:2048],
                tags=args.where.tags,
                opts=self._held,
            )
            for topic in args.contracts.topics
        }

    def _grant_maintenance_logs(self, grantee: Grantee) -> None:
        kinds = ("iceberg-compaction", "iceberg-retention", "iceberg-orphan-file-deletion")
        actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
        groups = [self._args.where.arn("logs", f"log-group:/aws-glue/{kind}/logs:*") for kind in kinds]
        attach(self, f"{self._name}-maintenance-{grantee.name}", grantee, [allow(actions, groups)])

    def _optimize(self, table: Table) -> None:
        args = self._args
        kinds: dict[str, aws.glue.CatalogTableOptimizerConfigurationArgsDict] = {
            "compaction": {"enabled": True, "role_arn": args.optimizer.arn},
            "retention": {
                "enabled": True,
                "role_arn": args.optimizer.arn,
                "retention_configuration": {
                    "iceberg_configuration": {
                        "snapshot_retention_period_in_days": args.tables.snapshot_days,
                        # Readers of the last runs and the sink's offsets in snapshot summaries stay found.
                        "number_of_snapshots_to_retain": 20,
                        "clean_expired_files": True,
                    }
                },
            },
            "orphan_file_deletion": {
                "enabled": True,
                "role_arn": args.optimizer.arn,
                "orphan_file_deletion_configuration": {
                    "iceberg_configuration": {"orphan_file_retention_period_in_days": args.tables.orphan_days}
                },
            },
        }
        for kind, configuration in kinds.items():
            aws.glue.CatalogTableOptimizer(
                f"{self._name}-{table.database}-{table.name}-{kind.replace('_', '-')}",
                catalog_id=self._args.where.account,
                database_name=table.database,
                table_name=self.tables[table.full_name].name,
                type=kind,
                configuration=configuration,
                opts=ResourceOptions(parent=self),
            )


def _schema(
    table: Table,
) -> aws.glue.CatalogTableOpenTableFormatInputIcebergInputIcebergTableInputSchemaArgsDict:
    schema = table.iceberg_schema()
    return {
        "type": "struct",
        "schema_id": schema["schema-id"],
        "identifier_field_ids": schema["identifier-field-ids"],
        "fields": [
            # Glue takes the type as a JSON document: "long" with its quotes, or the object of a list or struct.
            {
                "id": field["id"],
                "name": field["name"],
                "required": field["required"],
                "type": json.dumps(field["type"]),
                "doc": field["doc"][:255],
            }
            for field in schema["fields"]
        ],
    }


def _partition_spec(
    table: Table,
) -> aws.glue.CatalogTableOpenTableFormatInputIcebergInputIcebergTableInputPartitionSpecArgsDict:
    spec = table.iceberg_partition_spec()
    return {
        "spec_id": spec["spec-id"],
        "fields": [
            {
                "source_id": field["source-id"],
                "field_id": field["field-id"],
                "name": field["name"],
                "transform": field["transform"],
            }
            for field in spec["fields"]
        ],
    }
