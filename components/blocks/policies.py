"""IAM policy documents, and how a component attaches what it grants to a role.

Statements name actions and resources. `Resource: "*"` is for actions without resource-level permissions and has a
reason beside it (`ANYTHING`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output
from pulumi.output import Unknown

VERSION = "2012-10-17"
ANYTHING = "*"
"""For actions that IAM cannot limit to a resource; the reason is written where it is used."""

INLINE_LIMIT = 10240
USER_INLINE_LIMIT = 2048
MANAGED_LIMIT = 6144
BUCKET_LIMIT = 20480
TRUST_LIMIT = 2048
KEY_LIMIT = 32768
TOPIC_LIMIT = 30720
QUEUE_LIMIT = 8192
SCP_LIMIT = 5120
ENDPOINT_LIMIT = 20480
"""Characters of a policy document: IAM counts without white space (IAM and AWS STS quotas; S3; KMS; SNS;
Organizations; VPC quotas)."""

ASSUMED_SIZE = 75
"""Characters that a value counts for while a preview does not know it: as many as the ARN of a key has, a long one."""

Statement = Mapping[str, Any]


class PolicySizeError(pulumi.RunError):
    """A policy that AWS would refuse; whoever reads it granted too much at once, so the message has no traceback."""


@dataclass(frozen=True)
class Grantee:
    """A role that components may grant to."""

    name: str
    """Its part in resource names."""
    role: aws.iam.Role
    physical_name: str | None = None
    """Known only where it is fixed, for those who trust the role by its name."""
    inline: dict[str, Output[int]] = field(default_factory=dict, compare=False, repr=False)
    """Policy -> characters, of each that was attached: IAM limits their sum."""

    @property
    def arn(self) -> Output[str]:
        return self.role.arn


def allow(
    actions: Sequence[str],
    on: Sequence[Input[str]],
    *,
    when: Mapping[str, Mapping[str, Any]] | None = None,
    principal: Mapping[str, Any] | None = None,
) -> Statement:
    """Return a statement that allows; `when` is its Condition, `principal` is for policies of resources and trust."""
    return _statement("Allow", actions, on, when, principal)


def deny(
    actions: Sequence[str],
    on: Sequence[Input[str]],
    *,
    when: Mapping[str, Mapping[str, Any]] | None = None,
    principal: Mapping[str, Any] | None = None,
) -> Statement:
    """Return a statement that denies, whatever else allows."""
    return _statement("Deny", actions, on, when, principal)


def _statement(
    effect: str,
    actions: Sequence[str],
    on: Sequence[Input[str]],
    when: Mapping[str, Mapping[str, Any]] | None,
    principal: Mapping[str, Any] | None,
) -> Statement:
    statement: dict[str, Any] = {"Effect": effect}
    if principal:
        statement["Principal"] = principal
    statement["Action"] = sorted(actions)
    if on:
        statement["Resource"] = list(on)
    if when:
        statement["Condition"] = when
    return statement


def document(statements: Sequence[Statement], *, limit: int, of: str) -> Output[str]:
    """Return the policy as JSON without white space.

    Args:
        limit: the most characters that AWS takes for this kind of policy; one more fails the preview.
        of: whose policy it is, for that error.
    Raises: PolicySizeError, in a preview as well.
    """
    whole = {"Version": VERSION, "Statement": list(statements)}
    _size(whole).apply(lambda size: _require_size(size, limit, f"the policy of {of}"))
    return Output.json_dumps(whole, separators=(",", ":")).apply(
        lambda text: text if _require_size(len(text), limit, f"the policy of {of}") else ""
    )


def _size(whole: Mapping[str, Any]) -> Output[int]:
    """Return the characters of a document, known in a preview as well: an unknown value counts as `ASSUMED_SIZE`."""

    def measured(value: Any) -> int:
        return len(json.dumps(_assumed(value), separators=(",", ":")))

    return Output.from_input(whole).apply(measured, run_with_unknowns=True)


def _assumed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _assumed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_assumed(item) for item in value]
    return "?" * ASSUMED_SIZE if value is None or isinstance(value, Unknown) else value


def _require_size(size: int, limit: int, what: str) -> bool:
    if size > limit:
        raise PolicySizeError(f"{what} has {size} characters, AWS takes {limit}: grant by prefix, or split it")
    return True


def trust(services: Sequence[str], *, account: str, source_arns: Sequence[str] = (), says_account: bool = True) -> str:
    """Return who may take a role: AWS services, for this account's (and, if given, these) resources only.

    Args:
        says_account: whether the service documents that it sends aws:SourceAccount. If it does not, the condition
            holds only when the key is there; iam:PassRole never crosses accounts anyway.
    """
    equals = "StringEquals" if says_account else "StringEqualsIfExists"
    when: dict[str, Any] = {equals: {"aws:SourceAccount": account}}
    if source_arns:
        when["ArnLike"] = {"aws:SourceArn": list(source_arns)}
    statement = allow(["sts:AssumeRole"], [], when=when, principal={"Service": list(services)})
    text = json.dumps({"Version": VERSION, "Statement": [statement]}, separators=(",", ":"))
    _require_size(len(text), TRUST_LIMIT, f"the trust policy for {', '.join(services)}")
    return text


def attach(parent: pulumi.Resource, name: str, grantee: Grantee, statements: Sequence[Statement]) -> aws.iam.RolePolicy:
    """Give the role what its grantor says, as one inline policy of the grantor's.

    IAM limits the inline policies of a role together: a sum that passes it fails the preview, with every policy's part.
    """
    grantee.inline[name] = _size({"Version": VERSION, "Statement": list(statements)})
    Output.all(**grantee.inline).apply(lambda sizes: _require_sum(grantee.name, sizes))
    return aws.iam.RolePolicy(
        name,
        role=grantee.role.name,
        policy=document(statements, limit=INLINE_LIMIT, of=f"{name} on {grantee.name}"),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _require_sum(role: str, sizes: Mapping[str, int]) -> None:
    total = sum(sizes.values())
    if total > INLINE_LIMIT:
        parts = ", ".join(f"{name} {size}" for name, size in sorted(sizes.items(), key=lambda item: -item[1]))
        raise PolicySizeError(
            f"the inline policies of the role {role} have {total} characters together, AWS takes {INLINE_LIMIT}"
            f" ({parts}): grant by prefix, or make a managed policy of the largest"
        )
