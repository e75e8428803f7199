"""Rekeying under traffic: each new key comes from an exchange of its own, and nothing is lost."""

from __future__ import annotations

import time

from local.links import flows, proposals
from local.links.checks.trial import Trial
from local.links.gateway import Association, Gateway
from local.links.plan import Tunnel
from local.links.waiting import SlowError, wait

REKEY_S = 10


def check_rekey(trial: Trial) -> None:
    """Rekey every tunnel at once, for the traffic and for the negotiation itself."""
    trial.say("rekeying every tunnel under traffic")

    def rekey(tunnel: Tunnel) -> list[str]:
        return _rekey(trial.lab.ours[tunnel.name], tunnel)

    with trial.traffic() as (since, running):
        problems = [problem for found in trial.lab.each(rekey, trial.plan.tunnels) for problem in found]
        time.sleep(1)
    lost = max(flow.silence(since, time.time() - 0.5) for flow in running)
    seen = "; ".join(problems) or "every new key of the traffic comes from an exchange of its own, in its group"
    trial.result.note("forward secrecy after a rekey", not problems, seen)
    trial.result.note("a rekey loses nothing", lost < flows.LOST_S, f"the longest silence was {lost:.1f} s")


def _rekey(gateway: Gateway, tunnel: Tunnel) -> list[str]:
    """What was wrong with it; the end that began also rekeys, as the shorter lifetime would have it be."""
    before = gateway.association()
    try:
        gateway.rekey("child")
        wait(lambda: _renewed(gateway, "spi", before), REKEY_S, f"{tunnel.name}: the traffic's keys stay")
        after = gateway.association()
        wanted = proposals.negotiated(gateway.end.esp)
        if after is None or not wanted <= after.esp:
            return [f"{tunnel.name}: rekeyed to {sorted(after.esp) if after else 'nothing'}, not {sorted(wanted)}"]
        gateway.rekey("ike")
        wait(lambda: _renewed(gateway, "ike_spi", before), REKEY_S, f"{tunnel.name}: the keys of IKE stay")
    except SlowError as error:
        return [str(error)]
    return []


def _renewed(gateway: Gateway, what: str, before: Association | None) -> bool:
    now = gateway.association()
    return now is not None and getattr(now, what) != getattr(before, what, None)
