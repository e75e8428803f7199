"""How the repository's pipeline gets into an account: by the identity that GitHub signs for a job, and by no key.

Two roles. A pull request's job, and main's nightly look, may take the one that previews: it reads how things are
configured. A job of the environment, for which the repository's owners can ask a review, may take the one that
deploys. Where Pulumi keeps its state is the pipeline's own login; nothing here lets it in there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

import settings
from components.blocks.names import DELIVERY, DEPLOY_ROLE, PIPELINE_IDENTITY, PREVIEW_ROLE
from components.blocks.place import Place
from components.blocks.policies import INLINE_LIMIT, MANAGED_LIMIT, TRUST_LIMIT, Statement, allow, document
from components.organization import delivery_rights
from components.organization.delivery_rights import Target
from components.organization.delivery_services import GROUPS

AUDIENCE = "sts.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class DeliveryArgs:
    """What is delivered to, and from where."""

    where: Place
    account_id: Input[str]
    environment: str
    organization: settings.Organization
    """Names the repository."""


class Delivery(ComponentResource):
    """Two roles let the repository's pipeline into one account, by the identity that GitHub signs."""

    identity: aws.iam.OpenIdConnectProvider
    boundary: aws.iam.Policy
    """The most that either role can do."""
    preview: aws.iam.Role
    """Reads configuration, for jobs of pull requests."""
    deploy: aws.iam.Role
    """Changes what there is, for jobs of the environment."""

    def __init__(self, name: str, args: DeliveryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:organization:Delivery", name, {}, args.where.options(opts))
        self._name, self._args = name, args
        self._target = Target(account=args.account_id, region=args.where.region, environment=args.environment)
        self.identity = aws.iam.OpenIdConnectProvider(
            f"{name}-identity",
            # AWS knows GitHub's certificate authority itself, and needs no thumbprint.
            url=f"https://{PIPELINE_IDENTITY}",
            client_id_lists=[AUDIENCE],
            tags=args.where.tags,
            opts=ResourceOptions(parent=self),
        )
        self.boundary = self._policy(
            "boundary",
            "The most that a pipeline's role can do",
            delivery_rights.boundary(self._target),
        )
        self.preview = self._role(
            PREVIEW_ROLE,
            "preview",
            "Previews of pull requests: reads configuration, never data",
            ("pull_request", "ref:refs/heads/main"),
        )
        self.deploy = self._role(
            DEPLOY_ROLE, "deploy", "Deployments from the repository's pipeline", (f"environment:{args.environment}",)
        )
        for group in GROUPS:
            self._give(self.preview, "preview", group, delivery_rights.reads(group, self._target))
            self._give(self.deploy, "deploy", group, delivery_rights.changes(group, self._target))
        self._own(self.preview, PREVIEW_ROLE, "preview", delivery_rights.never(self._target))
        self._own(self.deploy, DEPLOY_ROLE, "deploy", [])
        self.register_outputs({"preview": self.preview.arn, "deploy": self.deploy.arn})

    def _policy(self, key: str, purpose: str, statements: Sequence[Statement]) -> aws.iam.Policy:
        return aws.iam.Policy(
            f"{self._name}-{key}",
            name=f"{DELIVERY}{key}",
            description=purpose,
            policy=document(statements, limit=MANAGED_LIMIT, of=f"{self._name}-{key}"),
            tags=self._args.where.tags,
            opts=ResourceOptions(parent=self),
        )

    def _role(self, physical: str, key: str, purpose: str, jobs: Sequence[str]) -> aws.iam.Role:
        args = self._args
        subjects = [f"repo:{args.organization.repository}:{job}" for job in jobs]
        identity = {
            "StringEquals": {
                f"{PIPELINE_IDENTITY}:aud": AUDIENCE,
                f"{PIPELINE_IDENTITY}:sub": subjects if len(subjects) > 1 else subjects[0],
            }
        }
        account = Output.concat("arn:aws:iam::", args.account_id, ":")
        itself: dict[str, dict[str, Input[str]]] = {
            "ArnEquals": {"aws:PrincipalArn": Output.concat(account, f"role/{physical}")}
        }
        trusted = [
            allow(["sts:AssumeRoleWithWebIdentity"], [], when=identity, principal={"Federated": self.identity.arn}),
            # The program's provider takes the role that the job came with once more, for it takes roles by their ARN.
            # A role that is not there yet cannot be a principal; the account, held to that role, can.
            allow(["sts:AssumeRole"], [], when=itself, principal={"AWS": Output.concat(account, "root")}),
        ]
        return aws.iam.Role(
            f"{self._name}-{key}",
            name=physical,
            description=purpose,
            assume_role_policy=document(trusted, limit=TRUST_LIMIT, of=f"the trust of {self._name}-{key}"),
            permissions_boundary=self.boundary.arn,
            max_session_duration=3600,
            tags=args.where.tags,
            opts=ResourceOptions(parent=self),
        )

    def _give(self, role: aws.iam.Role, key: str, group: str, statements: Sequence[Statement]) -> None:
        made = self._policy(f"{key}-{group}", f"What a {key} needs: {group}", statements)
        aws.iam.RolePolicyAttachment(
            f"{self._name}-{key}-{group}-attached",
            role=role.name,
            policy_arn=made.arn,
            opts=ResourceOptions(parent=self),
        )

    def _own(self, role: aws.iam.Role, physical: str, key: str, statements: Sequence[Statement]) -> aws.iam.RolePolicy:
        return aws.iam.RolePolicy(
            f"{self._name}-{key}-own",
            role=role.name,
            policy=document(
                [delivery_rights.itself(self._target, physical), *statements],
                limit=INLINE_LIMIT,
                of=f"{self._name}-{key}-own",
            ),
            opts=ResourceOptions(parent=self),
        )
