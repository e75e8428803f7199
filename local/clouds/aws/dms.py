"""DMS serverless in moto: replication configs, and replications that the site's stand-in (local.clouds.dms) runs.

moto 5.2.5 has endpoints and classic tasks. A replication's status and statistics are those that the stand-in writes
down for the present start; until it has seen the start (or stop), the replication is starting (or stopping).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.dms.exceptions import InvalidResourceStateFault, ResourceAlreadyExistsFault, ResourceNotFoundFault
from moto.dms.models import DatabaseMigrationServiceBackend, Endpoint
from moto.dms.responses import DatabaseMigrationServiceResponse
from moto.dms.utils import random_id
from moto.utilities.utils import get_partition

from local.clouds.dms import progress
from local.clouds.dms.control import started_at
from local.clouds.dms.progress import Progress, TableProgress
from local.site import Site

_CONFIG = (
    *("ReplicationConfigIdentifier", "SourceEndpointArn", "TargetEndpointArn", "ReplicationType"),
    *("ComputeConfig", "ReplicationSettings", "SupplementalSettings", "TableMappings"),
)
_TABLE_PROGRESS = {
    "TableState": "state",
    "FullLoadRows": "loaded",
    "Inserts": "inserts",
    "Updates": "updates",
    "Deletes": "deletes",
    "Ddls": "truncates",
    "AppliedInserts": "inserts",
    "AppliedUpdates": "updates",
    "AppliedDeletes": "deletes",
}
_TABLE_TIMES = {
    "FullLoadStartTime": "load_began",
    "FullLoadEndTime": "load_ended",
    "LastUpdateTime": "last_update",
}

_ENDPOINT = {
    "EndpointIdentifier": "endpoint_identifier",
    "Username": "username",
    "Password": "password",
    "ServerName": "server_name",
    "Port": "port",
    "DatabaseName": "database_name",
    "ExtraConnectionAttributes": "extra_connection_attributes",
    "CertificateArn": "certificate_arn",
    "SslMode": "ssl_mode",
    "S3Settings": "s3_settings",
    "PostgreSQLSettings": "postgre_sql_settings",
}
"""What ModifyEndpoint takes -> where moto's endpoint keeps it."""


@dataclass
class _Replication:
    """A replication config and what has been asked of its replication."""

    arn: str
    config: dict[str, Any]
    created: float = field(default_factory=time.time)
    started: float | None = None
    start_type: str | None = None
    runs: bool = False
    stopped: float | None = None

    def described(self) -> dict[str, Any]:
        return {**self.config, "ReplicationConfigArn": self.arn, "ReplicationConfigCreateTime": self.created}


def extend(site: Site) -> None:
    """Give moto's DMS what it lacks; `site` is where the stand-in writes."""
    backend_init = DatabaseMigrationServiceBackend.__init__

    def init_backend(self: DatabaseMigrationServiceBackend, *args: Any, **kwargs: Any) -> None:
        backend_init(self, *args, **kwargs)
        vars(self)["serverless"] = {}

    added: list[tuple[type, str, Any]] = [(DatabaseMigrationServiceBackend, "__init__", init_backend)]
    for operation in (
        *("create_replication_config", "modify_replication_config", "delete_replication_config"),
        *("describe_replication_configs", "describe_replications", "describe_replication_table_statistics"),
        *("start_replication", "stop_replication", "modify_endpoint"),
    ):
        added.append((DatabaseMigrationServiceResponse, operation, _answering(operation, site)))
    for owner, name, function in added:
        setattr(owner, name, function)


def _answering(operation: str, site: Site) -> Callable[[DatabaseMigrationServiceResponse], str]:
    def answer(self: DatabaseMigrationServiceResponse) -> str:
        told = progress.read(site)
        return json.dumps(getattr(_Operations(self.dms_backend, told), operation)(json.loads(self.body)))

    return answer


