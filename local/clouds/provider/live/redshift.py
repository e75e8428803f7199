"""Redshift Serverless as `local.clouds.warehouse` plays it: a namespace is an empty warehouse, a statement runs in it.

Workgroups are compute only and kept as state. A statement is also entered in moto's Redshift Data API, whose
account is as new as the warehouse: so it is known to be gone when both were started anew.
"""

from __future__ import annotations

import uuid

from local.clouds.provider.live.base import Live, compact, tolerating
from local.clouds.provider.wire import Properties
from local.clouds.warehouse import Warehouse
from local.site import ACCOUNT, REGION


class Namespace(Live):
    def identify(self, arguments: Properties) -> str | None:
        return str(arguments["namespaceName"])

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        Warehouse(self.site).reset()
        name, id = arguments["namespaceName"], str(uuid.uuid4())
        secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:redshift!{name}-{arguments.get('adminUsername')}"
        return name, {
            "arn": f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:namespace/{id}",
            "namespaceId": id,
            "adminPasswordSecretArn": f"{secret}-{id[:6]}" if arguments.get("manageAdminPassword") else "",
        }

    def read(self, id: str, outputs: Properties) -> Properties | None:
        return {}  # there is one warehouse, and it is always there

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        return {}  # roles, keys and log exports

    def delete(self, id: str, outputs: Properties) -> None:
        Warehouse(self.site).reset()


class Statement(Live):
    """A statement, run once. Deleting it undoes nothing, as in AWS; the namespace takes all with it."""

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        Warehouse(self.site).execute(arguments["sql"])
        noted = self.client("redshift-data").execute_statement(
            Database=arguments["database"],
            Sql=arguments["sql"],
            **compact(
                WorkgroupName=arguments.get("workgroupName"),
                ClusterIdentifier=arguments.get("clusterIdentifier"),
                SecretArn=arguments.get("secretArn"),
                StatementName=arguments.get("statementName"),
            ),
        )
        return noted["Id"], {}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating("ResourceNotFoundException"):
            self.client("redshift-data").describe_statement(Id=id)
            return {}
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        raise RuntimeError("a statement that ran cannot be changed")

    def delete(self, id: str, outputs: Properties) -> None:
        """Nothing to do."""
