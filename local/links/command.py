"""`make links`: from the real graph to the daemons, with progress, a table and `build/links.json`."""

from __future__ import annotations

import signal
import sys
from types import FrameType

from local.clouds.engine.engine import Engine
from local.links import ends, namespaces, proposals, report
from local.links.checks.every import check_all
from local.links.checks.paper import check_paper
from local.links.plan import Plan, PlanError
from local.site import ROOT, Site
from local.steps import StepError, Steps
from local.toolchain import packages

FILE = ROOT / "build" / "links.json"


def links(site: Site, stack: str) -> int:
    """Try the links of a stack; gives 0 if all that was tried is as planned.

    What was not tried is said and is no failure.

    Raises: StepError if the stack has no links, or if an end cannot be read.
    """
    signal.signal(signal.SIGTERM, _end)
    packages.build()
    steps = Steps()
    with steps.step("graph", f"bringing {stack} up as state only, unless that was done: both ends, addresses, keys"):
        plan = read(site, stack)
        steps.say(f"{len(plan.tunnels)} tunnels of {' and '.join(plan.links)}")
    result = report.Result(plan)
    check_paper(plan, result)
    lacking = namespaces.missing()
    if lacking:
        result.skipped = [f"no daemon was started; this machine lacks {text}" for text in lacking]
    else:
        with steps.step("daemons", "real IKEv2 and BGP between both ends, about two minutes"):
            check_all(plan, result, steps.say)
    report.write(result, FILE, stack)
    report.show(result, steps.console)
    return _conclude(result)


def read(site: Site, stack: str) -> Plan:
    """Read the tunnels of a stack from its own graph.

    Raises: StepError if it has none, or if an end cannot be read.
    """
    try:
        return ends.read(Engine(site, stack).as_state().resources())
    except (PlanError, proposals.SpellingError) as error:
        raise StepError(f"the links of {stack} cannot be tried: {error}") from error
    except (KeyError, TypeError) as error:
        text = f"an end of a link of {stack} lacks {error}, which its cloud would be told"
        raise StepError(text) from error


def _conclude(result: report.Result) -> int:
    print(f"\nEverything is in {FILE.relative_to(ROOT)}, without the keys.")
    if result.failed:
        print(f"{len(result.failed)} of {len(result.checks)} checks failed; see FAILED above. Each says what the two")
        print("ends said; what AWS's end is made of is in components/links/vpn.py, the others beside it.")
        return 1
    if result.skipped:
        print("Both ends agree on paper. Next: install what is named above, and run `make links` again.")
        return 0
    print(f"All {len(result.checks)} checks hold. Next: make preview STACK=prod, or docs/links.md for what to watch.")
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
