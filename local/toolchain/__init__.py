"""What the platform on one machine needs, at pinned versions; a machine with Python 3.11 is enough.

`install` does what is missing and nothing else. Standard library only, so that it runs before anything
is installed; steps that do not need each other run side by side.
"""

from __future__ import annotations

from collections.abc import Callable

from local.site import TOOLCHAIN
from local.toolchain import archives, golang, host, python
from local.toolchain.runner import Runner, Step, StepError, say

__all__ = ["Runner", "Step", "StepError", "install", "steps"]


def steps() -> list[Step]:
    """All steps, begun in this order as far as none waits for another: what takes longest is first."""
    return [*golang.steps(), *python.steps(), *archives.steps(), *host.steps()]


def install(say: Callable[[str], None] = say) -> int:
    """Bring the toolchain to the pinned versions; returns how many steps had to run. StepError says what to do."""
    return Runner(steps(), TOOLCHAIN, say).run()
