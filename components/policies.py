"""IAM policy documents, and how a component attaches what it grants to a role.

Statements name actions and resources. `Resource: "*"` is for actions without resource-level permissions and has a
reason beside it (`ANYTHING`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

VERSION = "2012-10-17"
ANYTHING = "*"
"""For actions that IAM cannot limit to a resource; the reason stands where it is used."""

INLINE_LIMIT = 10240
MANAGED_LIMIT = 6144
BUCKET_LIMIT = 20480
TRUST_LIMIT = 2048
KEY_LIMIT = 32768
TOPIC_LIMIT = 30720
SCP_LIMIT = 5120
ENDPOINT_LIMIT = 20480
"""Characters of a policy document: IAM counts without white space (IAM and AWS STS quotas; S3; KMS; SNS;
Organizations; VPC quotas)."""

Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Grantee:
    """A role that components may grant to.

    `name` is its part in resource names; `physical_name` is known only where it is fixed, for those who trust the
    role by its name.
    """

    name: str
    role: aws.iam.Role
    physical_name: str | None = None

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
    """A statement that allows; `when` is its Condition, `principal` is for policies of resources and trust."""
    return _statement("Allow", actions, on, when, principal)


def deny(
    actions: Sequence[str],
    on: Sequence[Input[str]],
    *,
    when: Mapping[str, Mapping[str, Any]] | None = None,
    principal: Mapping[str, Any] | None = None,
) -> Statement:
    """A statement that denies whatever else allows."""
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
    """The policy as JSON without white space.

    Args:
        limit: the most characters that AWS takes for this kind of policy; one more fails the preview.
        of: whose policy it is, for that error.
    """

    def checked(text: str) -> str:
        if len(text) > limit:
            raise ValueError(
                f"the policy of {of} has {len(text)} characters, AWS takes {limit}: grant by prefix, or split it"
            )
        return text

    whole = {"Version": VERSION, "Statement": list(statements)}
    return Output.json_dumps(whole, separators=(",", ":")).apply(checked)


def trust(services: Sequence[str], *, account: str, source_arns: Sequence[str] = (), says_account: bool = True) -> str:
    """Who may take a role: AWS services, for this account's (and, if given, these) resources only.

    Args:
        says_account: whether the service documents that it sends aws:SourceAccount. If it does not, the condition
            holds only when the key is there; iam:PassRole never crosses accounts anyway.
    """
    equals = "StringEquals" if says_account else "StringEqualsIfExists"
    when: dict[str, Any] = {equals: {"aws:SourceAccount": account}}
    if source_arns:
        when["ArnLike"] = {"aws:SourceArn": list(source_arns)}
    statement = allow(["sts:AssumeRole"], [], when=when, principal={"Service": list(services)})
    return json.dumps({"Version": VERSION, "Statement": [statement]}, separators=(",", ":"))


def attach(parent: pulumi.Resource, name: str, grantee: Grantee, statements: Sequence[Statement]) -> aws.iam.RolePolicy:
    """Give the role what its grantor says, as one inline policy of the grantor's."""
    return aws.iam.RolePolicy(
        name,
        role=grantee.role.name,
        policy=document(statements, limit=INLINE_LIMIT, of=f"{name} on {grantee.name}"),
        opts=pulumi.ResourceOptions(parent=parent),
    )
