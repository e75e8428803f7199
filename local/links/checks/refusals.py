"""What a tunnel's ends must refuse of each other, and what the daemons say then."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from local.links.checks.trial import Trial
from local.links.lab import Lab, other_host
from local.links.plan import End, Tunnel
from local.links.report import Check
from local.links.router import protocol, render_peer
from local.links.waiting import SlowError, wait

REFUSED_S = 8
"""How long a BGP session gets to come up that must not."""
BACK_S = 60

Change = Callable[[End], End]


def check_refusals(trial: Trial) -> None:
    """Try what must be refused on one tunnel of each link, all at once."""
    chosen = trial.first_tunnels
    trial.say(f"trying what must be refused, on {', '.join(tunnel.name for tunnel in chosen)}")
    for found in trial.lab.each(lambda tunnel: list(_refusals(trial.lab, tunnel)), chosen):
        trial.result.checks += found


def _refusals(lab: Lab, tunnel: Tunnel) -> Iterator[Check]:
    """One check for each; in the end the tunnel is as it was.

    The session is closed first, so that no traffic is on the tunnel.
    """
    peer = lab.peers[tunnel.link]
    peer.birdc("disable", protocol(tunnel.name))
    wait(lambda: not lab.transit.session(tunnel.name).up, 10, f"the session of {tunnel.name} does not close")
    wrong: dict[str, Change] = {
        "a wrong key": lambda end: replace(end, key=end.key + "x"),
        "another IKE group": lambda end: replace(end, ike=_another_group(end.ike)),
        "another IKE cipher": lambda end: replace(end, ike=_another_cipher(end.ike)),
        "another ESP cipher": lambda end: replace(end, esp=_another_cipher(end.esp)),
    }
    for what, change in wrong.items():
        yield _try_ike(lab, tunnel, what, change)
    yield _try_rekey(lab, tunnel)
    lab.starter(tunnel).load()
    lab.starter(tunnel).initiate()
    yield _try_bgp(lab, tunnel, "a wrong AS number", lambda end: replace(end, asn=end.asn + 1), "Bad peer AS")
    moved = other_host(tunnel.other.inside)
    yield _try_bgp(lab, tunnel, "a wrong inside address", lambda end: replace(end, inside=moved), "")
    yield _restore(lab, tunnel)


def _try_ike(lab: Lab, tunnel: Tunnel, what: str, change: Change) -> Check:
    """Negotiate with a changed end that must be refused."""
    starter, answerer = lab.starter(tunnel), lab.answerer(tunnel)
    starter.load(tries=1, change=change)
    starter.terminate()
    marks = starter.mark(), answerer.mark()
    up = starter.initiate()
    said = answerer.said(marks[1]) + starter.said(marks[0])
    starter.terminate()
    return Check(
        f"{tunnel.name} refuses {what}", not up and bool(said), "; ".join(said) or ("it was taken" if up else "")
    )


def _try_rekey(lab: Lab, tunnel: Tunnel) -> Check:
    """The group of the traffic's keys is first used by a rekey (RFC 7296, 1.2), so that is where it shows."""
    starter, answerer = lab.starter(tunnel), lab.answerer(tunnel)
    starter.load(tries=1, change=lambda end: replace(end, esp=_another_group(end.esp)))
    starter.terminate()
    starter.initiate()
    before = starter.association()
    mark = answerer.mark()
    if before is not None:
        starter.rekey("child")
    with contextlib.suppress(SlowError):
        wait(lambda: bool(answerer.said(mark)), 5, "")
    said, after = answerer.said(mark), starter.association()
    kept = after is None or (before is not None and after.spi == before.spi)
    starter.terminate()
    return Check(
        f"{tunnel.name} refuses another group at a rekey", kept and bool(said), "; ".join(said) or "it was taken"
    )


def _try_bgp(lab: Lab, tunnel: Tunnel, what: str, change: Change, telling: str) -> Check:
    """The other cloud's router says something else of itself than AWS was told."""
    peer, transit = lab.peers[tunnel.link], lab.transit
    mark, changed = transit.mark(), replace(tunnel, other=change(tunnel.other))
    if changed.other.inside != tunnel.other.inside:
        _set_address(lab, tunnel, changed.other.inside)
    peer.reconfigure(render_peer(changed if each == tunnel else each for each in lab.plan.link(tunnel.link)))
    peer.birdc("enable", protocol(tunnel.name))
    names = (protocol(tunnel.name), "Unexpected connect")

    def said() -> list[str]:
        return transit.said(mark, lambda line: any(name in line for name in names) and telling in line)

    try:
        wait(lambda: transit.session(tunnel.name).up, REFUSED_S, "")
        refused = False
    except SlowError:
        refused = True
    state = transit.session(tunnel.name).state
    if changed.other.inside != tunnel.other.inside:
        _set_address(lab, tunnel, tunnel.other.inside)
    lines = said()
    other = peer.session(tunnel.name).state
    seen = (
        f"{lines[-1]}; {state}" if lines else f"no session with {tunnel.aws.peer}: AWS {state}, the other end {other}"
    )
    return Check(f"{tunnel.name} refuses {what}", refused and (bool(lines) or not telling), seen)


def _set_address(lab: Lab, tunnel: Tunnel, inside: str) -> None:
    lab.spaces.ip(tunnel.link, "addr", "flush", "dev", tunnel.name)
    lab.spaces.ip(tunnel.link, "addr", "add", inside, "dev", tunnel.name)


def _restore(lab: Lab, tunnel: Tunnel) -> Check:
    """Tell the other cloud's router what is right again, and wait until the tunnel is up."""
    peer = lab.peers[tunnel.link]
    peer.reconfigure(render_peer(lab.plan.link(tunnel.link)))
    peer.birdc("enable", protocol(tunnel.name))
    try:
        took = wait(lambda: lab.is_up(tunnel), BACK_S, "")
    except SlowError:
        return Check(f"{tunnel.name} is up again with what is right", False, f"not in {BACK_S} s")
    return Check(f"{tunnel.name} is up again with what is right", True, f"after {took:.1f} s")


def _another_group(proposal: str) -> str:
    rest, _, group = proposal.rpartition("-")
    return f"{rest}-{'modp3072' if group != 'modp3072' else 'modp4096'}"


def _another_cipher(proposal: str) -> str:
    first, _, rest = proposal.partition("-")
    return f"{first.replace('256', '128')}-{rest}"
