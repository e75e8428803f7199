"""Delivery: who may take the pipeline's roles, what they may do, and that it is what the program needs and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib.resources import files
from typing import Any

import pytest

from tests.graphs.iam import allowed, denied
from tests.graphs.recording import Recording, record

ENVIRONMENTS = {"prod-core": "prod", "nonprod-core": "nonprod", "shared-services": "shared"}
ISSUER = "token.actions.githubusercontent.com"
ACCOUNT = "organization-prod-core-id"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/novaretail-prod-boundary"
LAKE = "arn:aws:s3:::novaretail-prod-datalake-curated"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret"
BOTH = pytest.mark.parametrize("role", ["preview", "deploy"])

IAM_NAMES = {
    "accessanalyzer": "access-analyzer",
    "appautoscaling": "application-autoscaling",
    "cloudwatch/eventRule": "events",
    "cloudwatch/eventTarget": "events",
    "cloudwatch/logGroup": "logs",
    "cloudwatch/logMetricFilter": "logs",
    "ec2transitgateway": "ec2",
    "mskconnect": "kafkaconnect",
    "msk": "kafka",
    "redshiftdata": "redshift-data",
    "redshiftserverless": "redshift-serverless",
    "route53/resolver": "route53resolver",
    "sfn": "states",
    "vpc": "ec2",
}
"""What begins a type of the SDK -> the service whose actions make it, where the two differ."""


def _statements(organization: Recording, role: str, account: str = "prod-core") -> list[dict[str, Any]]:
    """What a role's own policies say."""
    name = f"delivery-{account}-{role}"
    attached = {
        a.inputs["policyArn"] for a in organization.of("RolePolicyAttachment") if a.inputs["role"].endswith(role)
    }
    documents = [
        p.json("policy")
        for p in organization.of("iam/policy:Policy")
        if p.name.startswith(f"{name}-") and any(arn.endswith(f":{p.name}") for arn in attached)
    ]
    assert len(documents) == 5
    documents.append(organization.one(f"{name}-own").json("policy"))
    return [statement for document in documents for statement in document["Statement"]]


def _may(organization: Recording, role: str, action: str, resource: str, **context: str) -> bool:
    """Both the role's policies and its boundary must let it."""
    boundary = organization.one("delivery-prod-core-boundary").json("policy")["Statement"]
    return allowed(_statements(organization, role), action, resource, **context) and allowed(
        boundary, action, resource, **context
    )


def test_each_account_has_its_identity_provider_and_two_roles_in_itself(organization: Recording) -> None:
    made = [r for r in organization.resources if r.name.startswith("delivery-") and r.custom]
    for account in ENVIRONMENTS:
        own = [r for r in made if r.name.startswith(f"delivery-{account}-")]
        assert {r.provider for r in own} == {f"organization-{account}-provider"}
        identity = organization.one(f"delivery-{account}-identity")
        assert identity.inputs["url"] == f"https://{ISSUER}"
        assert identity.inputs["clientIdLists"] == ["sts.amazonaws.com"]
        names = {r.inputs["name"] for r in own if r.kind == "Role"}
        assert names == {"novaretail-preview", "novaretail-deploy"}
    assert len([r for r in made if r.kind == "Role"]) == 6


def test_a_role_is_for_this_repository_and_its_environment_or_what_may_only_look_and_nobody_else(
    organization: Recording,
) -> None:
    for account, environment in ENVIRONMENTS.items():
        looks = [f"repo:novaretail/data-backbone:{job}" for job in ("pull_request", "ref:refs/heads/main")]
        of_environment = f"repo:novaretail/data-backbone:environment:{environment}"
        for role, subject in (("deploy", of_environment), ("preview", looks)):
            made = organization.one(f"delivery-{account}-{role}")
            web, itself = made.json("assumeRolePolicy")["Statement"]
            assert web["Action"] == ["sts:AssumeRoleWithWebIdentity"]
            assert web["Principal"] == {"Federated": f"arn:aws:iam:eu-west-1:000000000000:delivery-{account}-identity"}
            assert web["Condition"] == {
                "StringEquals": {
                    f"{ISSUER}:aud": "sts.amazonaws.com",
                    f"{ISSUER}:sub": subject,
                }
            }
            own = f"arn:aws:iam::organization-{account}-id:role/novaretail-{role}"
            assert itself["Principal"] == {"AWS": f"arn:aws:iam::organization-{account}-id:root"}
            assert itself["Condition"] == {"ArnEquals": {"aws:PrincipalArn": own}}
            (again,) = [s for s in _statements(organization, role, account) if "sts:AssumeRole" in s["Action"]]
            assert again["Resource"] == [own]


