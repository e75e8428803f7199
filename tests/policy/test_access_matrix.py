"""The committed matrix says who may do what; the graph's policies are held against it, cell by cell."""

from __future__ import annotations

import pytest

from tests.graphs.access import graph
from tests.policy import matrix

FORBIDDEN = (
    "iam:CreateRole",
    "iam:PassRole",
    "iam:PutRolePolicy",
    "iam:DeleteRolePermissionsBoundary",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketPolicy",
    "s3:PutLifecycleConfiguration",
    "s3:PutObjectAcl",
    "cloudtrail:StopLogging",
    "logs:DeleteLogGroup",
    "organizations:LeaveOrganization",
)
"""What no role of the data path or of people may do to anything."""


def test_no_role_may_more_than_the_matrix_says_and_all_that_it_says() -> None:
    derived, committed = matrix.lines(matrix.derive(graph("prod"))), matrix.lines(matrix.committed())
    assert sorted(derived - committed) == [], "a grant that nobody reviewed: add these lines, or take it back"
    assert sorted(committed - derived) == [], "promised, but denied: mend the grant, or take these lines out"


def test_every_role_of_the_graph_is_in_the_matrix() -> None:
    assert matrix.committed().keys() == graph("prod").roles.keys()


@pytest.mark.parametrize("stack", ["prod", "nonprod"])
def test_no_grant_lies_outside_the_boundary_of_its_role(stack: str) -> None:
    seen = graph(stack)
    assert {r.name: found for r in seen.roles.values() if (found := matrix.blocked(r, seen))} == {}


@pytest.mark.parametrize("stack", ["prod", "nonprod"])
def test_no_role_changes_rights_keys_buckets_or_what_watches_them(stack: str) -> None:
    seen = graph(stack)
    resources = {
        "iam": [role.arn for role in seen.roles.values()],
        "kms": [seen.arn(key.name) for key in seen.recording.of("kms/key:Key")],
        "s3": [f"arn:aws:s3:::{name}{end}" for name in seen.bucket_policies() for end in ("", "/orders/a")],
        "logs": [seen.arn(group.name) for group in seen.recording.of("LogGroup")],
        "cloudtrail": [f"arn:aws:cloudtrail:eu-west-1:{seen.account}:trail/any"],
        "organizations": ["*"],
    }
    for role in seen.roles.values():
        for action in FORBIDDEN:
            for resource in resources[action.split(":")[0]]:
                assert not seen.may(role, action, resource), (role.name, action, resource)


def test_nobody_reaches_what_is_not_declared() -> None:
    # MSK Connect makes topics of its own, below a name that no topic of a contract has.
    wide = [line for line in matrix.lines(matrix.derive(graph("prod"))) if matrix.UNLISTED in line]
    assert wide == []


def test_people_have_no_file_no_key_and_no_secret() -> None:
    derived = matrix.derive(graph("prod"))
    for role in ("analyst", "engineer"):
        assert not derived[role].keys() & {"files", "keys", "secrets", "tables", "topics"}, role
