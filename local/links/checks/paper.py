"""Both ends of each tunnel held against each other, on paper: what is left where daemons cannot run."""

from __future__ import annotations

from ipaddress import IPv4Interface

from local.links.plan import Plan
from local.links.report import Result


def check_paper(plan: Plan, result: Result) -> None:
    """Note what differs between two ends, and whether two tunnels share a key."""
    for tunnel in plan.tunnels:
        ours, other = tunnel.aws, tunnel.other
        differ = [
            f"{what}: {one} and {two}"
            for what, one, two in (
                ("IKE proposal", ours.ike, other.ike),
                ("ESP proposal", ours.esp, other.esp),
                ("AWS's inside address", str(IPv4Interface(ours.inside).ip), other.peer),
                ("the other inside address", ours.peer, str(IPv4Interface(other.inside).ip)),
                ("AWS's AS", ours.asn, other.peer_asn),
                ("the other AS", ours.peer_asn, other.asn),
            )
            if one != two
        ]
        differ += [] if ours.key == other.key else ["the keys"]
        result.note(f"both ends of {tunnel.name} agree", not differ, "; ".join(differ) or "in all that is negotiated")
    keys = {tunnel.aws.key for tunnel in plan.tunnels}
    result.note("no two tunnels share a key", len(keys) == len(plan.tunnels), f"{len(keys)} keys")
