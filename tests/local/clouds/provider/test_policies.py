"""`aws.iam.getPolicyDocument` writes the JSON that the AWS provider writes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.clouds.provider.policies import policy_document


def document(**arguments: Any) -> dict[str, Any]:
    answer = policy_document(arguments)
    assert json.loads(answer["json"]) == json.loads(answer["minifiedJson"])
    found: dict[str, Any] = json.loads(answer["json"])
    return found


def test_a_statement_of_one_action_and_one_resource_has_no_lists() -> None:
    statement = {"sid": "Read", "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::b/*"]}

    assert document(statements=[statement]) == {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}],
    }


def test_everything_that_a_statement_may_have() -> None:
    statement = {
        "effect": "Deny",
        "notActions": ["s3:Get*", "s3:List*"],
        "notResources": ["a", "b", "a"],
        "principals": [
            {"type": "AWS", "identifiers": ["arn:aws:iam::1:root"]},
            {"type": "Service", "identifiers": ["glue.amazonaws.com", "lambda.amazonaws.com"]},
            {"type": "AWS", "identifiers": ["arn:aws:iam::2:root"]},
        ],
        "notPrincipals": [{"type": "Federated", "identifiers": ["accounts.google.com"]}],
        "conditions": [
            {"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["1"]},
            {"test": "StringEquals", "variable": "aws:PrincipalTag/team", "values": ["a", "b"]},
            {"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]},
        ],
    }

    assert document(policyId="P", version="2008-10-17", statements=[statement]) == {
        "Version": "2008-10-17",
        "Id": "P",
        "Statement": [
            {
                "Effect": "Deny",
                "NotAction": ["s3:List*", "s3:Get*"],
                "NotResource": ["b", "a"],
                "Principal": {
                    "AWS": ["arn:aws:iam::2:root", "arn:aws:iam::1:root"],
                    "Service": ["lambda.amazonaws.com", "glue.amazonaws.com"],
                },
                "NotPrincipal": {"Federated": "accounts.google.com"},
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": "1", "aws:PrincipalTag/team": ["a", "b"]},
                    "Bool": {"aws:SecureTransport": "false"},
                },
            }
        ],
    }


def test_everyone_is_a_star_unless_of_a_type() -> None:
    everyone = {"actions": ["a:B"], "principals": [{"type": "*", "identifiers": ["*"]}]}
    accounts = {"actions": ["a:B"], "principals": [{"type": "AWS", "identifiers": ["*"]}]}

    principals = [s["Principal"] for s in document(statements=[everyone, accounts])["Statement"]]

    assert principals == ["*", {"AWS": "*"}]


def test_iams_own_variables_are_written_with_an_ampersand() -> None:
    found = document(statements=[{"actions": ["a:B"], "resources": ["arn:aws:s3:::b/&{aws:username}"]}])

    assert found["Statement"][0]["Resource"] == "arn:aws:s3:::b/${aws:username}"


def test_later_documents_replace_statements_of_the_same_sid() -> None:
    def text(*statements: dict[str, str]) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

    found = document(
        sourcePolicyDocuments=[text({"Sid": "A", "Effect": "Allow"}), text({"Sid": "B", "Effect": "Allow"})],
        statements=[{"sid": "B", "effect": "Deny", "actions": ["x:Y"]}, {"actions": ["own:One"]}],
        overridePolicyDocuments=[text({"Sid": "A", "Effect": "Deny"}), text({"Sid": "C", "Effect": "Allow"})],
    )

    assert [(s.get("Sid"), s["Effect"]) for s in found["Statement"]] == [
        ("A", "Deny"),
        ("B", "Deny"),
        (None, "Allow"),
        ("C", "Allow"),
    ]


def test_a_sid_used_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="duplicate Sid Twice in statements"):
        document(statements=[{"sid": "Twice"}, {"sid": "Twice"}])
