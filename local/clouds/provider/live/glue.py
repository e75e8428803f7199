"""Glue: databases, tables, jobs and the schema registry.

An Iceberg table is made as Glue makes it: with a first metadata file of no snapshot at its location. From
then on its parameters belong to Iceberg's commits; they are neither read back nor written here.
"""

from __future__ import annotations

from typing import Any

from local.clouds.provider.live.base import Live, canonical, compact, tolerating
from local.clouds.provider.live.casing import camel, pascal
from local.clouds.provider.wire import Properties
from local.site import ACCOUNT, REGION

_GONE = "EntityNotFoundException"
_ARN = f"arn:aws:glue:{REGION}:{ACCOUNT}"
_KEPT = (
    "Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters",
    "ViewOriginalText", "ViewExpandedText",
)  # fmt: skip
"""What of a table's description an update may write back."""


class CatalogDatabase(Live):
    def identify(self, arguments: Properties) -> str | None:
        return f"{ACCOUNT}:{arguments['name']}"

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        self.client("glue").create_database(DatabaseInput=self._input(arguments), Tags=arguments.get("tags") or {})
        name = arguments["name"]
        return f"{ACCOUNT}:{name}", {"arn": f"{_ARN}:database/{name}", "catalogId": ACCOUNT}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            self.client("glue").get_database(Name=_last(id))
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        found = self.client("glue").get_database(Name=_last(id))["Database"]
        return {name: found.get(_pascal_name(name)) for name in ("description", "locationUri", "parameters")}

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self.client("glue").update_database(Name=_last(id), DatabaseInput=self._input(arguments))
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            self.client("glue").delete_database(Name=_last(id))

    def _input(self, arguments: Properties) -> dict[str, Any]:
        return compact(
            Name=arguments["name"],
            Description=arguments.get("description"),
            LocationUri=arguments.get("locationUri"),
            Parameters=arguments.get("parameters"),
        )


class CatalogTable(Live):
    def identify(self, arguments: Properties) -> str | None:
        return f"{ACCOUNT}:{arguments['databaseName']}:{arguments['name']}"

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        database, name = arguments["databaseName"], arguments["name"]
        iceberg = ((arguments.get("openTableFormatInput") or {}).get("icebergInput") or {}).get("icebergTableInput")
        if iceberg:
            from local.clouds.provider.live.iceberg import first_table_input  # a second to import, and few runs need it

            table = first_table_input(self.client("s3"), name, iceberg)
            table |= compact(Description=arguments.get("description"), Owner=arguments.get("owner"))
        else:
            table = self._input(arguments)
        self.client("glue").create_table(DatabaseName=database, TableInput=table)
        computed = {"arn": f"{_ARN}:table/{database}/{name}", "catalogId": ACCOUNT}
        return f"{ACCOUNT}:{database}:{name}", computed

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            self._table(id)
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        table = self._table(id)
        names = ["description", "owner"]
        if not outputs.get("openTableFormatInput"):  # else the rest belongs to Iceberg's commits
            names += ["retention", "tableType", "parameters", "partitionKeys", "storageDescriptor"]
        return {name: table.get(_pascal_name(name)) for name in names}

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        current = self._table(id)
        if arguments.get("openTableFormatInput"):
            table = {name: current[name] for name in _KEPT if name in current}
            table |= compact(Description=arguments.get("description") or "", Owner=arguments.get("owner"))
        else:
            table = self._input(arguments)
        # Under Glue's optimistic lock: a commit in between is not undone, the update fails instead.
        version = compact(VersionId=current.get("VersionId"))
        self.client("glue").update_table(DatabaseName=id.split(":")[1], TableInput=table, **version)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            self.client("glue").delete_table(DatabaseName=id.split(":")[1], Name=_last(id))

    def _table(self, id: str) -> dict[str, Any]:
        return dict(self.client("glue").get_table(DatabaseName=id.split(":")[1], Name=_last(id))["Table"])

    def _input(self, arguments: Properties) -> dict[str, Any]:
        storage = dict(arguments.get("storageDescriptor") or {})
        serde, parameters = storage.pop("serDeInfo", None), storage.pop("parameters", None)
        descriptor = pascal(storage) | compact(Parameters=parameters)
        if serde:
            descriptor["SerdeInfo"] = compact(
                Name=serde.get("name"),
                SerializationLibrary=serde.get("serializationLibrary"),
                Parameters=serde.get("parameters"),
            )
        return compact(
            Name=arguments["name"],
            Description=arguments.get("description"),
            Owner=arguments.get("owner"),
            Retention=arguments.get("retention"),
            TableType=arguments.get("tableType"),
            Parameters=arguments.get("parameters"),
            PartitionKeys=pascal(arguments.get("partitionKeys") or []),
            StorageDescriptor=descriptor,
        )


