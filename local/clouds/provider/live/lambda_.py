"""Lambda: functions, layers and event source mappings.

The archives are packed here from what the program points at; `local.clouds.functions` runs them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from typing import Any

from local.clouds.provider.live.base import Live, compact, dropped_tags, tolerating
from local.clouds.provider.live.casing import camel, pascal
from local.clouds.provider.wire import Properties
from local.site import REGION

_GONE = "ResourceNotFoundException"


class Coded(Live):
    """What is made of an archive, or of an object in S3."""

    def code(self, arguments: Properties) -> dict[str, Any]:
        if arguments.get("code") is not None:
            return {"ZipFile": arguments["code"].zip(self.root)}
        return compact(
            S3Bucket=arguments.get("s3Bucket"),
            S3Key=arguments.get("s3Key"),
            S3ObjectVersion=arguments.get("s3ObjectVersion"),
        )


class Function(Coded):
    def identify(self, arguments: Properties) -> str | None:
        return str(arguments["name"])

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        code = self.code(arguments)
        made = self.client("lambda").create_function(
            FunctionName=arguments["name"],
            Code=code,
            PackageType=arguments.get("packageType") or "Zip",
            Architectures=arguments.get("architectures") or ["x86_64"],
            Tags=arguments.get("tags") or {},
            Publish=bool(arguments.get("publish")),
            **self._configuration(arguments),
        )
        return arguments["name"], self._computed(made, code)

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            self.client("lambda").get_function(FunctionName=id)
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        found = self.client("lambda").get_function(FunctionName=id)
        now = found["Configuration"]
        network = now.get("VpcConfig") or {}
        return {
            "role": now["Role"],
            "runtime": now.get("Runtime"),
            "handler": now.get("Handler"),
            "description": now.get("Description") or None,
            "timeout": now.get("Timeout"),
            "memorySize": now.get("MemorySize"),
            "environment": {"variables": (now.get("Environment") or {}).get("Variables") or {}},
            "layers": [layer["Arn"] for layer in now.get("Layers") or []],
            "kmsKeyArn": now.get("KMSKeyArn") or None,
            "vpcConfig": {
                "subnetIds": sorted(network.get("SubnetIds") or []),
                "securityGroupIds": sorted(network.get("SecurityGroupIds") or []),
            },
            "tracingConfig": camel(now.get("TracingConfig")),
            "deadLetterConfig": camel(now.get("DeadLetterConfig")),
            "sourceCodeHash": now.get("CodeSha256"),
            "tags": found.get("Tags") or {},
        }

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        client = self.client("lambda")
        client.update_function_configuration(FunctionName=id, **self._configuration(arguments))
        code = self.code(arguments)
        computed = self._computed(client.update_function_code(FunctionName=id, **code), code)
        if stale := dropped_tags(before, arguments):
            client.untag_resource(Resource=computed["arn"], TagKeys=stale)
        if arguments.get("tags"):
            client.tag_resource(Resource=computed["arn"], Tags=arguments["tags"])
        return computed

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            self.client("lambda").delete_function(FunctionName=id)

    def _configuration(self, arguments: Properties) -> dict[str, Any]:
        environment = arguments.get("environment") or {}
        return compact(
            Role=arguments["role"],
            Runtime=arguments.get("runtime"),
            Handler=arguments.get("handler"),
            Description=arguments.get("description"),
            Timeout=arguments.get("timeout"),
            MemorySize=arguments.get("memorySize"),
            Environment={"Variables": environment.get("variables") or {}},
            Layers=arguments.get("layers"),
            KMSKeyArn=arguments.get("kmsKeyArn"),
            VpcConfig=pascal(arguments["vpcConfig"]) if arguments.get("vpcConfig") else None,
            TracingConfig=pascal(arguments.get("tracingConfig")),
            LoggingConfig=pascal(arguments.get("loggingConfig")),
            DeadLetterConfig=pascal(arguments.get("deadLetterConfig")),
            EphemeralStorage=pascal(arguments.get("ephemeralStorage")),
        )

    def _computed(self, made: Properties, code: dict[str, Any]) -> Properties:
        arn, version = made["FunctionArn"].removesuffix(":$LATEST"), made["Version"]
        qualified = f"{arn}:{version}"
        hashed = _hash(code) if "ZipFile" in code else made["CodeSha256"]
        return {
            "arn": arn,
            "qualifiedArn": qualified,
            "version": version,
            "invokeArn": _invocation(arn),
            "qualifiedInvokeArn": _invocation(qualified),
            "lastModified": made["LastModified"],
            "sourceCodeSize": made["CodeSize"],
            "codeSha256": hashed,
            "sourceCodeHash": hashed,
        }


class LayerVersion(Coded):
    """One version of a layer; its id is its ARN, its number comes from Lambda."""

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        code = self.code(arguments)
        made = self.client("lambda").publish_layer_version(
            LayerName=arguments["layerName"],
            Description=arguments.get("description") or "",
            Content=code,
            CompatibleRuntimes=arguments.get("compatibleRuntimes") or [],
            LicenseInfo=arguments.get("licenseInfo") or "",
        )
        hashed = _hash(code) if "ZipFile" in code else made["Content"]["CodeSha256"]
        return made["LayerVersionArn"], {
            "arn": made["LayerVersionArn"],
            "layerArn": made["LayerVersionArn"].rsplit(":", 1)[0],
            "version": str(made["Version"]),
            "createdDate": made["CreatedDate"],
            "sourceCodeSize": made["Content"]["CodeSize"],
            "codeSha256": hashed,
            "sourceCodeHash": hashed,
        }

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            self.client("lambda").get_layer_version(**_version(id))
            return {}
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        raise RuntimeError("a version of a layer cannot be changed")

    def delete(self, id: str, outputs: Properties) -> None:
        if not outputs.get("skipDestroy"):
            with tolerating(_GONE):
                self.client("lambda").delete_layer_version(**_version(id))


class Permission(Live):
    """One statement of a function's policy; its id is the statement's."""

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        statement = arguments.get("statementId") or f"pulumi-{uuid.uuid4().hex[:12]}"
        self.client("lambda").add_permission(
            FunctionName=arguments["function"],
            StatementId=statement,
            Action=arguments["action"],
            Principal=arguments["principal"],
            **compact(SourceArn=arguments.get("sourceArn"), SourceAccount=arguments.get("sourceAccount")),
        )
        return statement, {"statementId": statement}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            policy = json.loads(self.client("lambda").get_policy(FunctionName=outputs["function"])["Policy"])
            return {} if any(statement["Sid"] == id for statement in policy["Statement"]) else None
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        raise RuntimeError("a statement of a function's policy cannot be changed")

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            self.client("lambda").remove_permission(FunctionName=outputs["function"], StatementId=id)


class FunctionEventInvokeConfig(Live):
    """What becomes of asynchronous events; its id is the function's name."""

    def identify(self, arguments: Properties) -> str | None:
        return str(arguments["functionName"])

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        self._put(arguments)
        return arguments["functionName"], {}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            self.client("lambda").get_function_event_invoke_config(FunctionName=id)
            return {}
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self._put(arguments)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            self.client("lambda").delete_function_event_invoke_config(FunctionName=id)

    def _put(self, arguments: Properties) -> None:
        self.client("lambda").put_function_event_invoke_config(
            FunctionName=arguments["functionName"],
            **compact(
                MaximumRetryAttempts=arguments.get("maximumRetryAttempts"),
                MaximumEventAgeInSeconds=arguments.get("maximumEventAgeInSeconds"),
                DestinationConfig=pascal(arguments.get("destinationConfig")),
            ),
        )


