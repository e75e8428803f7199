"""RDS for PostgreSQL: an instance is a database and its master user in the site's server.

Engine, class and parameter group are moto's; the server takes from the parameter group what changes what a replication
may do; the proxy before it asks for TLS if the group does. Clients find its certificate signed by the site's own root
(see local.clouds.rds). IAM authentication is not imitated; sizes, zones, backups and subnets are kept as state.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import psycopg2
from psycopg2 import sql

from local.clouds import services
from local.clouds.provider.live.base import Live, compact, partly_made, tag_list, tolerating
from local.clouds.provider.wire import Properties
from local.clouds.services import postgres

_GONE = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
_GROUP_GONE = ("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault")
RDS_ROLES = ("rds_superuser", "rds_replication")

LOGICAL_REPLICATION = "rds.logical_replication"
FORCE_SSL = "rds.force_ssl"
"""On by default, from PostgreSQL 15 on."""
SERVER_PARAMETERS = (
    *("max_replication_slots", "max_wal_senders", "max_slot_wal_keep_size", "wal_sender_timeout"),
    *("logical_decoding_work_mem", "statement_timeout", "idle_in_transaction_session_timeout"),
)
"""What the local server takes from a parameter group as it is; units are PostgreSQL's own in both."""

_server = threading.Lock()


class ParameterGroup(Live):
    """Parameters of instances. As on AWS, static ones take effect when an instance is next started."""

    def identify(self, arguments: Properties) -> str | None:
        return str(arguments["name"])

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        name = arguments["name"]
        made = self.client("rds").create_db_parameter_group(
            DBParameterGroupName=name,
            DBParameterGroupFamily=arguments["family"],
            Description=arguments.get("description") or "Managed by Pulumi",
            Tags=tag_list(arguments.get("tags")),
        )["DBParameterGroup"]
        self._set(name, arguments)
        return name, {"arn": made["DBParameterGroupArn"]}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(*_GROUP_GONE):
            self.client("rds").describe_db_parameters(DBParameterGroupName=id)
            return {}
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        # moto cannot reset a parameter, so one that was taken out is taken out with its group
        self.delete(id, before)
        return self.create(arguments)[1]

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(*_GROUP_GONE):
            self.client("rds").delete_db_parameter_group(DBParameterGroupName=id)

    def _set(self, name: str, arguments: Properties) -> None:
        parameters = [
            {
                "ParameterName": given["name"],
                "ParameterValue": given["value"],
                "ApplyMethod": given.get("applyMethod") or "immediate",
            }
            for given in arguments.get("parameters") or []
        ]
        if parameters:
            self.client("rds").modify_db_parameter_group(DBParameterGroupName=name, Parameters=parameters)


