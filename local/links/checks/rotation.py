"""Another key for one tunnel of each link while the others carry the traffic."""

from __future__ import annotations

import secrets
import string
import time

from local.links import flows
from local.links.checks.trial import RETURN_S, Trial
from local.links.lab import Lab
from local.links.plan import Tunnel
from local.links.waiting import SlowError, wait


def check_rotation(trial: Trial) -> None:
    """Change the keys under traffic: the old one is refused, the new one taken, and the others lose nothing."""
    chosen = trial.first_tunnels
    names = {tunnel.name for tunnel in chosen}
    trial.say(f"changing the keys of {', '.join(sorted(names))} while the others carry traffic")
    with trial.traffic() as (since, running):
        outcome = trial.lab.each(lambda tunnel: _rotate(trial.lab, tunnel), chosen)
        time.sleep(1)
        until = time.time() - 0.5
    for tunnel, (took, refused) in zip(chosen, outcome, strict=True):
        seen = f"the old key was refused ({refused[0] if refused else 'silently'}); up again after {took:.1f} s"
        trial.result.note(f"{tunnel.name} takes a new key", took >= 0 and bool(refused), seen)
    others = [flow.silence(since, until) for flow in running if not any(flow.uses(name) for name in names)]
    lost = max(others, default=float("inf"))
    seen = f"{len(others)} flows over the others were silent for {lost:.1f} s at most"
    own = [flow.silence(since, until) for flow in running if any(flow.uses(name) for name in names)]
    seen += f", those over the tunnels themselves for {max(own):.1f} s" if own else ""
    trial.result.note("a new key for one tunnel is no outage", lost < flows.LOST_S, seen)


def _rotate(lab: Lab, tunnel: Tunnel) -> tuple[float, list[str]]:
    """(seconds until it was up, -1 if never; what was said of the old key)."""
    began = time.monotonic()
    starter, answerer = lab.starter(tunnel), lab.answerer(tunnel)
    key = _new_key()
    starter.load(tries=1)
    starter.terminate()
    answerer.renew(key)
    mark = answerer.mark()
    refused = [] if starter.initiate() else answerer.said(mark)
    starter.renew(key)
    if not starter.initiate():
        return -1, refused
    try:
        wait(lambda: lab.is_up(tunnel), RETURN_S, "")
    except SlowError:
        return -1, refused
    return time.monotonic() - began, refused


def _new_key() -> str:
    letters = string.ascii_letters + string.digits
    return "k" + "".join(secrets.choice(letters) for _ in range(31))
