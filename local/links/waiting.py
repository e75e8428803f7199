"""Waiting for what daemons do by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable


class SlowError(RuntimeError):
    """Something did not come about in its time."""


def wait(ready: Callable[[], bool], seconds: float, otherwise: str | Callable[[], str], every: float = 0.1) -> float:
    """Wait until `ready`; gives the seconds that it took.

    Raises: SlowError with `otherwise` if it takes longer than `seconds`.
    """
    began = time.monotonic()
    while not ready():
        if time.monotonic() - began > seconds:
            raise SlowError(otherwise if isinstance(otherwise, str) else otherwise())
        time.sleep(every)
    return time.monotonic() - began
