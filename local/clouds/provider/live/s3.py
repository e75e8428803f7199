"""S3: buckets, their configuration, and the objects that a program ships.

Not live: bucket policies. moto takes a Deny with a condition for a Deny without one, so the policy that
forbids plain HTTP would forbid everything; it is kept as state.
"""

from __future__ import annotations

import base64
import mimetypes
import tempfile
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from local.clouds.provider.assets import Archive, Asset
from local.clouds.provider.live.base import Live, code, compact, partly_made, tag_list, tag_map, tolerating
from local.clouds.provider.live.casing import camel, pascal
from local.clouds.provider.wire import Properties
from local.site import REGION

HOSTED_ZONE = "Z1BKCTXD74EZPE"
"""Of S3's website endpoints in eu-west-1."""
_GONE = ("404", "NoSuchBucket", "NoSuchKey", "NotFound")


class Bucket(Live):
    """A bucket; one with forceDestroy is emptied before it goes, others refuse while they hold something."""

    def identify(self, arguments: Properties) -> str | None:
        return str(arguments["bucket"])

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        name = arguments["bucket"]
        s3 = self.client("s3")
        region = arguments.get("region") or REGION
        s3.create_bucket(
            Bucket=name,
            CreateBucketConfiguration={"LocationConstraint": region},
            ObjectLockEnabledForBucket=bool(arguments.get("objectLockEnabled")),
        )
        computed = self._computed(name, region)
        with partly_made(name, computed):
            self._tag(name, arguments)
        return name, computed

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(*_GONE):
            self.client("s3").head_bucket(Bucket=id)
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        with tolerating("NoSuchTagSet"):
            return {"tags": tag_map(self.client("s3").get_bucket_tagging(Bucket=id)["TagSet"])}
        return {"tags": {}}

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self._tag(id, arguments)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(*_GONE):
            if outputs.get("forceDestroy"):
                self._empty(id)
            self.client("s3").delete_bucket(Bucket=id)

    def _tag(self, name: str, arguments: Properties) -> None:
        if arguments.get("tags"):
            self.client("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(arguments["tags"])})
        else:
            self.client("s3").delete_bucket_tagging(Bucket=name)

    def _empty(self, name: str) -> None:
        # Destroying suspends versioning first, and moto then fails at what was deleted before.
        self.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        for page in self.client("s3").get_paginator("list_object_versions").paginate(Bucket=name):
            versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            doomed = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in versions]
            if doomed:
                self.client("s3").delete_objects(Bucket=name, Delete={"Objects": doomed, "Quiet": True})

    def _computed(self, name: str, region: str) -> Properties:
        return {
            "arn": f"arn:aws:s3:::{name}",
            "bucketDomainName": f"{name}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
            "bucketRegion": region,
            "hostedZoneId": HOSTED_ZONE,
        }


class BucketSetting(Live):
    """One configuration of a bucket, known by the bucket's name: put as a whole, and deleted as a whole."""

    getter: str
    removal: str | None
    """The operation that deletes it."""
    absent: tuple[str, ...] = ()

    def put(self, arguments: Properties) -> None:
        raise NotImplementedError

    def identify(self, arguments: Properties) -> str | None:
        return str(arguments["bucket"])

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        self.put(arguments)
        return arguments["bucket"], {}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(*_GONE, *self.absent):
            answer = getattr(self.client("s3"), self.getter)(Bucket=id)
            return {} if self.removal or "Status" in answer else None
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        return self.reported(getattr(self.client("s3"), self.getter)(Bucket=id))

    def reported(self, answer: Properties) -> Properties:
        """The arguments in what the getter answered."""
        raise NotImplementedError

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self.put(arguments)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(*_GONE, *self.absent):
            if self.removal:
                getattr(self.client("s3"), self.removal)(Bucket=id)


class BucketVersioning(BucketSetting):
    """Versioning; taken away it is suspended, as S3 has no way back."""

    getter, removal = "get_bucket_versioning", None

    def reported(self, answer: Properties) -> Properties:
        given = compact(status=answer.get("Status"), mfaDelete=answer.get("MFADelete"))
        return {"versioningConfiguration": given}

    def put(self, arguments: Properties) -> None:
        wanted = arguments["versioningConfiguration"]
        given = compact(Status=wanted["status"], MFADelete=wanted.get("mfaDelete"))
        self.client("s3").put_bucket_versioning(Bucket=arguments["bucket"], VersioningConfiguration=given)

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(*_GONE):
            self.client("s3").put_bucket_versioning(Bucket=id, VersioningConfiguration={"Status": "Suspended"})


class BucketEncryption(BucketSetting):
    getter, removal = "get_bucket_encryption", "delete_bucket_encryption"
    absent = ("ServerSideEncryptionConfigurationNotFoundError",)

    def reported(self, answer: Properties) -> Properties:
        rules = []
        for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
            default = rule.get("ApplyServerSideEncryptionByDefault") or {}
            encryption = compact(sseAlgorithm=default.get("SSEAlgorithm"), kmsMasterKeyId=default.get("KMSMasterKeyID"))
            bucket_key = bool(rule.get("BucketKeyEnabled"))
            rules.append({"applyServerSideEncryptionByDefault": encryption, "bucketKeyEnabled": bucket_key})
        return {"rules": rules}

    def put(self, arguments: Properties) -> None:
        rules = []
        for rule in arguments["rules"]:
            default = rule.get("applyServerSideEncryptionByDefault") or {}
            encryption = compact(SSEAlgorithm=default.get("sseAlgorithm"), KMSMasterKeyID=default.get("kmsMasterKeyId"))
            rules.append(
                {
                    "ApplyServerSideEncryptionByDefault": encryption,
                    "BucketKeyEnabled": bool(rule.get("bucketKeyEnabled")),
                }
            )
        self.client("s3").put_bucket_encryption(
            Bucket=arguments["bucket"], ServerSideEncryptionConfiguration={"Rules": rules}
        )


