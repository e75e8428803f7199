"""Failover: each tunnel is cut once while it carries traffic, which must find another one within the hold time."""

from __future__ import annotations

import time

from local.links import flows
from local.links.checks.trial import RETURN_S, Trial
from local.links.flows import Flow
from local.links.plan import Tunnel
from local.links.waiting import SlowError, wait

LATE_S = 1.5
"""How much later than the hold time a flow may go on: the daemons' and ping's own steps, on a busy machine."""
ROUNDS: tuple[tuple[set[str], set[str]], ...] = (({"1-1", "2-1"}, set()), ({"1-2"}, set()), ({"2-2"}, {"1-2"}))
"""(tunnels that are cut, tunnels that are mended before), by their numbers in their link. The first ones of both
connections together; then, without these, the second ones one after the other, in the end with one left of four."""


def check_failover(trial: Trial) -> None:
    """Cut and mend by ROUNDS, all links at the same time, which have nothing to do with each other."""
    down: list[Tunnel] = []
    for cut, mended in ROUNDS:
        _mend(trial, [tunnel for tunnel in down if tunnel.number in mended])
        down = [tunnel for tunnel in down if tunnel.number not in mended]
        chosen = [tunnel for tunnel in trial.plan.tunnels if tunnel.number in cut]
        _cut(trial, chosen)
        down += chosen
    _mend(trial, down)


def _cut(trial: Trial, tunnels: list[Tunnel]) -> None:
    """Cut tunnels under traffic, and note for how long it was silent."""
    names = ", ".join(tunnel.name for tunnel in tunnels)
    hold = max(tunnel.hold_s for tunnel in tunnels)
    trial.say(f"cutting {names} at once; their traffic has {hold} s to find another way")
    with trial.traffic() as (_, running):
        at = time.time()
        for tunnel in tunnels:
            trial.lab.cut(tunnel)
        try:
            wait(lambda: _moved(trial, tunnels, running), hold + 15, "", every=0.5)
        except SlowError:
            trial.say("some of it found none")
        time.sleep(1)
        until = time.time() - 0.5
    for tunnel in tunnels:
        mine = [flow for flow in running if flow.uses(tunnel.name)]
        silence = max((flow.silence(at, until) for flow in mine), default=0.0)
        trial.result.failover[tunnel.name] = round(silence, 1)
        ok = bool(mine) and silence <= tunnel.hold_s + LATE_S
        seen = f"{silence:.1f} s of silence, hold time {tunnel.hold_s} s, {len(mine)} flows"
        trial.result.note(f"failover of {tunnel.name} within its hold time", ok, seen)
        kept = [flow.silence(at, until) for flow in running if not any(flow.uses(cut.name) for cut in tunnels)]
        if kept:
            still = f"the others were silent for {max(kept):.1f} s at most"
            trial.result.note(f"a cut of {tunnel.name} leaves others alone", max(kept) < flows.LOST_S, still)


def _moved(trial: Trial, tunnels: list[Tunnel], running: list[Flow]) -> bool:
    """Whether both ends have given the sessions up, and all traffic is answered again."""
    sessions = [trial.lab.transit.session(tunnel.name) for tunnel in tunnels]
    sessions += [trial.lab.peers[tunnel.link].session(tunnel.name) for tunnel in tunnels]
    return not any(one.up for one in sessions) and all(flow.answered_within(1) for flow in running)


def _mend(trial: Trial, tunnels: list[Tunnel]) -> None:
    """Mend tunnels, and note how soon each is up again by itself."""
    if not tunnels:
        return
    trial.say(f"mending {', '.join(tunnel.name for tunnel in tunnels)}")
    at = time.monotonic()
    for tunnel in tunnels:
        trial.lab.mend(tunnel)
    waiting = {tunnel.name: tunnel for tunnel in tunnels}

    def returned() -> bool:
        for name, tunnel in list(waiting.items()):
            if trial.lab.is_up(tunnel):
                trial.result.back[name] = round(time.monotonic() - at, 1)
                del waiting[name]
        return not waiting

    try:
        wait(returned, RETURN_S, "")
    except SlowError:
        trial.say("not all of them came back")
    for tunnel in tunnels:
        took = trial.result.back.get(tunnel.name)
        seen = f"after {took} s, by itself" if took is not None else f"not in {RETURN_S} s"
        trial.result.note(f"{tunnel.name} comes back", took is not None, seen)
