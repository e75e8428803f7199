"""What Azure Data Factory may do with published snapshots, and by which way: every policy statement about it.

Three documents say it, each for itself: what the user is granted (the lake's grant), what the bucket refuses that user
whatever the grant, and what may pass through the endpoint that the link to Azure leads to. They are written here
together, so that a change of one is seen beside the others.

Two ways, one at a time:

- private: over the link, through the one interface endpoint, from the subnet of Data Factory's runtime;
- allow list: S3's public endpoint, from listed public addresses. A request that came through a VPC endpoint has no
  aws:SourceIp, so the endpoints are closed to the user then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import Input, Output

from components.blocks.names import EXCHANGE_USER
from components.blocks.place import Place
from components.blocks.policies import Statement, allow, deny
from contracts import EXCHANGE_FOLDER as FOLDER

ZONE = "analytics"
_EVERYONE = {"AWS": "*"}
_READ = ["s3:GetObject"]
_LOCATE = ["s3:GetBucketLocation"]
_LIST = ["s3:ListBucket"]
Condition = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class ExchangeWay:
    """By which way snapshots leave."""

    where: Place
    runtime_range: str | None
    """CIDR of Data Factory's runtime on the link; None: it comes over the internet."""
    public_ranges: Sequence[str]
    """CIDRs that Data Factory comes from over the internet; used without `runtime_range` only."""

    @property
    def user_name(self) -> str:
        return EXCHANGE_USER.format(environment=self.where.environment)

    @property
    def user_arn(self) -> str:
        """The user's ARN, known before the user is made: policies of earlier resources name it."""
        return f"arn:aws:iam::{self.where.account}:user/{self.user_name}"

    def granted(self, bucket_arn: Input[str], endpoint_id: Input[str], kms_key_arn: Input[str]) -> list[Statement]:
        """Allow the user to read snapshots and manifests and to find them by name, and nothing else."""
        way = self._way(endpoint_id)
        listed = {"StringLike": {"s3:prefix": [FOLDER, f"{FOLDER}/*"]}}
        # S3 encrypts by a key of the bucket's own below the lake's, and names the bucket then, else the object. What
        # S3 asks of KMS for a caller has the caller's addresses no more: the context holds it to this bucket.
        context = {"kms:EncryptionContext:aws:s3:arn": [bucket_arn, Output.concat(bucket_arn, f"/{FOLDER}/*")]}
        return [
            allow(_READ, [Output.concat(bucket_arn, f"/{FOLDER}/*")], when=way),
            allow(_LIST, [bucket_arn], when={**way, **listed}),
            allow(_LOCATE, [bucket_arn], when=way),
            allow(["kms:Decrypt"], [kms_key_arn], when={**self.where.through("s3"), "StringLike": context}),
        ]

    def refused(self, bucket_arn: Input[str], endpoint_id: Input[str]) -> list[Statement]:
        """Deny the user every other way to the bucket, whatever the grant; nobody else is concerned.

        A key that a request lacks fits a negated comparison: no endpoint, no address, no way in.
        """
        whole = [bucket_arn, Output.concat(bucket_arn, "/*")]
        if self.runtime_range:
            # A condition's operators must all hold, and each of these is enough: hence two statements.
            wrong: list[Condition] = [
                {"StringNotEquals": {"aws:SourceVpce": endpoint_id}},
                {"NotIpAddress": {"aws:VpcSourceIp": [self.runtime_range]}},
            ]
        else:
            wrong = [{"NotIpAddress": {"aws:SourceIp": list(self.public_ranges)}}]
        return [deny(["s3:*"], whole, principal=_EVERYONE, when={**self._is_user, **way}) for way in wrong]

    @property
    def outside(self) -> list[str]:
        """ARNs of those that use the bucket without any of our VPC endpoints."""
        return [] if self.runtime_range else [self.user_arn]

    def passes(self, organization: Input[str]) -> list[Statement] | None:
        """Allow the user to read through the interface endpoint; None if no link leads there."""
        if not self.runtime_range:
            return None
        bucket = f"arn:aws:s3:::{self.where.name(f'datalake-{ZONE}')}"
        on_link: Condition = {
            **self._is_user,
            "StringEquals": {"aws:PrincipalOrgID": organization, "aws:ResourceOrgID": organization},
            "IpAddress": {"aws:VpcSourceIp": [self.runtime_range]},
        }
        listed = {"StringLike": {"s3:prefix": [FOLDER, f"{FOLDER}/*"]}}
        return [
            allow(_READ, [f"{bucket}/{FOLDER}/*"], principal=_EVERYONE, when=on_link),
            allow(_LIST, [bucket], principal=_EVERYONE, when={**on_link, **listed}),
            allow(_LOCATE, [bucket], principal=_EVERYONE, when=on_link),
        ]

    @property
    def _is_user(self) -> Condition:
        return {"ArnEquals": {"aws:PrincipalArn": self.user_arn}}

    def _way(self, endpoint_id: Input[str]) -> Condition:
        tls: Condition = {"Bool": {"aws:SecureTransport": "true"}}
        if self.runtime_range:
            return {
                **tls,
                "StringEquals": {"aws:SourceVpce": endpoint_id},
                "IpAddress": {"aws:VpcSourceIp": [self.runtime_range]},
            }
        return {**tls, "IpAddress": {"aws:SourceIp": list(self.public_ranges)}}
