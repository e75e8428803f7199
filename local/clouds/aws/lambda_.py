"""Lambda functions whose archives can be fetched, and event source mappings for MSK.

moto 5.2.5 takes SQS, DynamoDB and Kinesis as event sources only, and the addresses that it gives for
a function's or layer's archive lead nowhere. AWS gives a presigned address in a bucket of its own;
here that bucket belongs to another account too, so no listing of ours shows it. The runtime that
really invokes functions is the package `local.clouds.functions`, which reads both.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import EventSourceMapping, LambdaBackend, LambdaFunction, LayerVersion
from moto.kafka.models import kafka_backends
from moto.s3.models import get_canned_acl, s3_backends

from local.site import Site

_SERVICE_ACCOUNT = "000000000000"
"""Whose bucket holds the archives: not the site's account."""
_KAFKA_ARN = re.compile(r"arn:aws[\w-]*:kafka:")
_DEFAULT_BATCH_SIZE = 100
_MAX_BATCH_SIZE = 10_000


def extend() -> None:
    """Make moto keep mappings of MSK clusters, and give out archives of functions and layers."""
    site_url = Site.current().aws_url
    create = LambdaBackend.create_event_source_mapping
    get_code = LambdaFunction.get_code
    get_layer_version = LayerVersion.get_layer_version
    source_of: Any = vars(EventSourceMapping)["event_source_arn"]
    size_of: Any = vars(EventSourceMapping)["batch_size"]
    make_mapping: Any = EventSourceMapping

    def create_event_source_mapping(self: LambdaBackend, spec: dict[str, Any]) -> EventSourceMapping:
        arn = spec.get("EventSourceArn") or ""
        if not _KAFKA_ARN.match(arn):
            return create(self, spec)
        if arn not in kafka_backends[self.account_id][self.region_name].clusters:
            raise InvalidParameterValueException(f"Event source does not exist: {arn}")
        if len(spec.get("Topics") or []) != 1:
            raise InvalidParameterValueException("A Kafka event source mapping takes exactly one topic.")
        function = self.get_function(spec["FunctionName"])
        mapping: EventSourceMapping = make_mapping(
            {
                **spec,
                "RegionName": self.region_name,
                "AccountId": self.account_id,
                "FunctionArn": function.function_arn,
            }
        )
        mapping.kafka_config = {"ConsumerGroupId": mapping.uuid, **(mapping.kafka_config or {})}
        self._event_source_mappings[mapping.uuid] = mapping
        return mapping

    def set_event_source_arn(self: EventSourceMapping, arn: str) -> None:
        if _KAFKA_ARN.match(arn):
            self._event_source_arn = arn
        else:
            source_of.fset(self, arn)

    def set_batch_size(self: EventSourceMapping, size: int | None) -> None:
        if not _KAFKA_ARN.match(self.event_source_arn):
            size_of.fset(self, size)
        elif size is not None and not 1 <= size <= _MAX_BATCH_SIZE:
            raise InvalidParameterValueException(f"BatchSize {size} is not between 1 and {_MAX_BATCH_SIZE}.")
        else:
            self._batch_size = size or _DEFAULT_BATCH_SIZE

    def code_with_address(self: LambdaFunction) -> dict[str, Any]:
        answer = get_code(self)
        if self.package_type == "Zip":
            answer["Code"] = {
                "RepositoryType": "S3",
                "Location": _address(site_url, self.region, self.account_id, self.code_bytes),
            }
        return answer

    def layer_with_address(self: LayerVersion) -> dict[str, Any]:
        answer = get_layer_version(self)
        answer["Content"]["Location"] = _address(site_url, self.region, self.account_id, self.code_bytes)
        return answer

    for owner, name, replacement in (
        (LambdaBackend, "create_event_source_mapping", create_event_source_mapping),
        (EventSourceMapping, "event_source_arn", property(source_of.fget, set_event_source_arn)),
        (EventSourceMapping, "batch_size", property(size_of.fget, set_batch_size)),
        (LambdaFunction, "get_code", code_with_address),
        (LayerVersion, "get_layer_version", layer_with_address),
    ):
        setattr(owner, name, replacement)


def _address(site_url: str, region: str, account: str, archive: bytes) -> str:
    """Put the archive where it can be fetched, unless it is there, and return its address."""
    bucket = f"awslambda-{region}-tasks"
    key = f"snapshots/{account}/{hashlib.sha256(archive).hexdigest()}"
    store = s3_backends[_SERVICE_ACCOUNT]["aws"]
    if bucket not in store.buckets:
        store.create_bucket(bucket, region)
    if store.get_object(bucket, key) is None:
        # AWS signs the address; moto looks at no signature, but opens only what is public.
        store.put_object(bucket, key, archive).set_acl(get_canned_acl("public-read"))
    return f"{site_url}/{bucket}/{key}"
