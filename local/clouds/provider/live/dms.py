"""DMS: endpoints in moto, serverless replications run by the site's stand-in (`local.clouds.dms`).

A replication that is to start is made when it runs, with DMS's reason if it does not.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any

from local.clouds import services
from local.clouds.provider.live.base import Live, compact, partly_made, tag_list, tolerating
from local.clouds.provider.live.casing import pascal
from local.clouds.provider.wire import Properties

_GONE = "ResourceNotFoundFault"
RUNNING_SECONDS = 60
STOPPED_SECONDS = 60
POLL_SECONDS = 0.3

_stand_in = threading.Lock()


class ReplicationFailedError(RuntimeError):
    """A replication does not run; the text has DMS's reason."""


class Endpoint(Live):
    """A source or target; its id is its identifier."""

    def identify(self, arguments: Properties) -> str | None:
        return str(arguments["endpointId"])

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        made = self.client("dms").create_endpoint(
            EndpointIdentifier=arguments["endpointId"],
            EndpointType=arguments["endpointType"],
            EngineName=self._engine(arguments),
            Tags=tag_list(arguments.get("tags")),
            **compact(KmsKeyId=arguments.get("kmsKeyArn")),
            **self._changeable(arguments),
        )["Endpoint"]
        return arguments["endpointId"], self._computed(made)

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            filters = [{"Name": "endpoint-id", "Values": [id]}]
            found = self.client("dms").describe_endpoints(Filters=filters)["Endpoints"]
            return {} if found else None
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self.client("dms").modify_endpoint(EndpointArn=before["endpointArn"], **self._changeable(arguments))
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            self.client("dms").delete_endpoint(EndpointArn=outputs["endpointArn"])

    def _engine(self, arguments: Properties) -> str:
        return str(arguments["engineName"])

    def _computed(self, made: Properties) -> Properties:
        return {"endpointArn": made["EndpointArn"]}

    def _changeable(self, arguments: Properties) -> dict[str, Any]:
        settings = pascal(arguments.get("postgresSettings")) or {}
        secret = {
            "SecretsManagerSecretId": arguments.get("secretsManagerArn"),
            "SecretsManagerAccessRoleArn": arguments.get("secretsManagerAccessRoleArn"),
        }
        if arguments["engineName"] == "postgres":
            settings = {**settings, **compact(**secret), "DatabaseName": arguments.get("databaseName")}
        return compact(
            Username=arguments.get("username"),
            Password=arguments.get("password"),
            ServerName=arguments.get("serverName"),
            Port=arguments.get("port"),
            DatabaseName=arguments.get("databaseName"),
            ExtraConnectionAttributes=arguments.get("extraConnectionAttributes"),
            CertificateArn=arguments.get("certificateArn"),
            SslMode=arguments.get("sslMode"),
            PostgreSQLSettings=settings or None,
        )


_NOT_S3 = frozenset(
    {"certificateArn", "endpointId", "endpointType", "kmsKeyArn", "region", "sslMode", "tags"}
    | {"detachTargetOnLobLookupFailureParquet"}
)
"""Arguments of an S3 endpoint that are no S3 setting; the last is an extra connection attribute."""


class S3Endpoint(Endpoint):
    """An endpoint whose settings are arguments of their own."""

    def _engine(self, arguments: Properties) -> str:
        return "s3"

    def _computed(self, made: Properties) -> Properties:
        return {"endpointArn": made["EndpointArn"], "engineDisplayName": "Amazon S3", "status": "active"}

    def _changeable(self, arguments: Properties) -> dict[str, Any]:
        settings = {
            name: value for name, value in arguments.items() if name not in _NOT_S3 and not name.startswith("__")
        }
        return {
            "S3Settings": pascal(settings),
            **compact(SslMode=arguments.get("sslMode"), CertificateArn=arguments.get("certificateArn")),
        }


class ReplicationConfig(Live):
    """A serverless replication; its id is its ARN."""

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        made = self.client("dms").create_replication_config(
            ReplicationConfigIdentifier=arguments["replicationConfigIdentifier"],
            Tags=tag_list(arguments.get("tags")),
            **compact(ResourceIdentifier=arguments.get("resourceIdentifier")),
            **self._changeable(arguments),
        )["ReplicationConfig"]
        arn = made["ReplicationConfigArn"]
        computed = {"arn": arn}
        if arguments.get("startReplication"):
            with partly_made(arn, computed):
                self._start(arn)
        return arn, computed

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            self.client("dms").describe_replication_configs(Filters=_by_arn(id))
            return {}
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        """As the provider does it: at rest, and started again only if it is to run."""
        self._stop(id)
        self.client("dms").modify_replication_config(ReplicationConfigArn=id, **self._changeable(arguments))
        if arguments.get("startReplication"):
            self._start(id)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            self._stop(id)
            self.client("dms").delete_replication_config(ReplicationConfigArn=id)

    def _changeable(self, arguments: Properties) -> dict[str, Any]:
        return compact(
            SourceEndpointArn=arguments["sourceEndpointArn"],
            TargetEndpointArn=arguments["targetEndpointArn"],
            ReplicationType=arguments["replicationType"],
            TableMappings=arguments["tableMappings"],
            ReplicationSettings=arguments.get("replicationSettings"),
            SupplementalSettings=arguments.get("supplementalSettings"),
            ComputeConfig=_compute(arguments["computeConfig"]),
        )

    def _start(self, arn: str) -> None:
        self._have_stand_in()
        status = self._described(arn)["Status"]
        if status == "running":
            return
        start_type = "start-replication" if status == "ready" else "resume-processing"
        self.client("dms").start_replication(ReplicationConfigArn=arn, StartReplicationType=start_type)
        self._await(arn, ("running",), RUNNING_SECONDS)

    def _stop(self, arn: str) -> None:
        if self._described(arn)["Status"] in ("ready", "stopped", "failed"):
            return
        self._have_stand_in()  # it is what stops it
        self.client("dms").stop_replication(ReplicationConfigArn=arn)
        self._await(arn, ("stopped", "failed"), STOPPED_SECONDS)

    def _have_stand_in(self) -> None:
        with _stand_in:
            services.start(self.site, "dms")

    def _await(self, arn: str, wanted: Iterable[str], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (told := self._described(arn))["Status"] not in wanted:
            reasons = "; ".join(told.get("FailureMessages") or [])
            if told["Status"] == "failed":
                raise ReplicationFailedError(reasons)
            if time.monotonic() > deadline:
                what = f"{told['Status']} after {seconds:.0f} s"
                raise ReplicationFailedError(f"{what}: {reasons or f'see {self.site.logs}'}")
            time.sleep(POLL_SECONDS)

    def _described(self, arn: str) -> dict[str, Any]:
        found = self.client("dms").describe_replications(Filters=_by_arn(arn))["Replications"][0]
        return dict(found)


def _compute(given: Properties) -> dict[str, Any]:
    config: dict[str, Any] = pascal(given)
    if "MultiAz" in config:
        config["MultiAZ"] = config.pop("MultiAz")
    return config


def _by_arn(arn: str) -> list[dict[str, Any]]:
    return [{"Name": "replication-config-arn", "Values": [arn]}]