class Instance(Live):
    """An instance; its id is its resource id, as the provider has it."""

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        if not str(arguments.get("engine") or "").startswith("postgres"):
            raise RuntimeError(f"an instance of engine {arguments.get('engine')} cannot be run here; use postgres")
        made = self.client("rds").create_db_instance(
            DBInstanceIdentifier=arguments["identifier"],
            DBInstanceClass=arguments["instanceClass"],
            Engine=arguments["engine"],
            AllocatedStorage=arguments.get("allocatedStorage") or 20,
            MasterUsername=arguments["username"],
            Tags=tag_list(arguments.get("tags")),
            **compact(
                DBName=arguments.get("dbName"),
                EngineVersion=arguments.get("engineVersion"),
                DBParameterGroupName=arguments.get("parameterGroupName"),
                DeletionProtection=arguments.get("deletionProtection"),
                StorageEncrypted=arguments.get("storageEncrypted"),
                KmsKeyId=arguments.get("kmsKeyId"),
                MultiAZ=arguments.get("multiAz"),
                ManageMasterUserPassword=arguments.get("manageMasterUserPassword"),
                MasterUserSecretKmsKeyId=arguments.get("masterUserSecretKmsKeyId"),
                MasterUserPassword=arguments.get("password") or arguments.get("passwordWo"),
            ),
        )["DBInstance"]
        id, computed = made["DbiResourceId"], self._computed(made)
        with partly_made(id, computed):
            password = self._password(made, arguments)
            self._start_server(arguments)
            self._make_database(arguments, password)
        return id, computed

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(*_GONE):
            found = self.client("rds").describe_db_instances(DBInstanceIdentifier=outputs["identifier"])
            return self._computed(found["DBInstances"][0])
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        """Not storage, which grows on its own, and not the password, which RDS rotates."""
        told = self.client("rds").describe_db_instances(DBInstanceIdentifier=outputs["identifier"])["DBInstances"][0]
        return {"instanceClass": told.get("DBInstanceClass"), "deletionProtection": told.get("DeletionProtection")}

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        changed = self.client("rds").modify_db_instance(
            DBInstanceIdentifier=before["identifier"],
            ApplyImmediately=True,
            **compact(
                DBInstanceClass=arguments.get("instanceClass"),
                AllocatedStorage=arguments.get("allocatedStorage"),
                DBParameterGroupName=arguments.get("parameterGroupName"),
                DeletionProtection=arguments.get("deletionProtection"),
            ),
        )["DBInstance"]
        self._start_server(arguments)
        return self._computed(changed)

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(*_GONE):
            self.client("rds").delete_db_instance(DBInstanceIdentifier=outputs["identifier"], SkipFinalSnapshot=True)
        if self._server_runs():
            self._drop_database(outputs)

    def _computed(self, told: Mapping[str, Any]) -> Properties:
        port = self.site.ports["postgres"]
        secret = told.get("MasterUserSecret")
        computed: Properties = {
            "arn": told["DBInstanceArn"],
            "resourceId": told["DbiResourceId"],
            "address": "127.0.0.1",
            "endpoint": f"127.0.0.1:{port}",
            "port": port,
            "status": told["DBInstanceStatus"],
            "masterUserSecrets": [],
        }
        if told.get("EngineVersion"):
            computed["engineVersionActual"] = told["EngineVersion"]
        if secret:
            key = secret.get("KmsKeyId") or ""
            computed["masterUserSecrets"] = [
                {"kmsKeyId": key, "secretArn": secret["SecretArn"], "secretStatus": "active"}
            ]
        return computed

    def _password(self, made: Mapping[str, Any], arguments: Properties) -> str:
        """The one that the program gives, or a new one, kept in the secret that RDS manages."""
        if not made.get("MasterUserSecret"):
            return str(arguments.get("password") or arguments["passwordWo"])
        password = secrets.token_urlsafe(24)
        self.client("secretsmanager").put_secret_value(
            SecretId=made["MasterUserSecret"]["SecretArn"],
            SecretString=json.dumps({"username": arguments["username"], "password": password}),
        )
        return password

    def _start_server(self, arguments: Properties) -> None:
        with _server:
            given = self._parameters(arguments)
            level = "logical" if given.get(LOGICAL_REPLICATION) == "1" else "replica"
            kept = {name: given[name] for name in SERVER_PARAMETERS if name in given}
            services.start(self.site, "postgres", parameters={"wal_level": level, **kept})
            services.start(self.site, "rds", force_ssl=given.get(FORCE_SSL, "1") == "1")

    def _parameters(self, arguments: Properties) -> dict[str, str]:
        """Those of the instance's group."""
        group = arguments.get("parameterGroupName")
        told = self.client("rds").describe_db_parameters(DBParameterGroupName=group)["Parameters"] if group else []
        return {one["ParameterName"]: one["ParameterValue"] for one in told}

    def _make_database(self, arguments: Properties, password: str) -> None:
        """The roles that RDS has, the master user with its rights, and the database, if the instance names one."""
        user = sql.Identifier(arguments["username"])
        with closing(_connect(self)) as connection, connection.cursor() as cursor:
            for role in RDS_ROLES:
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
                if not cursor.fetchone():
                    cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD %s").format(user), (password,))
            roles = sql.SQL(", ").join(map(sql.Identifier, RDS_ROLES))
            cursor.execute(sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(roles, user))
            if arguments.get("dbName"):
                cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(arguments["dbName"]), user))

    def _drop_database(self, outputs: Properties) -> None:
        user, database = outputs["username"], outputs.get("dbName")
        with closing(_connect(self)) as connection, connection.cursor() as cursor:
            if database:
                # an active slot keeps its database: end its reader first
                cursor.execute(
                    "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots "
                    "WHERE database = %s AND active_pid IS NOT NULL",
                    (database,),
                )
                cursor.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)),
                )
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (user,))
            if cursor.fetchone():
                cursor.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(user)))
                cursor.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(user)))

    def _server_runs(self) -> bool:
        return any(one.name == "postgres" and one.state == "running" for one in services.status(self.site))


def _connect(live: Live) -> Any:
    connection = psycopg2.connect(postgres.dsn(live.site))
    connection.autocommit = True
    return connection
