"""Sets of days as short texts: `2026-05-01..2026-05-31 2026-07-14`. They travel in snapshot summaries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

Span = tuple[date, date]
"""First and last day, both included."""


def spans(days: Iterable[date]) -> list[Span]:
    """Return the days as the fewest spans, in order."""
    found: list[Span] = []
    for day in sorted(set(days)):
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def write(days: Iterable[date]) -> str:
    return " ".join(str(a) if a == b else f"{a}..{b}" for a, b in spans(days))


def read(text: str) -> set[date]:
    """Return the days of a text that `write` made. Raises: ValueError for another text."""
    days: set[date] = set()
    for part in text.split():
        first, _, last = part.partition("..")
        start, end = date.fromisoformat(first), date.fromisoformat(last or first)
        days.update(start + timedelta(days=n) for n in range((end - start).days + 1))
    return days
