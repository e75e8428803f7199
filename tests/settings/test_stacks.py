"""What a kind of stack has; which stack, account and region it is; and that the committed files are right."""

from __future__ import annotations

import ast
import dataclasses
from typing import Any

import pytest

import settings
from settings import reading
from tests.settings.given import ROOT, STACKS, changed, data_of, raw_of, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "environment",
            "nonprod",
            'novaretail:environment = "nonprod": it does not fit the stack prod. '
            "Set it to prod, or select the other stack.",
        ),
        (
            "environment",
            "production",
            "novaretail:environment = \"production\": input should be 'organization', 'prod', 'nonprod' or 'local'. "
            "Set it to one of organization, prod, nonprod, local.",
        ),
        (
            "account",
            "1234",
            "novaretail:account = \"1234\": string should match pattern '^[0-9]{12}$'. "
            "Set it to the account's twelve digits, in quotes.",
        ),
        (
            "account",
            "123456789012",
            'novaretail:account = "123456789012": 123456789012 is the local platform\'s account, and no other '
            "stack's. "
            "Set it to the account of this environment.",
        ),
        (
            "aws:region",
            "us-east-1",
            'aws:region = "us-east-1": the region must be one where customers\' data may be. '
            "Set it to one of eu-west-1, eu-central-1, eu-north-1, eu-south-1, eu-west-3.",
        ),
        (
            "aws:allowedAccountIds",
            ["999999999999"],
            'aws:allowedAccountIds = ["999999999999"]: the AWS provider must refuse every account but '
            'novaretail:account (210987654321). Set it to ["210987654321"].',
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))


def test_the_local_platform_has_no_real_account() -> None:
    problems = changed(to("account", "210987654321"), "local")
    assert any("is the local platform's account" in problem for problem in problems)


@pytest.mark.parametrize("stack", STACKS)
def test_the_committed_stack_files_are_right(stack: str) -> None:
    config = reading.parse(raw_of(stack), stack)
    assert config.environment == stack
    assert isinstance(config, settings.OrganizationStack) == (stack == "organization")


def test_accounts_networks_and_environments_are_not_shared_between_stacks() -> None:
    parsed = [reading.parse(raw_of(stack), stack) for stack in STACKS]
    assert len({config.account for config in parsed}) == len(STACKS)
    networks = [config.network.cidr for config in parsed if isinstance(config, settings.DataStack)]
    assert not any(a.overlaps(b) for a in networks for b in networks if a is not b)
    numbers = [config.network.transit_asn for config in parsed if isinstance(config, settings.DataStack)]
    assert len(set(numbers)) == len(numbers)


def test_the_keys_of_a_stack_are_its_fields_and_those_with_a_default_may_be_left_out() -> None:
    found = settings.keys(settings.DataStack)
    fields = {field.name for field in dataclasses.fields(settings.DataStack)}
    assert set(found) == fields - {"region"}  # which the AWS provider's key says
    assert found["network"] == settings.Key(settings.Network, optional=False)
    assert found["azure"] == settings.Key(settings.Azure, optional=True)
    assert found["preshared_keys"].optional
    assert set(settings.SECTIONS) == set(found) | set(settings.keys(settings.OrganizationStack))


def test_every_field_says_what_it_is_in_words() -> None:
    def check(model: Any) -> None:
        for name, field in model.model_fields.items():
            nested = field.annotation
            assert field.description, f"{model.__name__}.{name}"
            if isinstance(nested, type) and issubclass(nested, settings.Section):
                check(nested)

    for section in settings.Section.__subclasses__():
        check(section)


def test_settings_cannot_be_changed_once_read() -> None:
    parsed = data_of(raw_of("prod"))
    with pytest.raises(ValueError, match="frozen"):
        parsed.streaming.brokers = 1


def test_settings_imports_nothing_of_ours() -> None:
    trees = [ast.parse(file.read_text("utf-8")) for file in (ROOT / "settings").glob("*.py")]
    imported = {
        name.split(".")[0]
        for tree in trees
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert "pydantic" in imported
    assert not imported & {"components", "contracts", "etl", "bridges", "local", "policy", "tests"}
