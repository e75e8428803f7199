"""Secrets and their versions."""

from __future__ import annotations

import base64
from typing import Any

from local.clouds.provider.live.base import Live, compact, tag_list, tolerating
from local.clouds.provider.wire import Properties

_GONE = "ResourceNotFoundException"


class Secret(Live):
    """A secret, without a value; its id is its ARN. It is deleted at once: there is nothing to recover here."""

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        made = self.client("secretsmanager").create_secret(
            Name=arguments["name"],
            Tags=tag_list(arguments.get("tags")),
            **compact(Description=arguments.get("description"), KmsKeyId=arguments.get("kmsKeyId")),
        )
        if arguments.get("policy"):
            self.client("secretsmanager").put_resource_policy(SecretId=made["ARN"], ResourcePolicy=arguments["policy"])
        return made["ARN"], {"arn": made["ARN"]}

    def identify(self, arguments: Properties) -> str | None:
        return str(arguments["name"])

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            found = self.client("secretsmanager").describe_secret(SecretId=id)
            return None if found.get("DeletedDate") else {}
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        client = self.client("secretsmanager")
        client.update_secret(
            SecretId=id, **compact(Description=arguments.get("description"), KmsKeyId=arguments.get("kmsKeyId"))
        )
        if arguments.get("policy"):
            client.put_resource_policy(SecretId=id, ResourcePolicy=arguments["policy"])
        elif before.get("policy"):
            client.delete_resource_policy(SecretId=id)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            self.client("secretsmanager").delete_secret(SecretId=id, ForceDeleteWithoutRecovery=True)


class SecretVersion(Live):
    """A value of a secret; its id is `<secret>|<version>`, as the provider has it."""

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        made = self.client("secretsmanager").put_secret_value(
            SecretId=arguments["secretId"], **self._value(arguments), **self._stages(arguments)
        )
        stages = made.get("VersionStages") or ["AWSCURRENT"]
        computed = {"arn": made["ARN"], "versionId": made["VersionId"], "versionStages": stages}
        return f"{arguments['secretId']}|{made['VersionId']}", computed

    def read(self, id: str, outputs: Properties) -> Properties | None:
        secret, version = id.rsplit("|", 1)
        with tolerating(_GONE):
            self.client("secretsmanager").get_secret_value(SecretId=secret, VersionId=version)
            return {}
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        """Stages only: another value is another version, and another resource."""
        return {"versionStages": arguments.get("versionStages") or before.get("versionStages")}

    def delete(self, id: str, outputs: Properties) -> None:
        """A version cannot be deleted; its secret takes it along."""

    def _value(self, arguments: Properties) -> dict[str, Any]:
        text = arguments.get("secretString") or arguments.get("secretStringWo")
        if text is not None:
            return {"SecretString": text}
        return {"SecretBinary": base64.b64decode(arguments["secretBinary"])}

    def _stages(self, arguments: Properties) -> dict[str, Any]:
        return compact(VersionStages=arguments.get("versionStages"))
