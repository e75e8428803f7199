"""Provider instances with an account and a region of their own, as the program configures them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local.clouds.engine.engine import Engine, EngineError

from .conftest import Program

pytestmark = pytest.mark.engine
Client = Callable[[str], Any]

INSTANCE = """\
def made(name, account, allowed, region="eu-west-1"):
    role = aws.ProviderAssumeRoleArgs(role_arn=f"arn:aws:iam::{account}:role/deploy") if account else None
    provider = aws.Provider(
        name, region=region, allowed_account_ids=[allowed], assume_roles=[role] if role else None)
    vpc = aws.ec2.Vpc(name + "-vpc", cidr_block="10.0.0.0/16", opts=pulumi.ResourceOptions(provider=provider))
    pulumi.export(name, vpc.arn)

"""


def buckets(client: Client) -> list[str]:
    return [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]]


@pytest.mark.parametrize("operation", ["preview", "up"])
def test_a_role_in_an_account_that_is_not_allowed_stops_the_run(
    engine: Engine, program: Program, client: Client, operation: str
) -> None:
    program.write(INSTANCE + 'made("other", "999999999999", "111111111111")')

    with pytest.raises(EngineError) as raised:
        getattr(engine, operation)()

    assert "AWS account ID not allowed: 999999999999 (allowedAccountIds: 111111111111)" in str(raised.value)
    assert "other-vpc" not in {r.name for r in raised.value.resources}


def test_without_a_role_the_running_platform_is_the_account(engine: Engine, program: Program) -> None:
    program.write(INSTANCE + 'made("own", "", "123456789012")')
    engine.up()
    program.write(INSTANCE + 'made("own", "", "111111111111")')

    with pytest.raises(EngineError, match="AWS account ID not allowed: 123456789012"):
        engine.up()


@pytest.mark.parametrize(
    ("region", "message"),
    [
        ("eu-west-one", "invalid AWS Region: eu-west-one"),
        ("eu-north-1", "aws:region = eu-north-1: the platform on this machine plays eu-west-1 only; set it to that"),
    ],
)
def test_a_region_that_is_none_or_is_not_played_here_stops_the_run(
    engine: Engine, program: Program, region: str, message: str
) -> None:
    program.write(INSTANCE + f'made("far", "", "123456789012", "{region}")')

    with pytest.raises(EngineError) as raised:
        engine.up()

    assert message in str(raised.value)


def test_each_instance_makes_resources_in_its_own_account(engine: Engine, program: Program) -> None:
    program.write(
        INSTANCE + 'made("one", "111111111111", "111111111111")\nmade("two", "222222222222", "222222222222")\n'
    )
    engine.up()
    outputs = engine.outputs()

    assert outputs["one"].startswith("arn:aws:ec2:eu-west-1:111111111111:vpc/")
    assert outputs["two"].startswith("arn:aws:ec2:eu-west-1:222222222222:vpc/")
    assert engine.up().changes["same"] == 12