class EventSourceMapping(Live):
    def create(self, arguments: Properties) -> tuple[str, Properties]:
        made = self.client("lambda").create_event_source_mapping(
            FunctionName=arguments["functionName"],
            Enabled=arguments.get("enabled") is not False,
            **compact(
                EventSourceArn=arguments.get("eventSourceArn"),
                Topics=arguments.get("topics"),
                StartingPosition=arguments.get("startingPosition"),
                AmazonManagedKafkaEventSourceConfig=pascal(arguments.get("amazonManagedKafkaEventSourceConfig")),
            ),
            **self._settings(arguments),
        )
        return made["UUID"], {
            "uuid": made["UUID"],
            "arn": made.get(
                "EventSourceMappingArn",
                f"{made['FunctionArn'].split(':function:')[0]}:event-source-mapping:{made['UUID']}",
            ),
            "functionArn": made["FunctionArn"],
            "state": made.get("State", "Enabled"),
            "stateTransitionReason": "USER_INITIATED",
            "lastProcessingResult": "No records processed",
        }

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            return {"state": self.client("lambda").get_event_source_mapping(UUID=id).get("State", "Enabled")}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        now = self.client("lambda").get_event_source_mapping(UUID=id)
        names = (
            "BatchSize", "MaximumBatchingWindowInSeconds", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds",
            "BisectBatchOnFunctionError", "FunctionResponseTypes", "DestinationConfig", "ProvisionedPollerConfig",
        )  # fmt: skip
        # How many pollers run between the two bounds is Lambda's own business and stands in none of these.
        return {name[0].lower() + name[1:]: camel(now.get(name)) for name in names}

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        changed = self.client("lambda").update_event_source_mapping(
            UUID=id,
            FunctionName=arguments["functionName"],
            Enabled=arguments.get("enabled") is not False,
            **self._settings(arguments),
        )
        return {"state": changed.get("State", "Enabled")}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            self.client("lambda").delete_event_source_mapping(UUID=id)

    def _settings(self, arguments: Properties) -> dict[str, Any]:
        return compact(
            BatchSize=arguments.get("batchSize"),
            MaximumBatchingWindowInSeconds=arguments.get("maximumBatchingWindowInSeconds"),
            MaximumRetryAttempts=arguments.get("maximumRetryAttempts"),
            MaximumRecordAgeInSeconds=arguments.get("maximumRecordAgeInSeconds"),
            BisectBatchOnFunctionError=arguments.get("bisectBatchOnFunctionError"),
            FunctionResponseTypes=arguments.get("functionResponseTypes"),
            DestinationConfig=pascal(arguments.get("destinationConfig")),
            FilterCriteria=pascal(arguments.get("filterCriteria")),
            ProvisionedPollerConfig=pascal(arguments.get("provisionedPollerConfig")),
        )


def _hash(code: dict[str, Any]) -> str:
    return base64.b64encode(hashlib.sha256(code["ZipFile"]).digest()).decode()


def _invocation(arn: str) -> str:
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"


def _version(arn: str) -> dict[str, Any]:
    name, number = arn.split(":layer:", 1)[1].split(":")
    return {"LayerName": name, "VersionNumber": int(number)}
