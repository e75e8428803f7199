"""All checks that need daemons, in their order: what is cut or changed comes after what was agreed on."""

from __future__ import annotations

import tempfile
from pathlib import Path

from local.links.checks.agreed import check_agreed
from local.links.checks.clear import check_clear
from local.links.checks.failover import check_failover
from local.links.checks.refusals import check_refusals
from local.links.checks.rekey import check_rekey
from local.links.checks.rotation import check_rotation
from local.links.checks.trial import Say, Trial
from local.links.lab import UP_S, Lab
from local.links.namespaces import Namespaces
from local.links.plan import Plan
from local.links.report import Result
from local.links.waiting import SlowError

STEPS = {
    "agreed": check_agreed,
    "rekey": check_rekey,
    "failover": check_failover,
    "refused": check_refusals,
    "rotation": check_rotation,
}
"""Name, under which its seconds are told -> check."""


def check_all(plan: Plan, result: Result, say: Say) -> None:
    """Try everything, in two minutes.

    A check that fails is noted, and only what cannot go on without it is left out.
    """
    with tempfile.TemporaryDirectory(prefix="novaretail-links-") as folder, Namespaces() as spaces:
        trial = Trial(lab=Lab(plan, spaces, Path(folder)), result=result, say=say)
        with trial.timed("up"):
            if not _check_up(trial):
                return
        for step, check in STEPS.items():
            with trial.timed(step):
                check(trial)
        check_clear(trial)


def _check_up(trial: Trial) -> bool:
    """Start every daemon; whether all tunnels came up."""
    count, links = len(trial.plan.tunnels), len(trial.plan.links)
    trial.say(f"starting {2 * count} charons and {1 + links} birds, each in a namespace of its own")
    name = f"{count} tunnels up with BGP within {UP_S} s"
    try:
        stood, routed = trial.lab.start()
    except SlowError as error:
        return trial.result.note(name, False, str(error))
    seen = f"associations after {stood:.1f} s, sessions and routes after {routed:.1f} s, from nothing"
    return trial.result.note(name, routed <= UP_S, seen)