def test_both_roles_are_bounded_by_a_policy_that_they_cannot_change(organization: Recording) -> None:
    for account in ENVIRONMENTS:
        for role in ("preview", "deploy"):
            bounded = organization.one(f"delivery-{account}-{role}").inputs["permissionsBoundary"]
            assert bounded.endswith(f":delivery-{account}-boundary")
    for action, resource in (
        ("iam:CreatePolicyVersion", f"arn:aws:iam::{ACCOUNT}:policy/novaretail-delivery-boundary"),
        ("iam:UpdateAssumeRolePolicy", f"{ROLE}/novaretail-deploy"),
        ("iam:PutRolePolicy", f"{ROLE}/novaretail-deploy"),
        ("iam:AttachRolePolicy", f"{ROLE}/OrganizationAccountAccessRole"),
    ):
        assert not _may(organization, "deploy", action, resource, iam__PermissionsBoundary=BOUNDARY)
        boundary = organization.one("delivery-prod-core-boundary").json("policy")["Statement"]
        assert denied(boundary, action, resource, iam__PermissionsBoundary=BOUNDARY)


def test_a_deployment_makes_roles_with_the_environments_boundary_only(organization: Recording) -> None:
    role = f"{ROLE}/access-curate-1a2b3c4"
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        assert _may(organization, "deploy", action, role, iam__PermissionsBoundary=BOUNDARY)
        assert not _may(organization, "deploy", action, role, iam__PermissionsBoundary="arn:aws:iam::1:policy/wide")
        assert not _may(organization, "deploy", action, role)
        assert not _may(organization, "deploy", action, f"{ROLE}/somebodys", iam__PermissionsBoundary=BOUNDARY)
    assert not _may(organization, "deploy", "iam:DeleteRolePermissionsBoundary", role)
    assert not _may(organization, "deploy", "iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/x")
    assert not _may(organization, "deploy", "iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/x")
    assert _may(organization, "deploy", "iam:PassRole", role, iam__PassedToService="glue.amazonaws.com")
    assert not _may(organization, "deploy", "iam:PassRole", role, iam__PassedToService="ec2.amazonaws.com")
    assert not _may(organization, "deploy", "organizations:LeaveOrganization", "*")


def test_a_deployment_makes_the_one_user_with_the_boundary_and_changes_its_key_and_no_other(
    organization: Recording,
) -> None:
    user, other = (f"arn:aws:iam::{ACCOUNT}:user/novaretail-{e}-data-factory" for e in ("prod", "nonprod"))
    for action in ("iam:CreateUser", "iam:PutUserPolicy", "iam:PutUserPermissionsBoundary"):
        assert _may(organization, "deploy", action, user, iam__PermissionsBoundary=BOUNDARY), action
        assert not _may(organization, "deploy", action, user), action
        assert not _may(organization, "deploy", action, user, iam__PermissionsBoundary="arn:aws:iam::1:policy/wide")
        assert not _may(organization, "deploy", action, other, iam__PermissionsBoundary=BOUNDARY), action
    for action in (
        "CreateAccessKey",
        "DeleteAccessKey",
        "ListAccessKeys",
        "GetUser",
        "DeleteUser",
        "ListGroupsForUser",
    ):
        assert _may(organization, "deploy", f"iam:{action}", user), action
        assert not _may(organization, "deploy", f"iam:{action}", other), action
        assert not _may(organization, "preview", f"iam:{action}", user) or action.startswith(("Get", "List")), action
    for action in ("AttachUserPolicy", "CreateLoginProfile", "DeleteUserPermissionsBoundary", "AddUserToGroup"):
        assert not _may(organization, "deploy", f"iam:{action}", user, iam__PermissionsBoundary=BOUNDARY), action
    boundary = organization.one("delivery-prod-core-boundary").json("policy")["Statement"]
    for action, resource in (
        ("iam:CreateAccessKey", other),
        ("iam:DeleteUserPermissionsBoundary", user),
        ("iam:CreateUser", user),
        ("iam:AddUserToGroup", f"arn:aws:iam::{ACCOUNT}:group/administrators"),
    ):
        assert denied(boundary, action, resource, iam__PermissionsBoundary="arn:aws:iam::1:policy/wide"), action


