"""What nobody in a member account may do, whatever their roles say: policies of the organization.

guardrail_policies.py has what they say. None of them touches the management account. A target takes five service
control policies, one of them AWS's own: three are attached to the root, one to each unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, ResourceOptions

import settings
from components.blocks.place import Place
from components.blocks.policies import SCP_LIMIT, Statement, document
from components.organization import guardrail_policies


@dataclass(frozen=True, kw_only=True)
class GuardrailsArgs:
    """What the policies are attached to, and what they allow."""

    aws_organization: aws.organizations.Organization
    units: Mapping[str, Input[str]]
    """Name -> id."""
    organization: settings.Organization
    """Which regions may be used, and whose pipeline may come in."""
    where: Place


class Guardrails(ComponentResource):
    """Six policies hold for every member account: four of service control, one of resource control, one of tags."""

    policies: dict[str, aws.organizations.Policy]
    """By name: audit, identity, regions, data (service control), perimeter (resource control), tags."""

    def __init__(self, name: str, args: GuardrailsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:organization:Guardrails", name, {}, args.where.options(opts))
        self._name, self._args = name, args
        root = {"root": args.aws_organization.roots[0].id}
        control = "SERVICE_CONTROL_POLICY"
        self.policies = {
            "audit": self._policy(
                "audit", control, "What records and watches stays on", guardrail_policies.audit(), root
            ),
            "identity": self._policy(
                "identity", control, "No root user, roles of delivery, keys", guardrail_policies.identity(), root
            ),
            "regions": self._policy(
                "regions", control, "Listed regions only", [guardrail_policies.regions(args.organization.regions)], root
            ),
            "data": self._policy(
                "data", control, "Nothing public, nothing unencrypted", guardrail_policies.data(), args.units
            ),
            "perimeter": self._policy(
                "perimeter",
                "RESOURCE_CONTROL_POLICY",
                "Data is for this organization's principals",
                guardrail_policies.perimeter(args.aws_organization.id, args.organization.repository),
                root,
            ),
        }
        self.policies["tags"] = self._made(
            "tags", "TAG_POLICY", "Spelling and values of tags", guardrail_policies.tags(), root
        )
        self.register_outputs({"policies": {key: policy.id for key, policy in self.policies.items()}})

    def _policy(
        self, key: str, kind: str, purpose: str, statements: Sequence[Statement], targets: Mapping[str, Input[str]]
    ) -> aws.organizations.Policy:
        content = document(statements, limit=SCP_LIMIT, of=f"the organization's policy {key}")
        return self._made(key, kind, purpose, content, targets)

    def _made(
        self, key: str, kind: str, purpose: str, content: Input[str], targets: Mapping[str, Input[str]]
    ) -> aws.organizations.Policy:
        policy = aws.organizations.Policy(
            f"{self._name}-{key}",
            name=f"novaretail-{key}",
            description=purpose,
            type=kind,
            content=content,
            tags=self._args.where.tags,
            opts=ResourceOptions(parent=self, depends_on=[self._args.aws_organization]),
        )
        for target, id_ in targets.items():
            aws.organizations.PolicyAttachment(
                f"{self._name}-{key}-{target}",
                policy_id=policy.id,
                target_id=id_,
                opts=ResourceOptions(parent=self),
            )
        return policy
