"""Buckets, their settings and objects in a real S3 server."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.clouds.provider.assets import Archive, Asset
from local.clouds.provider.live import Live
from local.clouds.provider.live.s3 import lifecycle_rule

OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
MakeLive = Callable[[str], Live]


@pytest.fixture
def s3(client: Callable[[str], Any]) -> Any:
    return client("s3")


@pytest.fixture
def bucket(live: MakeLive) -> str:
    name = f"b-{uuid.uuid4().hex[:12]}"
    live("aws:s3/bucket:Bucket").create({"bucket": name})
    return name


def test_a_bucket_has_its_tags_and_arn(live: MakeLive, s3: Any) -> None:
    buckets = live("aws:s3/bucket:Bucket")
    id, computed = buckets.create({"bucket": "tagged-bucket", "tags": {"zone": "raw"}})

    assert computed["arn"] == "arn:aws:s3:::tagged-bucket"
    assert s3.get_bucket_tagging(Bucket=id)["TagSet"] == [{"Key": "zone", "Value": "raw"}]

    buckets.update(id, {}, {"bucket": id, "tags": {"zone": "curated"}})

    assert s3.get_bucket_tagging(Bucket=id)["TagSet"] == [{"Key": "zone", "Value": "curated"}]


def test_a_bucket_with_objects_stays_unless_it_is_forced(live: MakeLive, s3: Any, bucket: str) -> None:
    buckets = live("aws:s3/bucket:Bucket")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    s3.put_object(Bucket=bucket, Key="k", Body=b"2")
    s3.delete_object(Bucket=bucket, Key="k")
    # The engine destroys a bucket's settings before the bucket.
    live("aws:s3/bucketVersioning:BucketVersioning").delete(bucket, {})

    with pytest.raises(ClientError, match="BucketNotEmpty"):
        buckets.delete(bucket, {"forceDestroy": False})
    buckets.delete(bucket, {"forceDestroy": True})

    assert buckets.read(bucket, {}) is None


def test_deleting_what_is_gone_is_no_error(live: MakeLive) -> None:
    for token, id, known in (
        ("aws:s3/bucket:Bucket", "never-existed", {"forceDestroy": True}),
        (OBJECT, "never-existed/key", {}),
        ("aws:s3/bucketVersioning:BucketVersioning", "never-existed", {}),
    ):
        live(token).delete(id, known)
        assert live(token).read(id, known) is None


@pytest.mark.parametrize(
    ("token", "arguments", "look"),
    [
        pytest.param(
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            {
                "rules": [
                    {
                        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "k"},
                        "bucketKeyEnabled": True,
                    }
                ]
            },
            lambda s3, b: (
                s3.get_bucket_encryption(Bucket=b)["ServerSideEncryptionConfiguration"]["Rules"]
                == [
                    {
                        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"},
                        "BucketKeyEnabled": True,
                    }
                ]
            ),
            id="encryption",
        ),
        pytest.param(
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            {"blockPublicAcls": True, "blockPublicPolicy": True},
            lambda s3, b: (
                s3.get_public_access_block(Bucket=b)["PublicAccessBlockConfiguration"]
                == {
                    "BlockPublicAcls": True,
                    "IgnorePublicAcls": False,
                    "BlockPublicPolicy": True,
                    "RestrictPublicBuckets": False,
                }
            ),
            id="access block",
        ),
        pytest.param(
            "aws:s3/bucketVersioning:BucketVersioning",
            {"versioningConfiguration": {"status": "Enabled"}},
            lambda s3, b: s3.get_bucket_versioning(Bucket=b)["Status"] == "Enabled",
            id="versioning",
        ),
        pytest.param(
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
            {"rules": [{"id": "r", "status": "Enabled", "filter": {"prefix": "orders/"}, "expiration": {"days": 7}}]},
            lambda s3, b: s3.get_bucket_lifecycle_configuration(Bucket=b)["Rules"][0]["Expiration"] == {"Days": 7},
            id="lifecycle",
        ),
    ],
)
def test_a_setting_is_there_until_it_is_deleted(
    live: MakeLive, s3: Any, bucket: str, token: str, arguments: dict[str, Any], look: Callable[[Any, str], bool]
) -> None:
    setting = live(token)
    assert setting.read(bucket, {}) is None

    id, _ = setting.create({"bucket": bucket, **arguments})

    assert look(s3, bucket)
    assert setting.read(id, {}) == {}
    setting.update(id, {}, {"bucket": bucket, **arguments})
    setting.delete(id, {})
    if token.endswith("Versioning"):  # S3 knows no way back from versioning but to suspend it
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"
    else:
        assert setting.read(id, {}) is None


def test_a_lifecycle_rule_is_written_as_s3_takes_it() -> None:
    rule = {
        "id": "old",
        "status": "Enabled",
        "filter": {"and": {"prefix": "a/", "tags": {"keep": "no"}}},
        "transitions": [{"days": 30, "storageClass": "GLACIER_IR"}],
        "noncurrentVersionExpiration": {"noncurrentDays": 9},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
    }

    assert lifecycle_rule(rule) == {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "a/", "Tags": [{"Key": "keep", "Value": "no"}]}},
        "Transitions": [{"Days": 30, "StorageClass": "GLACIER_IR"}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 9},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }


def test_an_object_is_made_of_a_file_a_text_or_an_archive(live: MakeLive, s3: Any, bucket: str, program: Path) -> None:
    (program / "job.py").write_text("print(1)")
    objects = live(OBJECT)
    objects.create({"bucket": bucket, "key": "file", "source": Asset("h", path="job.py")})
    objects.create({"bucket": bucket, "key": "text", "content": "héllo"})
    objects.create({"bucket": bucket, "key": "a.zip", "source": Archive("h", assets={"x.py": Asset("i", text="x")})})

    read = {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in ("file", "text", "a.zip")}

    assert (read["file"], read["text"]) == (b"print(1)", "héllo".encode())
    assert zipfile.ZipFile(io.BytesIO(read["a.zip"])).read("x.py") == b"x"


def test_an_updated_object_is_another_version_and_deleting_takes_all(live: MakeLive, s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    objects = live(OBJECT)
    id, first = objects.create({"bucket": bucket, "key": "deep/k", "content": "1"})
    s3.put_object(Bucket=bucket, Key="deep/k2", Body=b"a neighbour")
    second = objects.update(id, first, {"bucket": bucket, "key": "deep/k", "content": "2"})

    assert first["versionId"] != second["versionId"]
    assert objects.read(id, {}) == {"etag": second["etag"], "versionId": second["versionId"]}

    objects.delete(id, {})

    assert objects.read(id, {}) is None
    assert [v["Key"] for v in s3.list_object_versions(Bucket=bucket)["Versions"]] == ["deep/k2"]
