"""The roles that people take, to query the warehouse and to run the pipeline.

People sign in through IAM Identity Center, which makes a role of its own for every permission set in an account; from
there they take one of these. Identity Center checks second factors and assigns people to permission sets; this module
says what a role may do. No person has a right on files of the lake: data is read in the warehouse, which knows columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, ResourceOptions

from components.blocks.place import Place
from components.blocks.policies import ANYTHING, MANAGED_LIMIT, TRUST_LIMIT, Grantee, Statement, allow, document


@dataclass(frozen=True, kw_only=True)
class Person:
    """A role that people take."""

    permission_set: str
    """Those whom Identity Center gives it may take the role."""
    database_role: str
    """What the role is in the warehouse."""
    purpose: str
    """The role's description."""


@dataclass(frozen=True, kw_only=True)
class PeopleArgs:
    """Which roles there are."""

    where: Place
    roles: Mapping[str, Person]
    """By name."""
    pipeline: str
    """Name of the state machine that some of them may start."""


class People(ComponentResource):
    """The component makes people's roles within one boundary."""

    roles: dict[str, Grantee]
    """By name."""

    def __init__(self, name: str, args: PeopleArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:security:People", name, {}, args.where.options(opts))
        where = args.where
        own = ResourceOptions(parent=self)
        boundary = aws.iam.Policy(
            f"{name}-boundary",
            description="The most that a person's role in the data backbone can be given",
            policy=document(_boundary(args), limit=MANAGED_LIMIT, of="the boundary of people"),
            tags=where.tags,
            opts=own,
        )
        self.roles = {}
        for role, person in args.roles.items():
            # Permission sets name the role that may be taken, and Redshift calls its user IAMR:<name>.
            physical = where.name(role)
            self.roles[role] = Grantee(
                role,
                aws.iam.Role(
                    f"{name}-{role}",
                    name=physical,
                    description=person.purpose,
                    assume_role_policy=document([_trust(where, person)], limit=TRUST_LIMIT, of=f"trust of {role}"),
                    permissions_boundary=boundary.arn,
                    # GetCredentials reads the database roles of its user from this tag (Redshift management guide,
                    # "Defining database roles to grant to federated users").
                    tags={**where.tags, "RedshiftDbRoles": person.database_role},
                    opts=own,
                ),
                physical,
            )
        self.register_outputs({"roles": {role: grantee.arn for role, grantee in self.roles.items()}})


def _trust(where: Place, person: Person) -> Statement:
    """Allow the permission set's role in this account: AWSReservedSSO_<set>_<16 digits>, below a path by region."""
    sso = f"role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{person.permission_set}_{'?' * 16}"
    return allow(
        ["sts:AssumeRole"],
        [],
        principal={"AWS": f"arn:aws:iam::{where.account}:root"},
        when={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{where.account}:{sso}"}},
    )


def _boundary(args: PeopleArgs) -> list[Statement]:
    own = args.where.arn
    groups = [f"log-group:{prefix}{args.where.log_group('*')}" for prefix in ("", "/aws/vendedlogs")]
    workgroups = [own("redshift-serverless", "workgroup/*")]
    return [
        allow(["redshift-serverless:GetCredentials", "redshift-serverless:GetWorkgroup"], workgroups),
        allow(["redshift-data:BatchExecuteStatement", "redshift-data:ExecuteStatement"], workgroups),
        allow(
            ["states:Describe*", "states:GetExecutionHistory", "states:List*", "states:Start*", "states:StopExecution"],
            [own("states", f"stateMachine:{args.pipeline}"), own("states", f"execution:{args.pipeline}:*")],
        ),
        allow(["glue:GetJobRun", "glue:GetJobRuns"], [own("glue", "job/*")]),
        allow(["logs:Describe*", "logs:Filter*", "logs:Get*", "logs:StartQuery"], [own("logs", g) for g in groups]),
        # Statements of the warehouse and queries over logs have an owner or an id, but no ARN.
        allow(
            [
                "logs:GetQueryResults",
                "logs:StopQuery",
                "redshift-data:CancelStatement",
                "redshift-data:DescribeStatement",
                "redshift-data:GetStatementResult",
                "redshift-data:ListStatements",
            ],
            [ANYTHING],
        ),
    ]
