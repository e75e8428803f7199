"""A policy that AWS would refuse for its size fails the preview, though a preview knows no ARN yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.clouds.engine.engine import Engine, EngineError
from local.site import Site

pytestmark = pytest.mark.engine

PROGRAM = """\
import json, pulumi, pulumi_aws as aws
from components.blocks.policies import Grantee, allow, attach, document, trust

root = pulumi.ComponentResource("toy:x:Y", "root")
key = aws.kms.Key("key")
role = aws.iam.Role("job", assume_role_policy=trust(["glue.amazonaws.com"], account="123456789012"))
job = Grantee("job", role)

def statements(number):  # about 120 characters each, 75 of which are an ARN that only the deployment knows
    return [allow([f"kms:Action{i:04}"], [key.arn]) for i in range(number)]

"""


def preview(folder: Path, more: str) -> str:
    """The error of a preview of the program; empty if there is none."""
    program = folder / "program"
    program.mkdir()
    (program / "Pulumi.yaml").write_text("name: toy\nruntime: python\n")
    (program / "Pulumi.dev.yaml").write_text("config: {}\n")
    (program / "__main__.py").write_text(PROGRAM + more)
    try:
        Engine(Site(state=folder / "site"), "dev", program).preview()
    except EngineError as error:
        return str(error)
    return ""


def test_the_inline_policies_of_a_role_count_together(tmp_path: Path) -> None:
    error = preview(
        tmp_path,
        'attach(root, "lake-job", job, statements(50))\nattach(root, "catalog-job", job, statements(30))\n',
    )

    assert "the inline policies of the role job have 11" in error
    assert "characters together, AWS takes 10240 (lake-job 6" in error
    assert "catalog-job 4" in error
    assert "Traceback" not in error


def test_each_alone_is_within_the_limit(tmp_path: Path) -> None:
    assert preview(tmp_path, 'attach(root, "lake-job", job, statements(50))\n') == ""


def test_one_inline_policy_over_the_limit_is_named(tmp_path: Path) -> None:
    error = preview(tmp_path, 'attach(root, "lake-job", job, statements(90))\n')

    assert "the policy of lake-job on job has 1" in error
    assert "AWS takes 10240: grant by prefix, or split it" in error


def test_a_managed_policy_over_its_own_limit_is_named(tmp_path: Path) -> None:
    error = preview(
        tmp_path, 'aws.iam.Policy("boundary", policy=document(statements(60), limit=6144, of="the boundary"))\n'
    )

    assert "the policy of the boundary has 8" in error
    assert "AWS takes 6144" in error


def test_a_trust_policy_over_its_limit_is_named(tmp_path: Path) -> None:
    error = preview(
        tmp_path,
        'aws.iam.Role("r", assume_role_policy=trust(["a.amazonaws.com"], account="1",'
        ' source_arns=["arn:aws:x:y:z:" + "n" * 90] * 20))\n',
    )

    assert "the trust policy for a.amazonaws.com has 2" in error
    assert "AWS takes 2048" in error