class _Operations:
    """The operations of one account and region; each takes the request's members and gives the answer's."""

    def __init__(self, backend: DatabaseMigrationServiceBackend, told: Mapping[str, Progress]) -> None:
        self._backend, self._told = backend, told
        self._all: dict[str, _Replication] = vars(backend)["serverless"]

    def create_replication_config(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        name = asked["ReplicationConfigIdentifier"]
        if any(one.config["ReplicationConfigIdentifier"] == name for one in self._all.values()):
            raise ResourceAlreadyExistsFault(f"Replication Config {name} already exists.")
        for endpoint in ("SourceEndpointArn", "TargetEndpointArn"):
            self._endpoint(asked[endpoint])
        region, id = self._backend.region_name, asked.get("ResourceIdentifier") or random_id(True, 27)
        arn = f"arn:{get_partition(region)}:dms:{region}:{self._backend.account_id}:replication-config:{id}"
        made = self._all[arn] = _Replication(arn, {member: asked[member] for member in _CONFIG if member in asked})
        self._backend.tagger.tag_resource(arn, asked.get("Tags") or [])
        return {"ReplicationConfig": made.described()}

    def modify_replication_config(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        one = self._at_rest(asked)
        one.config.update({member: asked[member] for member in _CONFIG if member in asked})
        return {"ReplicationConfig": one.described()}

    def delete_replication_config(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        one = self._at_rest(asked)
        del self._all[one.arn]
        return {"ReplicationConfig": one.described()}

    def describe_replication_configs(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"ReplicationConfigs": [one.described() for one in self._matching(asked)]}

    def describe_replications(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"Replications": [_described(one, self._told.get(one.arn)) for one in self._matching(asked)]}

    def describe_replication_table_statistics(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        one = self._find(asked)
        tables = self._told[one.arn].tables if one.arn in self._told else {}
        statistics = [_statistics(name, table) for name, table in sorted(tables.items())]
        return {"ReplicationConfigArn": one.arn, "ReplicationTableStatistics": statistics}

    def start_replication(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        one = self._at_rest(asked)
        one.started, one.start_type, one.runs = round(time.time(), 3), asked["StartReplicationType"], True
        return {"Replication": _described(one, None)}

    def stop_replication(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        one = self._find(asked)
        if not one.runs:
            raise InvalidResourceStateFault("Replication is not running.")
        one.runs, one.stopped = False, time.time()
        return {"Replication": _described(one, None)}

    def modify_endpoint(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The members that are given take the place of those that were."""
        endpoint = self._endpoint(asked["EndpointArn"])
        for member, attribute in _ENDPOINT.items():
            if member in asked:
                setattr(endpoint, attribute, asked[member])
        return {"Endpoint": {name: value for name, value in endpoint.to_dict().items() if value is not None}}

    def _endpoint(self, arn: str) -> Endpoint:
        for endpoint in self._backend.endpoints.values():
            if endpoint.endpoint_arn == arn:
                return endpoint
        raise ResourceNotFoundFault(f"Endpoint {arn} not found.")

    def _find(self, asked: Mapping[str, Any]) -> _Replication:
        try:
            return self._all[asked["ReplicationConfigArn"]]
        except KeyError:
            raise ResourceNotFoundFault("Replication Config not found.") from None

    def _at_rest(self, asked: Mapping[str, Any]) -> _Replication:
        one = self._find(asked)
        status = _described(one, self._told.get(one.arn))["Status"]
        if status not in ("ready", "stopped", "failed"):
            raise InvalidResourceStateFault(f"The replication is {status}; stop it first.")
        return one

    def _matching(self, asked: Mapping[str, Any]) -> list[_Replication]:
        """By the filters replication-config-arn and -id. With a filter, nothing found is an error."""
        found = list(self._all.values())
        for wanted in asked.get("Filters") or []:
            if wanted["Name"] == "replication-config-arn":
                found = [one for one in found if one.arn in wanted["Values"]]
            elif wanted["Name"] == "replication-config-id":
                found = [one for one in found if one.config["ReplicationConfigIdentifier"] in wanted["Values"]]
        if asked.get("Filters") and not found:
            raise ResourceNotFoundFault("No replication configs match the filters.")
        return found


def _described(one: _Replication, told: Progress | None) -> dict[str, Any]:
    started = started_at(datetime.fromtimestamp(one.started, UTC)) if one.started else None
    current = told if told and told.generation == started else None
    if one.started is None:
        status = "ready"
    elif one.runs:
        status = current.status if current else "starting"
    else:
        status = current.status if current and current.status in ("stopped", "failed") else "stopping"
    described = {
        **{member: one.config[member] for member in _CONFIG[:4]},
        "ReplicationConfigArn": one.arn,
        "Status": status,
        "ReplicationCreateTime": one.created,
        "FailureMessages": [current.message] if current and current.message else [],
    }
    if one.started:
        tables = current.tables.values() if current else ()
        loaded = sum(table.load_ended is not None for table in tables)
        described["StartReplicationType"] = one.start_type
        described["ReplicationStats"] = {
            "StartDate": one.started,
            "TablesLoaded": loaded,
            "TablesLoading": len(tables) - loaded,
            "FullLoadProgressPercent": round(100 * loaded / len(tables)) if tables else 0,
        }
    if one.stopped:
        described["ReplicationLastStopTime"] = one.stopped
    return described


def _statistics(full_name: str, table: TableProgress) -> dict[str, Any]:
    schema, name = full_name.split(".", 1)
    times = {member: getattr(table, attribute) for member, attribute in _TABLE_TIMES.items()}
    return {
        "SchemaName": schema,
        "TableName": name,
        **{member: getattr(table, attribute) for member, attribute in _TABLE_PROGRESS.items()},
        **{member: datetime.fromisoformat(text).timestamp() for member, text in times.items() if text},
    }
