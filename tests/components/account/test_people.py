"""People's roles: taken from one permission set each, with what their work needs and no file of the lake."""

from __future__ import annotations

import pytest

import contracts
from tests.graphs.access import Graph, graph
from tests.graphs.iam import Principal, Request, decide
from tests.graphs.recording import Recording, Registered

ROLES = {"analyst": ("DataAnalyst", contracts.ANALYST), "engineer": ("DataEngineer", contracts.ENGINEER)}
SSO = "arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/{region}AWSReservedSSO_{name}"


def _roles(stack: Recording) -> dict[str, Registered]:
    return {role.name.removeprefix("people-"): role for role in stack.of("Role") if role.parent == "people"}


def test_each_has_its_name_its_database_role_and_the_boundary_of_people(data_stack: Recording) -> None:
    roles = _roles(data_stack)
    assert roles.keys() == ROLES.keys()
    for name, role in roles.items():
        environment = role.inputs["tags"]["Environment"]
        assert role.inputs["name"] == f"novaretail-{environment}-{name}"
        assert role.inputs["tags"]["RedshiftDbRoles"] == ROLES[name][1]
        assert role.inputs["permissionsBoundary"].endswith(":people-boundary")
        made = [s.inputs["sql"] for s in data_stack.of("redshiftdata/statement:Statement")]
        assert f"CREATE ROLE {ROLES[name][1]}" in made


@pytest.mark.parametrize("name", ROLES)
def test_only_the_permission_set_of_this_account_takes_the_role(name: str) -> None:
    prod = graph("prod")
    permission_set = ROLES[name][0]

    def takes(account: str, suffix: str, region: str = "eu-west-1/") -> bool:
        arn = SSO.format(account=account, region=region, name=suffix)
        principal = Principal(arn, account, prod.organization)
        administrator = [{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]
        request = Request(principal, "sts:AssumeRole", prod.roles[name].arn)
        return bool(
            decide(
                request, identity=administrator, resource=prod.roles[name].trust, owner=prod.account, delegates=False
            )
        )

    hashed = "0123456789abcdef"
    assert takes(prod.account, f"{permission_set}_{hashed}")
    assert takes(prod.account, f"{permission_set}_{hashed}", region="")  # Identity Center in us-east-1
    assert not takes(prod.account, f"{permission_set}_Admin_{hashed}")
    assert not takes(prod.account, f"Other{permission_set}_{hashed}")
    assert not takes("999999999999", f"{permission_set}_{hashed}")
    other = Principal(f"arn:aws:iam::{prod.account}:role/{permission_set}", prod.account)
    assert not decide(
        Request(other, "sts:AssumeRole", prod.roles[name].arn), resource=prod.roles[name].trust, owner=prod.account
    )


def _may(prod: Graph, role: str, action: str, resource: str, **context: str) -> bool:
    return bool(prod.may(prod.roles[role], action, resource, {"aws:userid": "AROA:me", **context}))


def test_both_ask_the_warehouse_and_see_their_own_statements_only() -> None:
    prod = graph("prod")
    workgroup = prod.arn("warehouse-workgroup")
    for role in ROLES:
        assert _may(prod, role, "redshift-serverless:GetCredentials", workgroup)
        assert _may(prod, role, "redshift-data:ExecuteStatement", workgroup)
        owner = "redshift-data:statement-owner-iam-userid"
        assert _may(prod, role, "redshift-data:GetStatementResult", "*", **{owner: "AROA:me"})
        assert not _may(prod, role, "redshift-data:GetStatementResult", "*", **{owner: "AROA:other"})
        assert not _may(prod, role, "redshift-serverless:UpdateWorkgroup", workgroup)


def test_engineers_run_the_pipeline_and_read_logs_and_analysts_do_not() -> None:
    prod = graph("prod")
    machine = prod.arn("processing-pipeline")
    logs = f"arn:aws:logs:eu-west-1:{prod.account}:log-group:/novaretail/prod/glue/curate/error:log-stream:x"
    wanted = {
        "states:StartExecution": machine,
        "states:DescribeExecution": machine.replace(":stateMachine:", ":execution:") + ":run-1",
        "glue:GetJobRun": prod.arn("processing-curate"),
        "logs:GetLogEvents": logs,
    }
    for action, resource in wanted.items():
        assert _may(prod, "engineer", action, resource), action
        assert not _may(prod, "analyst", action, resource), action
    audit = logs.replace("/novaretail/prod/glue/curate/error", "/aws/redshift/novaretail-prod/useractivitylog")
    assert not _may(prod, "engineer", "logs:GetLogEvents", audit), "what others asked is the auditors' business"
    assert not _may(prod, "engineer", "states:UpdateStateMachine", machine)
