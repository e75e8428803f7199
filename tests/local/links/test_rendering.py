"""What the routers and gateways are configured with, and what a report says."""

from __future__ import annotations

import json
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from local.links import command, ends, namespaces, report
from local.links.lab import other_host
from local.links.plan import Plan
from local.links.report import Result
from local.links.router import render_peer, render_transit
from local.site import Site
from local.toolchain import packages


@pytest.fixture
def plan(resources: Any) -> Plan:
    return ends.read(resources)


def line(text: str, begin: str) -> str:
    return next(each for each in text.splitlines() if each.startswith(begin))


def test_the_transit_gateway_tells_an_attachment_what_its_own_table_leads_to(plan: Plan) -> None:
    text = render_transit(plan.tunnels, plan.zones, 64620)

    # tables in the order of their ids: azure, backbone, gcp
    assert "ipv4 { table zone0; }; route 10.20.21.0/24 blackhole;" in line(text, "protocol static planned0")
    assert "ipv4 { table zone2; }; route 10.20.31.0/24 blackhole;" in line(text, "protocol static planned2")
    assert "export none; import all;" in line(text, "protocol pipe pipe0_0")
    assert "export where source = RTS_BGP; import none;" in line(text, "protocol pipe pipe0_1")
    assert "pipe0_2" not in text
    assert "pipe1_0" not in text
    assert "table zone1; import none; export where source = RTS_BGP" in line(text, "protocol kernel vpc")


def test_a_session_has_its_own_addresses_numbers_and_hold_time(plan: Plan) -> None:
    ours = line(render_transit(plan.tunnels, plan.zones, 64620), "protocol bgp azure_1_1")
    theirs = line(render_peer(plan.link("azure")), "protocol bgp azure_1_1")

    assert "local 169.254.21.9 as 64620; neighbor 169.254.21.10 as 64640;" in ours
    assert "local 169.254.21.10 as 64640; neighbor 169.254.21.9 as 64620;" in theirs
    assert "hold time 30;" in ours
    assert "hold time 180;" in theirs


def test_without_ecmp_the_transit_gateway_takes_one_way(plan: Plan) -> None:
    assert "merge paths" in render_transit(plan.tunnels, plan.zones, 64620)
    assert "merge paths" not in render_transit(plan.tunnels, replace(plan.zones, ecmp=False), 64620)


def test_google_announces_with_its_priority_and_takes_what_its_policy_lets_in(plan: Plan) -> None:
    session = line(render_peer(plan.link("gcp")), "protocol bgp gcp_1_2")

    assert "import filter { if net = 10.20.31.0/24 then { bgp_med = 100; accept; } reject; }" in session
    assert "export filter { if net ~ [ 10.64.0.0/20 ] then { bgp_med = 200; accept; } reject; }" in session


def test_an_unexpected_inside_address_is_of_another_block() -> None:
    assert other_host("169.254.21.2/30") == "169.254.21.6/30"


def test_a_report_has_every_tunnel_and_no_key(plan: Plan, tmp_path: Path) -> None:
    result = Result(plan, failover={"azure-1-1": 22.3})
    result.note("a promise", False, "what was seen instead")
    report.write(result, tmp_path / "links.json", "prod")
    console = Console(width=160, record=True, file=(tmp_path / "shown").open("w"))
    report.show(result, console)
    written, shown = (tmp_path / "links.json").read_text(), console.export_text()

    assert not json.loads(written)["ok"]
    assert [each["name"] for each in json.loads(written)["tunnels"]] == [each.name for each in plan.tunnels]
    assert "FAILED a promise: what was seen instead" in shown
    assert "22.3 s" in shown
    for text in (written, shown):
        assert "203.0.113.22" in text
        assert "key.of" not in text


def test_a_machine_without_the_daemons_is_told_which_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name, path: None if name in ("bird", "swanctl") else name)
    monkeypatch.setattr(namespaces, "CHARON", Path("/nonexistent/charon"))
    (text,) = namespaces.missing()

    assert "bird2" in text
    assert "strongswan-swanctl" in text
    assert "strongswan-charon" in text
    assert "apt-get install -y --no-install-recommends" in text


def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert "root" in namespaces.missing()[0]


@pytest.mark.parametrize(("key", "code", "says"), [("", 0, "agree on paper"), ("another.key", 1, "checks failed")])
def test_where_no_daemon_runs_both_ends_are_compared_and_what_was_skipped_is_said(
    resources: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    key: str,
    code: int,
    says: str,
) -> None:
    if key:
        resources.of("azure-2")["sharedKey"] = key
    file = tmp_path / "build" / "links.json"
    monkeypatch.setattr(command, "FILE", file)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(packages, "build", lambda: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(command, "read", lambda *_: ends.read(resources))
    monkeypatch.setattr(namespaces, "missing", lambda: ["bird2, to be had from apt"])

    assert command.links(Site(state=tmp_path), "prod") == code
    said = capsys.readouterr().out
    assert "skipped: no daemon was started; this machine lacks bird2" in said
    assert says in said
    assert json.loads(file.read_text())["skipped"]
