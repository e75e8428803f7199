"""Structured log: one JSON object a line on standard output, which Glue sends to CloudWatch Logs."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

_logger = logging.getLogger("lakehouse")


def start() -> None:
    """Send events to standard output; called once by a job's entry point."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _logger.handlers = [handler]
    _logger.setLevel(logging.INFO)
    _logger.propagate = False


def info(event: str, **facts: Any) -> None:
    """Say what happened; never pass argument values on unseen, they may hold secrets."""
    _logger.info(_line("info", event, facts))


def warning(event: str, **facts: Any) -> None:
    """Say what happened and should not have: the run goes on, somebody may want to look."""
    _logger.warning(_line("warning", event, facts))


@contextmanager
def timed(step: str, **facts: Any) -> Iterator[None]:
    """Say that a step is done, and how many seconds it took."""
    start = monotonic()
    yield
    info("done", step=step, seconds=round(monotonic() - start, 2), **facts)


def _line(level: str, event: str, facts: dict[str, Any]) -> str:
    return json.dumps({"level": level, "event": event, **facts}, default=str, ensure_ascii=False)
