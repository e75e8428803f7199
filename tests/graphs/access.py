"""The recorded graph of a stack as IAM sees it: roles and users with their policies, and resources with theirs.

Under mocks every ARN is made up from the resource's name; here each gets the form that AWS gives it, because
boundaries and patterns are written for that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from tests.graphs.iam import Context, Decision, Document, Principal, Request, decide
from tests.graphs.recording import ROOT, Recording, Registered, record

REGION = "eu-west-1"
_MOCK_ACCOUNT = "000000000000"
_MOCK_ARN = re.compile(rf"arn:aws:[\w-]+:{REGION}:{_MOCK_ACCOUNT}:[\w-]+")

_FORMS = {
    "aws:s3/bucket:Bucket": "arn:aws:s3:::{bucket}",
    "aws:kms/key:Key": "arn:aws:kms:{region}:{account}:key/{_name}",
    "aws:iam/role:Role": "arn:aws:iam::{account}:role/{name}",
    "aws:iam/user:User": "arn:aws:iam::{account}:user/{name}",
    "aws:sqs/queue:Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "aws:sns/topic:Topic": "arn:aws:sns:{region}:{account}:{name}",
    "aws:cloudwatch/logGroup:LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "aws:sfn/stateMachine:StateMachine": "arn:aws:states:{region}:{account}:stateMachine:{name}",
    "aws:glue/job:Job": "arn:aws:glue:{region}:{account}:job/{name}",
    "aws:glue/connection:Connection": "arn:aws:glue:{region}:{account}:connection/{name}",
    "aws:lambda/function:Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "aws:secretsmanager/secret:Secret": "arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
    "aws:redshiftserverless/workgroup:Workgroup": "arn:aws:redshift-serverless:{region}:{account}:workgroup/{_name}",
}
"""Type -> the form of its ARN; {name} is the input, or the resource's name where AWS or Pulumi chooses."""


@dataclass(frozen=True)
class Role:
    """A role, or a user: nobody takes that, so its trust is empty."""

    name: str
    arn: str
    trust: Document
    boundary: Document
    policies: tuple[Document, ...]


@dataclass(frozen=True)
class Graph:
    """`roles` by their names without the component's, and a document for whatever the graph has a policy for."""

    account: str
    organization: str
    recording: Recording
    roles: Mapping[str, Role]

    def principal(self, role: Role) -> Principal:
        return Principal(role.arn, self.account, self.organization)

    def may(
        self,
        role: Role,
        action: str,
        resource: str,
        context: Context | None = None,
        *,
        policy: Document | None = None,
        delegates: bool = True,
    ) -> Decision:
        """Whether a role may do something, by its own policies, its boundary and the resource's policy."""
        return decide(
            Request(self.principal(role), action, resource, context or {}),
            identity=role.policies,
            boundary=role.boundary,
            resource=policy,
            delegates=delegates,
        )

    def arn(self, name: str) -> str:
        """The ARN of the resource that the program calls so."""
        return _arn(self.recording.one(name), self.account)

    def policy(self, name: str) -> Document:
        """The policy that a resource of the program is, or has."""
        return _document(self.recording, self.account, self.recording.one(name).inputs["policy"])

    def bucket_policies(self) -> dict[str, Document]:
        """Physical name of each bucket -> its policy."""
        policies = self.recording.of("s3/bucketPolicy:BucketPolicy")
        return {policy.inputs["bucket"]: self.policy(policy.name) for policy in policies}


@cache
def graph(stack: str, changes: str = "{}") -> Graph:
    """
    Args:
        changes: as JSON text, what is put in the place of the stack file's settings (see `record`).
    """
    recording = record(stack, changes)
    account = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]["novaretail:account"]
    conditions = [s.get("Condition", {}) for s in recording.one("lake-raw-policy").json("policy")["Statement"]]
    (organization,) = {
        c["StringNotEqualsIfExists"]["aws:PrincipalOrgID"]
        for c in conditions
        if "aws:PrincipalOrgID" in c.get("StringNotEqualsIfExists", {})
    }
    boundaries = {_mock_arn(p): p.inputs["policy"] for p in recording.of("iam/policy:Policy")}
    attached: dict[str, list[str]] = {}
    for policy in recording.of("iam/rolePolicy:RolePolicy"):
        attached.setdefault(policy.inputs["role"], []).append(policy.inputs["policy"])
    roles = {}
    for role in recording.of("iam/role:Role"):
        name = role.name.removeprefix("access-").removeprefix("people-")
        roles[name] = Role(
            name=name,
            arn=_arn(role, account),
            trust=_document(recording, account, role.inputs["assumeRolePolicy"]),
            boundary=_document(recording, account, boundaries[role.inputs["permissionsBoundary"]]),
            policies=tuple(
                _document(recording, account, text) for text in attached.get(role.inputs.get("name", role.name), [])
            ),
        )
    granted = {policy.inputs["user"]: policy for policy in recording.of("iam/userPolicy:UserPolicy")}
    for user in recording.of("iam/user:User"):
        name = user.inputs["name"].split("-", 2)[2]  # novaretail-prod-data-factory
        roles[name] = Role(
            name=name,
            arn=_arn(user, account),
            trust={"Statement": []},
            boundary=_document(recording, account, boundaries[user.inputs["permissionsBoundary"]]),
            policies=(_document(recording, account, granted[user.inputs["name"]].inputs["policy"]),),
        )
    return Graph(account, organization, recording, roles)


def _mock_arn(resource: Registered) -> str:
    return f"arn:aws:{resource.type.split(':')[1].split('/')[0]}:{REGION}:{_MOCK_ACCOUNT}:{resource.name}"


def _arn(resource: Registered, account: str) -> str:
    form = _FORMS.get(resource.type)
    if form is None:
        raise LookupError(f"say in tests/graphs/access.py how AWS writes the ARN of {resource.type} ({resource.name})")
    texts = {key: value for key, value in resource.inputs.items() if isinstance(value, str)}
    return form.format_map(
        {"name": resource.name, **texts, "_name": resource.name, "region": REGION, "account": account}
    )


def _document(recording: Recording, account: str, text: str) -> Document:
    mocked = {_mock_arn(r): r for r in recording.resources if r.type.startswith("aws:")}

    def real(match: re.Match[str]) -> str:
        resource = mocked.get(match[0])
        return _arn(resource, account) if resource else match[0].replace(_MOCK_ACCOUNT, account)

    document: Document = json.loads(_MOCK_ARN.sub(real, text))
    return document