class Job(Live):
    def identify(self, arguments: Properties) -> str | None:
        return str(arguments["name"])

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        name = arguments["name"]
        self.client("glue").create_job(Name=name, Tags=arguments.get("tags") or {}, **self._definition(arguments))
        return name, {"arn": f"{_ARN}:job/{name}"}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            self.client("glue").get_job(JobName=id)
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        job = self.client("glue").get_job(JobName=id)["Job"]
        names = [
            "command", "description", "defaultArguments", "nonOverridableArguments", "glueVersion", "workerType",
            "numberOfWorkers", "maxCapacity", "maxRetries", "timeout", "executionProperty", "securityConfiguration",
            "executionClass",
        ]  # fmt: skip
        now = {name: job.get(_pascal_name(name)) for name in names}
        now["command"], now["executionProperty"] = camel(now["command"]), camel(now["executionProperty"])
        tags = self.client("glue").get_tags(ResourceArn=f"{_ARN}:job/{id}").get("Tags", {})
        return now | {"roleArn": job.get("Role"), "tags": tags}

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        # moto 5.2.5 has no UpdateJob; runs are kept by the name of their job and stay.
        self.client("glue").delete_job(JobName=id)
        return self.create(arguments)[1]

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            self.client("glue").delete_job(JobName=id)

    def _definition(self, arguments: Properties) -> dict[str, Any]:
        connections = arguments.get("connections")
        return compact(
            Role=arguments["roleArn"],
            Command=pascal(arguments["command"]),
            Description=arguments.get("description"),
            DefaultArguments=arguments.get("defaultArguments"),
            NonOverridableArguments=arguments.get("nonOverridableArguments"),
            Connections={"Connections": connections} if connections else None,
            GlueVersion=arguments.get("glueVersion"),
            WorkerType=arguments.get("workerType"),
            NumberOfWorkers=arguments.get("numberOfWorkers"),
            MaxCapacity=arguments.get("maxCapacity"),
            MaxRetries=arguments.get("maxRetries"),
            Timeout=arguments.get("timeout"),
            ExecutionProperty=pascal(arguments.get("executionProperty")),
            SecurityConfiguration=arguments.get("securityConfiguration"),
            ExecutionClass=arguments.get("executionClass"),
        )


class Registry(Live):
    def identify(self, arguments: Properties) -> str | None:
        return f"{_ARN}:registry/{arguments['registryName']}"

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        made = self.client("glue").create_registry(
            RegistryName=arguments["registryName"],
            Tags=arguments.get("tags") or {},
            **compact(Description=arguments.get("description")),
        )
        return made["RegistryArn"], {"arn": made["RegistryArn"]}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            self.client("glue").get_registry(RegistryId={"RegistryArn": id})
            return {}
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        return {}  # description and tags, which nothing on this machine reads

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            self.client("glue").delete_registry(RegistryId={"RegistryArn": id})


class Schema(Live):
    def create(self, arguments: Properties) -> tuple[str, Properties]:
        made = self.client("glue").create_schema(
            SchemaName=arguments["schemaName"],
            DataFormat=arguments["dataFormat"],
            Compatibility=arguments["compatibility"],
            SchemaDefinition=arguments["schemaDefinition"],
            Tags=arguments.get("tags") or {},
            **compact(
                RegistryId={"RegistryArn": arguments["registryArn"]} if arguments.get("registryArn") else None,
                Description=arguments.get("description"),
            ),
        )
        return made["SchemaArn"], {
            "arn": made["SchemaArn"],
            "latestSchemaVersion": made.get("LatestSchemaVersion", 1),
            "nextSchemaVersion": made.get("NextSchemaVersion", 2),
            "registryName": made.get("RegistryName", ""),
            "schemaCheckpoint": made.get("SchemaCheckpoint", 1),
        }

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            self.client("glue").get_schema(SchemaId={"SchemaArn": id})
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        glue, schema = self.client("glue"), {"SchemaArn": id}
        latest = glue.get_schema_version(SchemaId=schema, SchemaVersionNumber={"LatestVersion": True})
        return {
            "compatibility": glue.get_schema(SchemaId=schema).get("Compatibility"),
            "schemaDefinition": canonical(latest["SchemaDefinition"]),
        }

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        glue = self.client("glue")
        if arguments["compatibility"] != before["compatibility"]:
            glue.update_schema(SchemaId={"SchemaArn": id}, Compatibility=arguments["compatibility"])
        if arguments["schemaDefinition"] != before["schemaDefinition"]:
            glue.register_schema_version(SchemaId={"SchemaArn": id}, SchemaDefinition=arguments["schemaDefinition"])
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            self.client("glue").delete_schema(SchemaId={"SchemaArn": id})


def _pascal_name(name: str) -> str:
    return name[0].upper() + name[1:]


def _last(id: str) -> str:
    return id.rsplit(":", 1)[-1]