class BucketNotification(BucketSetting):
    """Where S3 sends its events: EventBridge, or nowhere; moto does not say which."""

    getter, removal = "get_bucket_notification_configuration", None

    def reported(self, answer: Properties) -> Properties:
        return {}

    def put(self, arguments: Properties) -> None:
        wanted: dict[str, Any] = {"EventBridgeConfiguration": {}} if arguments.get("eventbridge") else {}
        self.client("s3").put_bucket_notification_configuration(
            Bucket=arguments["bucket"], NotificationConfiguration=wanted
        )

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(*_GONE):
            self.client("s3").get_bucket_notification_configuration(Bucket=id)
            return {}
        return None

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(*_GONE):
            self.put({"bucket": id})


class BucketPublicAccessBlock(BucketSetting):
    getter, removal = "get_public_access_block", "delete_public_access_block"
    absent = ("NoSuchPublicAccessBlockConfiguration",)

    def reported(self, answer: Properties) -> Properties:
        return dict(camel(answer["PublicAccessBlockConfiguration"]))

    def put(self, arguments: Properties) -> None:
        names = ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets")
        self.client("s3").put_public_access_block(
            Bucket=arguments["bucket"],
            PublicAccessBlockConfiguration={name[0].upper() + name[1:]: bool(arguments.get(name)) for name in names},
        )


class BucketLifecycle(BucketSetting):
    getter, removal = "get_bucket_lifecycle_configuration", "delete_bucket_lifecycle"
    absent = ("NoSuchLifecycleConfiguration",)

    def reported(self, answer: Properties) -> Properties:
        rules = sorted(answer["Rules"], key=lambda rule: str(rule["ID"]))  # they apply together, in no order
        return {"rules": [{"id": rule.pop("ID"), **camel(rule)} for rule in map(dict, rules)]}

    def put(self, arguments: Properties) -> None:
        self.client("s3").put_bucket_lifecycle_configuration(
            Bucket=arguments["bucket"],
            LifecycleConfiguration={"Rules": [lifecycle_rule(rule) for rule in arguments.get("rules") or []]},
        )


def lifecycle_rule(rule: Properties) -> dict[str, Any]:
    """A rule of the SDK as S3 takes it."""
    answer: dict[str, Any] = pascal({k: v for k, v in rule.items() if k not in ("id", "filter")})
    answer["ID"] = rule["id"]
    wanted = rule.get("filter") or {}
    if both := wanted.get("and"):
        answer["Filter"] = {
            "And": {**pascal({**both, "tags": None}), **compact(Tags=tag_list(both.get("tags")) or None)}
        }
    else:
        answer["Filter"] = pascal(wanted) or {"Prefix": rule.get("prefix") or ""}
    return answer


class Object(Live):
    """An object, from an asset, an archive (packed as zip) or a text."""

    def identify(self, arguments: Properties) -> str | None:
        return f"{arguments['bucket']}/{arguments['key']}"

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        return f"{arguments['bucket']}/{arguments['key']}", self._put(arguments)

    def read(self, id: str, outputs: Properties) -> Properties | None:
        bucket, key = id.split("/", 1)
        try:
            head = self.client("s3").head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if code(error) in _GONE:
                return None
            raise
        return {"etag": head["ETag"].strip('"'), "versionId": head.get("VersionId", "")}

    def observe(self, id: str, outputs: Properties) -> Properties:
        bucket, key = id.split("/", 1)
        return {"tags": tag_map(self.client("s3").get_object_tagging(Bucket=bucket, Key=key)["TagSet"])}

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        return self._put(arguments)

    def delete(self, id: str, outputs: Properties) -> None:
        """Remove the object with all its versions, as the provider does."""
        bucket, key = id.split("/", 1)
        s3 = self.client("s3")
        with tolerating(*_GONE):
            listed = s3.list_object_versions(Bucket=bucket, Prefix=key)
            for version in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
                if version["Key"] == key:
                    s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])

    def _put(self, arguments: Properties) -> Properties:
        s3, place = self.client("s3"), {"Bucket": arguments["bucket"], "Key": arguments["key"]}
        kind = arguments.get("contentType") or mimetypes.guess_type(arguments["key"])[0] or "binary/octet-stream"
        settings = compact(
            ContentType=kind,
            CacheControl=arguments.get("cacheControl"),
            ContentEncoding=arguments.get("contentEncoding"),
            Metadata=arguments.get("metadata"),
            ServerSideEncryption=arguments.get("serverSideEncryption"),
            SSEKMSKeyId=arguments.get("kmsKeyId"),
            Tagging=urlencode(arguments.get("tags") or {}) or None,
        )
        source = arguments.get("source")
        with tempfile.TemporaryFile() as content:
            if isinstance(source, Archive):
                source.write_zip(self.root, content)
            elif isinstance(source, Asset):
                content.write(source.read(self.root))
            elif arguments.get("contentBase64") is not None:
                content.write(base64.b64decode(arguments["contentBase64"]))
            else:
                content.write((arguments.get("content") or "").encode())
            content.seek(0)
            stored = s3.put_object(**place, **settings, Body=content)
        return {
            "arn": f"arn:aws:s3:::{place['Bucket']}/{place['Key']}",
            "contentType": kind,
            "etag": stored["ETag"].strip('"'),
            "versionId": stored.get("VersionId", ""),
        }


class BucketObject(Object):
    pass


class BucketObjectv2(Object):
    pass