@BOTH
def test_neither_role_reads_or_removes_data(organization: Recording, role: str) -> None:
    s3 = {"kms__ViaService": "s3.eu-west-1.amazonaws.com"}
    for action, resource in (
        ("s3:GetObject", f"{LAKE}/orders/data/x.parquet"),
        ("s3:GetObjectVersion", f"{LAKE}/orders/data/x.parquet"),
        ("s3:DeleteObject", f"{LAKE}/orders/data/x.parquet"),
        ("secretsmanager:GetSecretValue", f"{SECRET}:novaretail-prod-shop"),
        ("redshift-data:GetStatementResult", "*"),
        ("redshift-serverless:GetCredentials", f"arn:aws:redshift-serverless:eu-west-1:{ACCOUNT}:workgroup/1"),
        ("kafka-cluster:ReadData", f"arn:aws:kafka:eu-west-1:{ACCOUNT}:topic/novaretail-prod/1/orders"),
        ("sqs:ReceiveMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:failures"),
        ("logs:GetLogEvents", f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/novaretail/prod/x:log-stream:y"),
    ):
        assert not _may(organization, role, action, resource, **s3), action
        boundary = organization.one("delivery-prod-core-boundary").json("policy")["Statement"]
        assert denied(boundary, action, resource), action
    # What the program ships it must see again, to know whether it changed.
    assert _may(organization, role, "s3:GetObject", "arn:aws:s3:::novaretail-prod-code/glue/curate.py")


def test_a_preview_is_told_so_even_if_its_boundary_were_lifted(organization: Recording) -> None:
    statements = _statements(organization, "preview")
    assert denied(statements, "s3:GetObject", f"{LAKE}/orders/data/x.parquet")
    assert denied(statements, "secretsmanager:GetSecretValue", f"{SECRET}:redshift!x")
    assert denied(statements, "redshift-data:ExecuteStatement", f"arn:aws:redshift-serverless:eu-west-1:{ACCOUNT}:w")
    assert denied(statements, "ec2:DescribeVpnConnections", "*")


def test_a_deployment_makes_and_changes_the_aws_end_of_a_link(organization: Recording) -> None:
    ec2 = f"arn:aws:ec2:eu-west-1:{ACCOUNT}"
    for action, resource in (
        ("ec2:CreateCustomerGateway", f"{ec2}:customer-gateway/cgw-1"),
        ("ec2:CreateVpnConnection", f"{ec2}:transit-gateway/tgw-1"),
        ("ec2:ModifyVpnConnection", f"{ec2}:vpn-connection/vpn-1"),
        ("ec2:ModifyVpnTunnelOptions", f"{ec2}:vpn-connection/vpn-1"),
        ("ec2:DeleteVpnConnection", f"{ec2}:vpn-connection/vpn-1"),
        ("ec2:CreateTransitGatewayRoute", f"{ec2}:transit-gateway-route-table/tgw-rtb-1"),
        ("ec2:DescribeVpnConnections", "*"),
    ):
        assert _may(organization, "deploy", action, resource), action
        assert not _may(organization, "preview", action, resource), action


def test_a_preview_changes_nothing(organization: Recording) -> None:
    reading = ("Describe", "Get", "List", "Search", "Connect", "Validate", "Decrypt", "AssumeRole")
    actions = [a for s in _statements(organization, "preview") if s["Effect"] == "Allow" for a in s["Action"]]
    assert len(actions) > 80
    assert [a for a in actions if not a.split(":")[1].startswith(reading)] == []


def test_a_preview_reads_what_a_deployment_reads(organization: Recording) -> None:
    def reads(role: str) -> set[str]:
        found = (a for s in _statements(organization, role) if s["Effect"] == "Allow" for a in s["Action"])
        return {a for a in found if a.split(":")[1].startswith(("Describe", "List", "Get"))}

    # The warehouse's administrator, in whose name a deployment's statements run; and what shows the keys of tunnels.
    assert reads("deploy") - reads("preview") == {"ec2:DescribeVpnConnections", "secretsmanager:GetSecretValue"}


@pytest.mark.parametrize("stack", ["prod", "nonprod"])
def test_every_service_that_the_program_uses_may_be_deployed_and_previewed(organization: Recording, stack: str) -> None:
    for role, reason in (("deploy", "changes"), ("preview", "reads")):
        given = {
            a.split(":")[0] for s in _statements(organization, role) if s["Effect"] == "Allow" for a in s["Action"]
        }
        used = {_service(r.type) for r in record(stack).resources if r.type.startswith("aws:")}
        assert used <= given, f"add what a {role} {reason} of them to components/organization/delivery_services.py"


def _service(type_: str) -> str:
    name = type_.removeprefix("aws:")
    for start in sorted(IAM_NAMES, key=len, reverse=True):
        if name.startswith(start):
            return IAM_NAMES[start]
    return name.split("/")[0]


@pytest.mark.parametrize(("stack", "account"), [("prod", "prod-core"), ("nonprod", "nonprod-core")])
def test_the_programs_roles_are_those_that_a_deployment_may_make_and_pass(
    organization: Recording, stack: str, account: str
) -> None:
    statements = _statements(organization, "deploy", account)
    (made,) = [s for s in statements if "iam:CreateRole" in s["Action"]]
    (passed,) = [s for s in statements if "iam:PassRole" in s["Action"]]
    boundary = record(stack).one("access-boundary")
    assert made["Condition"]["StringEquals"]["iam:PermissionsBoundary"].endswith(f":policy/{boundary.inputs['name']}")
    for role in record(stack).of("iam/role:Role"):
        name = role.inputs.get("name", f"{role.name}-1a2b3c4")
        arn = f"arn:aws:iam::organization-{account}-id:role/{name}"
        assert any(fnmatch(arn, pattern) for pattern in made["Resource"]), role.name
        for statement in role.json("assumeRolePolicy")["Statement"]:
            services = statement["Principal"].get("Service", [])
            services = [services] if isinstance(services, str) else services
            assert set(services) <= set(passed["Condition"]["StringEquals"]["iam:PassedToService"]), role.name
    for bucket in record(stack).of("s3/bucket:Bucket"):
        assert allowed(statements, "s3:CreateBucket", f"arn:aws:s3:::{bucket.inputs['bucket']}"), bucket.name


def _known_actions() -> dict[str, dict[str, Any]]:
    text = (files("cfnlint") / "data/AdditionalSpecs/Policies.json").read_text()
    known: dict[str, dict[str, Any]] = json.loads(text)
    return known


def _actions(organization: Recording) -> Iterator[tuple[str, dict[str, Any], str, list[dict[str, Any]]]]:
    """(resource, statement, action, what AWS knows of the actions that it means)."""
    known = _known_actions()
    for resource in organization.resources:
        for name in ("policy", "content"):
            text = resource.inputs.get(name, "")
            if isinstance(text, str) and text.startswith('{"Version"'):
                for statement in json.loads(text)["Statement"]:
                    for action in statement.get("Action", statement.get("NotAction")):
                        if action != "*":
                            service, verb = action.lower().split(":")
                            actions = known[service]["Actions"]
                            meant = [actions[a] for a in actions if fnmatch(a, verb)]
                            yield resource.name, statement, action, meant


def test_every_action_that_a_policy_names_exists(organization: Recording) -> None:
    found = list(_actions(organization))
    assert len(found) > 500
    assert [(name, action) for name, _, action, meant in found if not meant] == []


def test_a_role_is_given_actions_on_resources_where_iam_knows_them_and_anywhere_only_where_not(
    organization: Recording,
) -> None:
    conditioned = {"kms:CreateKey", "lambda:CreateEventSourceMapping"}
    for name, statement, action, meant in _actions(organization):
        if not name.startswith("delivery-") or statement["Effect"] == "Deny":
            continue
        resourceless = [not found.get("Resources") for found in meant]
        if statement["Resource"] == ["*"]:
            assert all(resourceless), (name, action)
            if not name.endswith("-boundary"):
                assert ("Condition" in statement) == (action in conditioned), (name, action)
        else:
            assert not all(resourceless), (name, action)


def test_policies_of_the_pipeline_are_within_iams_limits(organization: Recording) -> None:
    for policy in organization.of("iam/policy:Policy"):
        assert len(policy.inputs["policy"]) <= 6144, policy.name
    attached: dict[str, int] = {}
    for attachment in organization.of("RolePolicyAttachment"):
        role = attachment.inputs["role"] + attachment.provider
        attached[role] = attached.get(role, 0) + 1
    assert set(attached.values()) == {5}  # ten are allowed


def test_the_roles_are_exported_by_account(organization: Recording) -> None:
    for output, role in (("deploy_roles", "deploy"), ("preview_roles", "preview")):
        assert {account: arn.rsplit(":", 1)[-1] for account, arn in organization.outputs[output].items()} == {
            account: f"delivery-{account}-{role}" for account in ENVIRONMENTS
        }
