"""Customer-managed keys, one for each purpose.

Who may use a key is granted to roles by the component that owns the data. The key's own policy holds them to it: a
key of data is used through the services that keep that data, from this account, and not by a call to KMS itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

import settings
from components.blocks.place import Place
from components.blocks.policies import KEY_LIMIT, Statement, allow, document

VIA: dict[str, tuple[str, ...]] = {
    "lake": ("s3", "glue"),
    "streaming": ("kafka", "lambda", "sqs"),
    "warehouse": ("redshift", "redshift-serverless", "secretsmanager"),
    # Storage and Performance Insights of the database, and the storage of what replicates it.
    "database": ("rds", "dms"),
    # RDS itself makes, describes and rotates the secret of a password that it manages.
    "secrets": ("secretsmanager", "rds"),
    # S3 holds the trail; queues and functions are what alerts and their failures pass through.
    "logs": ("lambda", "s3", "sns", "sqs"),
}
"""Purpose -> the services through which a key may be used, by the names that AWS KMS knows them by ("Services that
support the kms:ViaService condition key", its developer guide). MSK Connect keeps nothing under a key of ours, and
CloudWatch Logs, alarms, rules and trails use theirs in their own name."""

# In a key's policy, "*" is the key that the policy belongs to.
_THIS_KEY = ["*"]
_USE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
# AWS's list for key administrators, without CreateGrant: a grant is a way to use a key.
_ADMINISTER = [
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:Delete*",
    "kms:Describe*",
    "kms:Disable*",
    "kms:Enable*",
    "kms:Get*",
    "kms:List*",
    "kms:Put*",
    "kms:Revoke*",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:Update*",
]


@dataclass(frozen=True, kw_only=True)
class EncryptionArgs:
    """Which keys are made."""

    where: Place
    encryption: settings.Encryption
    purposes: Sequence[str] = tuple(VIA)
    """Some of `VIA`."""


class Encryption(ComponentResource):
    """The component makes a key for each purpose, rotated and with an alias."""

    keys: dict[str, aws.kms.Key]
    """By purpose."""

    def __init__(self, name: str, args: EncryptionArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:security:Encryption", name, {}, args.where.options(opts))
        held = args.where.stateful(self)
        self.keys = {}
        for purpose in args.purposes:
            key = aws.kms.Key(
                f"{name}-{purpose}",
                description=f"NovaRetail {args.where.environment}: {purpose}",
                enable_key_rotation=True,
                rotation_period_in_days=args.encryption.rotation_days,
                deletion_window_in_days=args.encryption.deletion_days,
                policy=document(_policy(purpose, args), limit=KEY_LIMIT, of=f"key {purpose}"),
                tags={**args.where.tags, "Purpose": purpose},
                opts=held,
            )
            aws.kms.Alias(
                f"{name}-{purpose}-alias",
                name=f"alias/{args.where.name(purpose)}",
                target_key_id=key.key_id,
                opts=ResourceOptions(parent=self),
            )
            self.keys[purpose] = key
        self.register_outputs({"arns": {purpose: key.arn for purpose, key in self.keys.items()}})

    def arn(self, purpose: str) -> Output[str]:
        """Return the ARN of a purpose's key. Raises: KeyError if none was made for it."""
        return self.keys[purpose].arn


def _policy(purpose: str, args: EncryptionArgs) -> list[Statement]:
    account = {"AWS": f"arn:aws:iam::{args.where.account}:root"}
    statements = [allow(_ADMINISTER, _THIS_KEY, principal=account)]
    if VIA[purpose]:
        used = args.where.through(*VIA[purpose])
        statements.append(allow(_USE, _THIS_KEY, principal=account, when=used))
        lent = {**used, "Bool": {"kms:GrantIsForAWSResource": "true"}}
        statements.append(allow(["kms:CreateGrant"], _THIS_KEY, principal=account, when=lent))
    if purpose == "logs":
        statements += _of_the_trail(args.where)
        # The context names the log group that is read or written.
        context = args.where.arn("logs", "log-group:*")
        statements.append(
            allow(
                _USE,
                _THIS_KEY,
                principal={"Service": f"logs.{args.where.region}.amazonaws.com"},
                when={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": context}},
            )
        )
        # Alarms and rules use the encrypted topic of alerts in their own name, rules their dead-letter queues too.
        # EventBridge sends no context with it, so a condition would drop its events.
        publish = ["kms:Decrypt", "kms:GenerateDataKey*"]
        own = {"StringEquals": {"aws:SourceAccount": args.where.account}}
        statements += [
            allow(publish, _THIS_KEY, principal={"Service": "cloudwatch.amazonaws.com"}, when=own),
            allow(publish, _THIS_KEY, principal={"Service": "events.amazonaws.com"}),
        ]
    return statements


def _of_the_trail(where: Place) -> list[Statement]:
    """Allow CloudTrail to encrypt the trail of data events, and no other ("Configure AWS KMS key policies for
    CloudTrail"). It decrypts where the bucket keeps a key of its own below this one."""
    trail = {"Service": "cloudtrail.amazonaws.com"}
    of_this = {"StringEquals": {"aws:SourceArn": where.arn("cloudtrail", f"trail/{where.name('data')}")}}
    context = {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{where.account}:trail/*"}
    return [
        allow(["kms:GenerateDataKey*"], _THIS_KEY, principal=trail, when={**of_this, "StringLike": context}),
        allow(["kms:Decrypt", "kms:DescribeKey"], _THIS_KEY, principal=trail, when=of_this),
    ]
