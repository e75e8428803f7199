"""The address plan of three clouds: what is wrong between two ends is named with both of them."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import settings
from settings import reading

ROOT = Path(settings.__file__).parents[1]
CONFIG = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"]
KEY = "Key_of_one_tunnel.0123456789abcdef"


def _raw(changes: dict[str, Any]) -> dict[str, Any]:
    """Prod's settings with these paths changed; a number in a path is an index, None removes."""
    raw = copy.deepcopy({key.removeprefix("novaretail:"): value for key, value in CONFIG.items()})
    for path, value in changes.items():
        *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        place: Any = raw
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return raw


def _problems(changes: dict[str, Any]) -> list[str]:
    with pytest.raises(settings.SettingsError) as caught:
        reading.parse(_raw(changes), "prod")
    return [str(problem) for problem in caught.value.problems]


def _config(changes: dict[str, Any]) -> settings.DataStack:
    config = reading.parse(_raw(changes), "prod")
    assert isinstance(config, settings.DataStack)
    return config


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
        ({"links.gcp.subnets.analytics": "10.64.0.0/30"}, "Google's subnets have /29 at least"),
        (
            {"links.gcp.subnets.Big-Query": "10.65.0.0/20"},
            "a subnet's name is one to twenty small letters",
        ),
        (
            {"links.azure.subnets.runtime": "10.96.16.0/27"},
            'novaretail:links.azure.subnets.runtime = "10.96.16.0/27": it is not inside the virtual network',
        ),
        ({"links.azure.subnets.gateway": "10.96.0.0/28"}, "it needs /27 or more (Azure keeps five addresses"),
        ({"links.azure.subnets.endpoints": "10.96.1.0/28"}, "it overlaps subnets.runtime (10.96.1.0/27)"),
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
            {"links.azure.ike.group": 15},
            "novaretail:links.azure.ike.group = 15: Azure does not offer it, and AWS would. "
            "Take one that AWS and Azure both offer: 14, 19, 20, 24.",
        ),
        (
            {"links.azure.esp.integrity": "sha384"},
            "Azure does not offer it, and AWS would. Take one that AWS and Azure both offer: sha256.",
        ),
        ({"links.gcp.esp.group": 17}, "Google Cloud does not offer it, and AWS would."),
        ({"links.gcp.esp.integrity": "sha384"}, "Take one that AWS and Google Cloud both offer: sha256, sha512."),
        ({"links.gcp.ike.group": 2}, "novaretail:links.gcp.ike.group = 2: input should be 14, 15, 16"),
        ({"links.azure.tunnels": [["169.254.21.0/30", "169.254.22.0/30"]]}, "novaretail:links.azure.tunnels"),
        ({"links.azure.gateway_sku": "VpnGw2"}, "input should be 'VpnGw1AZ', 'VpnGw2AZ'"),
        ({"links.azure.log_days": 14}, "novaretail:links.azure.log_days = 14: input should be 30, 60"),
        ({"links.gcp.log_days": 42}, "novaretail:links.gcp.log_days = 42: input should be 1, 3"),
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
    problems = _problems(changes)
    assert len(problems) == 1, problems
    assert expected in problems[0]
    assert KEY not in problems[0]


def test_all_problems_of_a_plan_come_at_once() -> None:
    assert len(_problems({"links.gcp.asn": 64620, "links.azure.tunnels.0.1": "169.254.9.0/30"})) == 2


def test_galois_counter_mode_brings_its_own_integrity() -> None:
    esp = {"encryption": "aes256-gcm", "integrity": "sha512", "group": 20}
    config = _config({"links.azure.esp": esp, "links.gcp.esp": esp})
    assert config.links
    assert config.links.azure


def test_a_stack_may_have_one_link_or_none() -> None:
    config = _config({"links.azure": None, "azure": None})
    assert config.links
    assert config.links.azure is None
    tunnels = settings.AddressPlan(config.network, config.links).tunnels()
    assert list(tunnels) == ["gcp-1-1", "gcp-1-2", "gcp-2-1", "gcp-2-2"]
    assert _config({"links": None, "azure": None}).links is None


def test_a_key_of_one_tunnel_is_taken_and_not_shown() -> None:
    config = _config({"preshared_keys": {"gcp-2-1": KEY}})
    assert config.preshared_keys == {"gcp-2-1": KEY}
    assert KEY not in repr(config)


@pytest.mark.parametrize(
    ("secret", "expected"),
    [(True, "azure-1-1"), (False, "whoever reads the stack's file reads the keys. Remove it, make new keys")],
)
def test_keys_of_tunnels_are_taken_as_secrets_only(secret: bool, expected: str) -> None:
    program = f"""
import json, pulumi, settings
from settings import reading
config = json.loads({json.dumps(json.dumps(CONFIG))})
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
