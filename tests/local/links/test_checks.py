"""Real IKEv2 and BGP daemons negotiate what prod's own graph gives both ends of each tunnel.

One run of the daemons for all tests, of about two minutes: hold times are the graph's, nothing is shortened.
"""

from __future__ import annotations

import os
import subprocess

import pytest

from local.links import command, namespaces
from local.links.checks.every import check_all
from local.links.checks.failover import LATE_S
from local.links.checks.paper import check_paper
from local.links.plan import Plan
from local.links.report import Result
from local.site import Site

pytestmark = [pytest.mark.engine, pytest.mark.links]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return command.read(Site(state=tmp_path_factory.mktemp("links")), "prod")


@pytest.fixture(scope="module")
def result(plan: Plan) -> Result:
    lacking = namespaces.missing()
    if lacking and os.environ.get("CI") == "true" and os.geteuid() == 0 and namespaces.missing_packages():
        pytest.fail(f"CI must have {lacking[0]}; .ci/run installs them")
    if lacking:
        pytest.skip(f"this machine lacks {lacking[0]}")
    found = Result(plan)
    check_all(plan, found, print)
    return found


def hold(result: Result, name: str, *, count: int) -> None:
    """All checks of this name are there, and true."""
    checks = result.named(name)
    assert len(checks) == count, f"{len(checks)} checks are called {name!r}"
    assert [f"{check.name}: {check.seen}" for check in checks if not check.ok] == []


def test_the_graph_has_four_tunnels_to_each_cloud_and_both_ends_agree(plan: Plan) -> None:
    names = [f"{link}-{connection}-{tunnel}" for link in ("azure", "gcp") for connection in (1, 2) for tunnel in (1, 2)]
    assert [tunnel.name for tunnel in plan.tunnels] == names

    result = Result(plan)
    check_paper(plan, result)
    hold(result, "both ends of", count=8)
    hold(result, "no two tunnels share a key", count=1)


def test_all_tunnels_are_up_with_bgp_within_half_a_minute(result: Result) -> None:
    hold(result, "8 tunnels up with BGP within 30 s", count=1)


def test_each_tunnel_has_the_proposal_and_the_identities_of_both_ends(result: Result) -> None:
    hold(result, "proposal and identities of", count=8)


def test_a_rekey_has_an_exchange_of_its_own_and_loses_nothing(result: Result) -> None:
    hold(result, "forward secrecy after a rekey", count=1)
    hold(result, "a rekey loses nothing", count=1)


def test_neighbours_have_the_as_numbers_and_hold_time_that_each_was_told(result: Result) -> None:
    hold(result, "BGP neighbours of", count=8)


def test_each_side_learns_the_planned_routes_and_no_other(result: Result) -> None:
    hold(result, "routes of", count=8)


def test_azure_and_google_do_not_reach_each_other(result: Result) -> None:
    hold(result, "azure does not reach gcp", count=1)
    hold(result, "gcp does not reach azure", count=1)


def test_a_ping_goes_over_each_tunnel(result: Result) -> None:
    hold(result, "ping over", count=8)


def test_traffic_of_a_tunnel_that_is_cut_finds_another_within_the_hold_time(result: Result) -> None:
    hold(result, "failover of", count=8)
    hold(result, "a cut of", count=8)
    assert len(result.failover) == 8
    assert all(5 < seconds <= 30 + LATE_S for seconds in result.failover.values()), (
        "each carried traffic when it was cut"
    )


def test_each_tunnel_comes_back_by_itself(result: Result) -> None:
    names = [check.name for check in result.checks if check.name.endswith("comes back") and check.ok]
    assert sorted(names) == [f"{tunnel.name} comes back" for tunnel in result.plan.tunnels]


@pytest.mark.parametrize("name", ["azure-1-1", "gcp-1-1"])
def test_what_does_not_fit_is_refused_and_the_daemons_say_why(result: Result, name: str) -> None:
    hold(result, f"{name} refuses", count=7)
    hold(result, f"{name} is up again with what is right", count=1)
    said = {check.name.removeprefix(f"{name} refuses "): check.seen for check in result.named(f"{name} refuses")}
    assert "MAC mismatched" in said["a wrong key"]
    assert "no acceptable KEY_EXCHANGE_METHOD" in said["another IKE group"]
    assert "no acceptable ENCRYPTION_ALGORITHM" in said["another IKE cipher"]
    assert "no acceptable ENCRYPTION_ALGORITHM" in said["another ESP cipher"]
    assert "no acceptable KEY_EXCHANGE_METHOD" in said["another group at a rekey"]
    assert "Bad peer AS" in said["a wrong AS number"]
    assert "no session" in said["a wrong inside address"]


def test_one_tunnel_gets_another_key_while_the_others_carry_the_traffic(result: Result) -> None:
    hold(result, "azure-1-1 takes a new key", count=1)
    hold(result, "gcp-1-1 takes a new key", count=1)
    hold(result, "a new key for one tunnel is no outage", count=1)


def test_no_packet_is_in_clear_between_the_gateways(result: Result) -> None:
    hold(result, "no packet in clear between the gateways", count=1)


def test_nothing_is_left_behind(result: Result) -> None:
    prefix = f"{namespaces.PREFIX}{os.getpid()}-"
    assert prefix not in namespaces.run("ip", "netns", "list")
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert prefix not in running


def test_no_key_is_in_what_the_checks_say(result: Result) -> None:
    said = " ".join(check.seen for check in result.checks)
    assert [tunnel.name for tunnel in result.plan.tunnels if tunnel.aws.key in said] == []


def test_after_ctrl_c_nothing_is_left_either() -> None:
    lacking = namespaces.missing()
    if lacking:
        pytest.skip(f"this machine lacks {lacking[0]}")
    started: list[subprocess.Popen[bytes]] = []

    def interrupted() -> None:
        with namespaces.Namespaces() as spaces:
            spaces.add("one")
            started.append(spaces.start("one", ["sleep", "600"], subprocess.DEVNULL))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert started[0].poll() is not None
    assert f"{namespaces.PREFIX}{os.getpid()}-" not in namespaces.run("ip", "netns", "list")
