"""What is read, and how what is wrong is told: unknown and missing keys, secrets, everything at once."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import settings
from settings import reading
from tests.settings.given import ROOT, changed, raw_of, to


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "streming",
            {},
            "novaretail:streming = {}: there is no such setting. Did you mean `streaming`?",
        ),
        (
            "organization",
            {},
            "novaretail:organization = {}: a data stack has no accounts. Remove it, or correct novaretail:environment.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_value_rule_and_way_out(path: str, value: object, expected: str) -> None:
    assert expected in changed(to(path, value))


def test_structured_values_may_come_as_the_json_text_that_pulumi_hands_over() -> None:
    raw = {key: value if isinstance(value, str) else json.dumps(value) for key, value in raw_of("prod").items()}
    assert reading.parse(raw, "prod") == reading.parse(raw_of("prod"), "prod")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "links.azure.gateway_sku",
            "VpnGw2",
            "Give size of the gateway over all zones: VpnGw1AZ for 650 Mbit/s, VpnGw2AZ for one of AWS's tunnels.",
        ),
        ("links.gcp.asm", 64630, "novaretail:links.gcp.asm = 64630: there is no such setting. Did you mean `asn`?"),
    ],
)
def test_what_is_wrong_inside_a_part_that_may_be_left_out_is_told_by_the_field_itself(
    path: str, value: object, expected: str
) -> None:
    (problem,) = changed(to(path, value))
    assert problem.endswith(expected)


@pytest.mark.parametrize("key", ["environment", "account", "tags", "network", "streaming", "warehouse"])
def test_a_missing_section_says_what_to_add(key: str) -> None:
    problems = changed(lambda raw: raw.pop(key))
    (missing,) = [problem for problem in problems if problem.startswith(f"novaretail:{key} = null: it is missing.")]
    assert missing.split("it is missing. ")[1].startswith(("Add the section with ", "Set it to "))


def test_all_problems_of_a_stack_come_in_one_error() -> None:
    raw = raw_of("prod")
    raw["network"]["subnets"]["streaming"][0] = "10.20.0.0/24"
    raw["streaming"]["brokers"] = "three"
    raw["colour"] = "blue"
    del raw["warehouse"]
    raw["aws:region"] = "us-east-1"
    with pytest.raises(settings.SettingsError) as caught:
        reading.parse(raw, "prod")
    text = str(caught.value)
    assert text.startswith("Pulumi.prod.yaml has ")
    assert "nothing was created or changed" in text
    for key in ("network.subnets.streaming[0]", "streaming.brokers", "colour", "warehouse"):
        assert f"  - novaretail:{key} = " in text
    assert "  - aws:region = " in text
    assert text.count("\n") == len(caught.value.problems)


def test_a_setting_stored_as_a_secret_is_refused_without_showing_it() -> None:
    program = """
import json, pulumi, settings
from settings import reading
pulumi.runtime.set_all_config({"novaretail:account": "hidden-value"}, ["novaretail:account"])
pulumi.runtime.settings.configure(pulumi.runtime.settings.Settings("novaretail", "prod"))
try:
    reading.load()
except settings.SettingsError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 'novaretail:account = "[secret]": only keys of tunnels are secrets' in done.stdout
    assert "hidden-value" not in done.stdout
