"""What the daemons agreed on: proposals, identities, neighbours, routes; and that no cloud reaches another one."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv4Network

from local.links import flows, proposals
from local.links.checks.trial import Trial
from local.links.plan import Tunnel


def check_agreed(trial: Trial) -> None:
    """Look at each tunnel, and try each way from one cloud to another."""
    trial.say("looking at what was negotiated and learned")
    for tunnel in trial.plan.tunnels:
        _check_proposal_and_identities(trial, tunnel)
        _check_neighbours(trial, tunnel)
        _check_routes(trial, tunnel)
        _check_ping(trial, tunnel)
    for link in trial.plan.links:
        for other in trial.plan.links:
            if other != link:
                _check_apart(trial, link, other)


def _check_proposal_and_identities(trial: Trial, tunnel: Tunnel) -> None:
    problems, seen = [], ""
    for gateway in (trial.lab.ours[tunnel.name], trial.lab.theirs[tunnel.name]):
        found, end = gateway.association(), gateway.end
        if found is None:
            problems.append(f"{end.cloud} has no association")
            continue
        if found.ike != proposals.negotiated(end.ike):
            problems.append(f"{end.cloud} has {'/'.join(sorted(found.ike))} for IKE instead of {end.ike}")
        # the first one is made with IKE's own exchange of keys, and shows no group of its own
        if not found.esp <= proposals.negotiated(end.esp):
            problems.append(f"{end.cloud} has {'/'.join(sorted(found.esp))} for ESP instead of {end.esp}")
        if (found.local_id, found.remote_id) != (end.address, end.remote):
            problems.append(f"{end.cloud} is {found.local_id} and takes the other for {found.remote_id}")
        seen = f"{'/'.join(sorted(found.ike))}; {end.address} and {end.remote}"
    trial.result.note(f"proposal and identities of {tunnel.name}", not problems, "; ".join(problems) or seen)


def _check_neighbours(trial: Trial, tunnel: Tunnel) -> None:
    problems, seen = [], []
    for router, end in ((trial.lab.transit, tunnel.aws), (trial.lab.peers[tunnel.link], tunnel.other)):
        session = router.session(tunnel.name)
        seen.append(f"{end.cloud} has AS {session.peer_asn} at {session.neighbour}, hold time {session.hold_s} s")
        expected = (end.peer, end.peer_asn, tunnel.hold_s)
        if not session.up or (session.neighbour, session.peer_asn, session.hold_s) != expected:
            problems.append(f"{seen[-1]}, {session.state}")
    trial.result.note(f"BGP neighbours of {tunnel.name}", not problems, "; ".join(problems or seen))


def _check_routes(trial: Trial, tunnel: Tunnel) -> None:
    ours = trial.lab.transit.session(tunnel.name).received
    theirs = trial.lab.peers[tunnel.link].session(tunnel.name).received
    planned = tuple(sorted(tunnel.other.announces)), trial.plan.zones.announced(tunnel.aws.attachment)
    trial.result.learned[tunnel.name] = {"AWS": ours, tunnel.other.cloud: theirs}
    seen = f"AWS learned {', '.join(ours) or 'nothing'}; {tunnel.other.cloud} {', '.join(theirs) or 'nothing'}"
    trial.result.note(f"routes of {tunnel.name} are the planned ones", (ours, theirs) == planned, seen)


def _check_ping(trial: Trial, tunnel: Tunnel) -> None:
    said = trial.lab.spaces.within(
        "transit", "ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", "-p", flows.MARK.hex(),
        "-I", str(IPv4Interface(tunnel.aws.inside).ip), str(IPv4Interface(tunnel.other.inside).ip), check=False,
    )  # fmt: skip
    trial.result.note(f"ping over {tunnel.name}", " 3 received" in said, _line(said, "packets transmitted"))


def _check_apart(trial: Trial, link: str, other: str) -> None:
    """No route leads from one cloud to the other, and a packet that is sent all the same is turned back."""
    lab, router = trial.lab, trial.lab.peers[link]
    foreign = [IPv4Network(block) for block in lab.blocks(other)]
    learned = {block for tunnel in trial.plan.link(link) for block in router.session(tunnel.name).received}
    leaks = [block for block in learned if any(IPv4Network(block).overlaps(each) for each in foreign)]
    source, target = _some_host(lab.blocks(link)), _some_host(lab.blocks(other))
    tunnel = trial.plan.link(link)[0].name
    lab.spaces.ip(link, "route", "add", target, "dev", tunnel, "src", source)
    ping = ("ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", "-I", source, target)
    said = lab.spaces.within(link, *ping, check=False)
    lab.spaces.ip(link, "route", "del", target, "dev", tunnel)
    turned = "Unreachable" in said and " 0 received" in said
    seen = f"{link} learned {', '.join(sorted(learned))}; sent all the same: {_line(said, 'Unreachable')}"
    trial.result.note(f"{link} does not reach {other}", not leaks and turned, seen)


def _some_host(blocks: tuple[str, ...]) -> str:
    return str(IPv4Network(blocks[0])[20])


def _line(said: str, about: str) -> str:
    return next((line.strip() for line in said.splitlines() if about in line), said.strip()[-200:])
