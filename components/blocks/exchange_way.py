"""What Azure Data Factory may do with published snapshots, and by which way: every policy statement about it.

Three documents say it, each for itself: what the user is granted (the lake's grant), what the bucket refuses him
whatever he is granted, and what may pass through the endpoint that the link to Azure leads to. They are written here
together, so that a change of one is seen beside the others.

Two ways, one at a time:

- private: over the link, through the one interface endpoint, from the subnet of Data Factory's runtime;
- allow list: S3's public endpoint, from listed public addresses. A request that came through a VPC endpoint has no
  aws:SourceIp, so the endpoints are closed to him then.
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
    """By which way snapshots leave: `runtime_range` has the addresses of Data Factory's runtime on the link; without
    one, `public_ranges` has those that it comes from over the internet."""

    where: Place
    runtime_range: str | None
    public_ranges: Sequence[str]

    @property
    def user_name(self) -> str:
        return EXCHANGE_USER.format(environment=self.where.environment)

    @property
    def user_arn(self) -> str:
        """Known before the user is made, for policies of what comes before him."""
        return f"arn:aws:iam::{self.where.account}:user/{self.user_name}"

    def granted(self, bucket_arn: Input[str], endpoint_id: Input[str], kms_key_arn: Input[str]) -> list[Statement]:
        """The user reads snapshots and manifests, finds them by name, and nothing else."""
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
        """What the bucket refuses the user, whatever he is granted; it says nothing about anybody else.

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
        return [deny(["s3:*"], whole, principal=_EVERYONE, when={**self._he, **way}) for way in wrong]

    @property
    def outside(self) -> list[str]:
        """Who uses the bucket without any of our VPC endpoints."""
        return [] if self.runtime_range else [self.user_arn]

    def passes(self, organization: Input[str]) -> list[Statement] | None:
        """What may pass through the interface endpoint; None: nothing leads there, so nothing is said of it."""
        if not self.runtime_range:
            return None
        bucket = f"arn:aws:s3:::{self.where.name(f'datalake-{ZONE}')}"
        he: Condition = {
            **self._he,
            "StringEquals": {"aws:PrincipalOrgID": organization, "aws:ResourceOrgID": organization},
            "IpAddress": {"aws:VpcSourceIp": [self.runtime_range]},
        }
        listed = {"StringLike": {"s3:prefix": [FOLDER, f"{FOLDER}/*"]}}
        return [
            allow(_READ, [f"{bucket}/{FOLDER}/*"], principal=_EVERYONE, when=he),
            allow(_LIST, [bucket], principal=_EVERYONE, when={**he, **listed}),
            allow(_LOCATE, [bucket], principal=_EVERYONE, when=he),
        ]

    @property
    def _he(self) -> Condition:
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
