"""KMS: keys and aliases."""

from __future__ import annotations

from typing import Any

from local.clouds.provider.live.base import (
    Live,
    canonical,
    compact,
    dropped_tags,
    partly_made,
    tag_list,
    tag_map,
    tolerating,
)
from local.clouds.provider.wire import Properties
from local.site import ACCOUNT, REGION


class Key(Live):
    """A key. Deleting schedules its end; until then KMS refuses to use it, so it counts as gone."""

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        kms = self.client("kms")
        made = kms.create_key(
            **compact(
                Policy=arguments.get("policy"),
                Description=arguments.get("description") or "",
                KeyUsage=arguments.get("keyUsage"),
                KeySpec=arguments.get("customerMasterKeySpec"),
                MultiRegion=bool(arguments.get("multiRegion")),
                Tags=tag_list(arguments.get("tags"), "TagKey", "TagValue"),
            )
        )["KeyMetadata"]
        id, computed = made["KeyId"], {"arn": made["Arn"], "keyId": made["KeyId"]}
        with partly_made(id, computed):
            self._rotate(id, arguments)
        policy = arguments.get("policy") or kms.get_key_policy(KeyId=id, PolicyName="default")["Policy"]
        return id, {**computed, "policy": policy}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating("NotFoundException"):
            state = self.client("kms").describe_key(KeyId=id)["KeyMetadata"]["KeyState"]
            return None if state == "PendingDeletion" else {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        kms = self.client("kms")
        metadata, rotation = kms.describe_key(KeyId=id)["KeyMetadata"], kms.get_key_rotation_status(KeyId=id)
        return {
            "description": metadata.get("Description"),
            "isEnabled": metadata["Enabled"],
            "enableKeyRotation": rotation["KeyRotationEnabled"],
            "rotationPeriodInDays": rotation.get("RotationPeriodInDays"),
            "policy": canonical(kms.get_key_policy(KeyId=id, PolicyName="default")["Policy"]),
            "tags": tag_map(kms.list_resource_tags(KeyId=id)["Tags"], "TagKey", "TagValue"),
        }

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        kms = self.client("kms")
        if arguments.get("isEnabled") is not False and before.get("isEnabled") is False:
            kms.enable_key(KeyId=id)
        elif arguments.get("isEnabled") is False:
            kms.disable_key(KeyId=id)
        if arguments.get("policy") and arguments["policy"] != before.get("policy"):
            kms.put_key_policy(KeyId=id, PolicyName="default", Policy=arguments["policy"])
        if arguments.get("description") != before.get("description"):
            kms.update_key_description(KeyId=id, Description=arguments.get("description") or "")
        self._rotate(id, arguments)
        if stale := dropped_tags(before, arguments):
            kms.untag_resource(KeyId=id, TagKeys=stale)
        if arguments.get("tags"):
            kms.tag_resource(KeyId=id, Tags=tag_list(arguments["tags"], "TagKey", "TagValue"))
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating("NotFoundException", "KMSInvalidStateException"):
            days = outputs.get("deletionWindowInDays") or 30
            self.client("kms").schedule_key_deletion(KeyId=id, PendingWindowInDays=days)

    def _rotate(self, id: str, arguments: Properties) -> None:
        kms: Any = self.client("kms")
        if arguments.get("enableKeyRotation"):
            kms.enable_key_rotation(KeyId=id, **compact(RotationPeriodInDays=arguments.get("rotationPeriodInDays")))
        elif kms.get_key_rotation_status(KeyId=id)["KeyRotationEnabled"]:
            kms.disable_key_rotation(KeyId=id)


class Alias(Live):
    def identify(self, arguments: Properties) -> str | None:
        return str(arguments["name"])

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        name = arguments["name"]
        self.client("kms").create_alias(AliasName=name, TargetKeyId=arguments["targetKeyId"])
        return name, self._computed(name, arguments)

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating("NotFoundException"):
            self.client("kms").describe_key(KeyId=id)
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        return {"targetKeyId": self.client("kms").describe_key(KeyId=id)["KeyMetadata"]["KeyId"]}

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self.client("kms").update_alias(AliasName=id, TargetKeyId=arguments["targetKeyId"])
        return self._computed(id, arguments)

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating("NotFoundException"):
            self.client("kms").delete_alias(AliasName=id)

    def _computed(self, name: str, arguments: Properties) -> Properties:
        key = arguments["targetKeyId"]
        base = f"arn:aws:kms:{REGION}:{ACCOUNT}"
        return {"arn": f"{base}:{name}", "targetKeyArn": key if key.startswith("arn:") else f"{base}:key/{key}"}
