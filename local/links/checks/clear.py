"""Nothing in clear: all packets between the gateways, from the first one on, were IPsec."""

from __future__ import annotations

from local.links import flows
from local.links.checks.trial import Trial
from local.links.waiting import SlowError


def check_clear(trial: Trial) -> None:
    """End the capture and look through it, also for the mark that every ping carries."""
    name = "no packet in clear between the gateways"
    try:
        count, others, raw = trial.lab.read_wire()
    except SlowError as error:
        trial.result.note(name, False, str(error))
        return
    clear = flows.MARK in raw
    first = f", such as {others[0]}" if others else ""
    seen = f"{count} packets of IPsec, {len(others)} of anything else{first}"
    seen += "; the pings' mark is among them in clear" if clear else "; the mark in every ping is nowhere in them"
    trial.result.note(name, count > 0 and not others and not clear, seen)
