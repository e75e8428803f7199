"""The address plan of three clouds: what is wrong between two ends is named with both of them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

import settings
from tests.settings.given import ROOT, STACKS, data_of, problems_of, raw_of, to

KEY = "Key_of_one_tunnel.0123456789abcdef"


def _with(changes: dict[str, Any]) -> dict[str, Any]:
    raw = raw_of("prod")
    for path, value in changes.items():
        to(path, value)(raw)
    return raw


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"links.gcp.subnets.analytics": "10.20.64.0/20"},
            'novaretail:links.gcp.subnets.analytics = "10.20.64.0/20": it overlaps novaretail:network.cidr '
            "(10.20.0.0/16), so neither end could tell where an address is. Give each end ranges of its own.",
        ),
        (
            {"links.gcp.subnets.analytics": "10.96.8.0/22"},
            "it overlaps novaretail:links.azure.network (10.96.0.0/20), so neither end could tell",
        ),
        (
            {"links.gcp.subnets.analytics": "10.140.0.0/20"},
            "it overlaps 10.128.0.0/9, Google's auto mode networks. Take a block outside of it.",
        ),
        (
            {"links.gcp.subnets.analytics": "172.17.4.0/22"},
            "it overlaps 172.17.0.0/16, what AWS and Google use for containers",
        ),
        ({"links.gcp.subnets.analytics": "198.51.100.0/24"}, "a linked network has private addresses"),
        (
            {"links.gcp.asn": 64620},
            "novaretail:links.gcp.asn = 64620: novaretail:network.transit_asn has it too, and a route that comes back "
            "to its own number is dropped. Give each end a number of its own.",
        ),
        ({"links.gcp.asn": 64640}, "novaretail:links.azure.asn has it too"),
        ({"links.azure.asn": 65515}, "an end has a private AS number that Azure does not keep for itself"),
        ({"links.gcp.asn": 16550}, "an end has a private AS number"),
        (
            {"links.azure.tunnels.0.1": "169.254.23.0/30"},
            'novaretail:links.azure.tunnels[0][1] = "169.254.23.0/30": Azure\'s gateway takes 169.254.21.0 to '
            "169.254.22.255 only, AWS any. Take a /30 of 169.254.21.0/24 or 169.254.22.0/24.",
        ),
        ({"links.gcp.tunnels.1.1": "169.254.32.0/29"}, "the inside of a tunnel is a /30 of 169.254.0.0/16"),
        ({"links.gcp.tunnels.1.1": "10.0.0.0/30"}, "the inside of a tunnel is a /30 of 169.254.0.0/16"),
        ({"links.gcp.tunnels.1.1": "169.254.169.252/30"}, "AWS keeps it for itself"),
        (
            {"links.gcp.tunnels.1.1": "169.254.22.4/30"},
            'novaretail:links.gcp.tunnels[1][1] = "169.254.22.4/30": it overlaps '
            "novaretail:links.azure.tunnels[1][1] (169.254.22.4/30), and the transit gateway has both ends.",
        ),
        (
            {"preshared_keys": {"gcp-1-3": KEY}},
            'novaretail:preshared_keys.gcp-1-3 = "[secret]": there is no such tunnel. Remove it; tunnels are azure-1-1',
        ),
        (
            {"preshared_keys": {"gcp-1-1": KEY, "azure-2-1": KEY}},
            'novaretail:preshared_keys.azure-2-1 = "[secret]": gcp-1-1 has the same',
        ),
        ({"preshared_keys": {"gcp-1-1": f"0{KEY}"}}, "and does not begin with 0. Make one with: openssl"),
        ({"preshared_keys": {"gcp-1-1": "short"}}, "a key has 32 to 64 letters, digits, points and underscores"),
        ({"preshared_keys": {"gcp-1-1": 7}}, 'novaretail:preshared_keys.gcp-1-1 = "[secret]": input should be'),
    ],
)
def test_what_is_wrong_between_ends_is_named_with_value_rule_and_way_out(
    changes: dict[str, Any], expected: str
) -> None:
    problems = problems_of(_with(changes))
    assert len(problems) == 1, problems
    assert expected in problems[0]
    assert KEY not in problems[0]


def test_all_problems_of_a_plan_come_at_once() -> None:
    assert len(problems_of(_with({"links.gcp.asn": 64620, "links.azure.tunnels.0.1": "169.254.9.0/30"}))) == 2


def test_a_key_of_one_tunnel_is_taken_and_not_shown() -> None:
    config = data_of(_with({"preshared_keys": {"gcp-2-1": KEY}}))
    assert config.preshared_keys == {"gcp-2-1": KEY}
    assert KEY not in repr(config)


@pytest.mark.parametrize(
    ("secret", "expected"),
    [(True, "azure-1-1"), (False, "whoever reads the stack's file reads the keys. Remove it, make new keys")],
)
def test_keys_of_tunnels_are_taken_as_secrets_only(secret: bool, expected: str) -> None:
    config = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text("utf-8"))["config"]
    program = f"""
import json, pulumi, settings
from settings import reading
config = json.loads({json.dumps(json.dumps(config))})
values = {{key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}}
values["novaretail:preshared_keys"] = json.dumps({{"azure-1-1": {KEY!r}}})
pulumi.runtime.set_all_config(values, ["novaretail:preshared_keys"] if {secret} else [])
pulumi.runtime.settings.configure(pulumi.runtime.settings.Settings("novaretail", "prod"))
try:
    print(list(reading.load().preshared_keys))
except settings.SettingsError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert expected in done.stdout
    assert KEY not in done.stdout


def _plan(stack: str) -> settings.AddressPlan:
    config = data_of(raw_of(stack), stack)
    assert config.links
    return settings.AddressPlan(config.network, config.links)


def test_no_range_or_number_of_a_plan_is_in_another_environments() -> None:
    plans = [_plan(stack) for stack in STACKS if stack != "organization"]
    ranges = [(stack, block) for stack, plan in enumerate(plans) for block in plan.ranges().values()]
    assert [(a, b) for i, a in ranges for j, b in ranges if i < j and a.overlaps(b)] == []
    numbers = [number for plan in plans for number in plan.numbers().values()]
    assert len(set(numbers)) == len(numbers) == 9
