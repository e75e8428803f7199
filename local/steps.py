"""Steps of a long command: each is announced, timed and, if it fails, named."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

WIDTH = 132
"""Columns, at least: a log or a pipe has no width of its own, and a table must not be cut."""


class StepError(RuntimeError):
    """A step did not do what it had to; the message says why, where to look and what to do."""


class Steps:
    """Prints each step as it goes; `seconds` keeps how long each took."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, width=max(WIDTH, shutil.get_terminal_size().columns))
        self.seconds: dict[str, float] = {}
        self._began = time.monotonic()

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def say(self, text: str) -> None:
        self.console.print(f"          {text}", markup=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str, what: str) -> Iterator[None]:
        """Runs the block as the step `name`; `what` tells a reader what it does."""
        began = time.monotonic()
        self.console.print(f"[{self.elapsed:6.1f} s] {what}", markup=False, soft_wrap=True)
        try:
            yield
        except BaseException:
            self.say(f"{name} failed after {time.monotonic() - began:.1f} s")
            raise
        self.seconds[name] = round(time.monotonic() - began, 1)
        self.say(f"done in {self.seconds[name]} s")
