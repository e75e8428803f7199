"""Reads custom property `shareWith`: with whom a topic or a table is shared, and which of its columns.

Nothing leaves AWS that is not listed there, and nothing personal can be listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from open_data_contract_standard.model import SchemaObject

from contracts._values import Reading, custom, did_you_mean, is_whole

MAX_LANES = 256


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """What a contract asks for."""

    target: str
    columns: tuple[str, ...]
    """Dotted paths: `order_id`, `lines.quantity`."""
    at: str
    """The path in the file, for problems."""
    lanes: int = 0
    """0 for a table, which has none."""

    def targets_of(self, path: str) -> tuple[str, ...]:
        """Return the targets to which the column at `path` may leave."""
        return (self.target,) if path in self.columns else ()


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A column that could be listed."""

    path: str
    classification: str
    obstacle: str | None = None
    """The rule against it, if there is one besides its classification."""


def read_sharing(
    item: SchemaObject, targets: tuple[str, ...], at: str, reading: Reading, *, by_events: bool
) -> Sharing | None:
    """Return what `shareWith` says; None if it is not there, or after a problem.

    Args:
        by_events: events are shared one by one, over lanes; a table as a whole, and has none.
    """
    given = custom(item, "shareWith")
    if given is None:
        return None
    where = f"{at}.customProperties.shareWith"
    parts = ("target", "lanes", "columns") if by_events else ("target", "columns")
    if not isinstance(given, dict) or set(given) != set(parts):
        reading.problem(where, given, f"has {', '.join(parts[:-1])} and {parts[-1]}, and nothing else")
        return None
    target, columns, lanes = given["target"], given["columns"], given.get("lanes", 0)
    if target not in targets:
        reading.problem(f"{where}.target", target, f"one of: {', '.join(targets)}")
        return None
    if by_events and not is_whole(lanes, 1, MAX_LANES):
        reading.problem(f"{where}.lanes", lanes, f"a whole number from 1 to {MAX_LANES}")
        return None
    if not isinstance(columns, list) or not columns or not all(isinstance(column, str) for column in columns):
        reading.problem(f"{where}.columns", columns, "a list of at least one column by its name, or its path: a.b")
        return None
    for column, count in Counter(columns).items():
        if count > 1:
            reading.problem(f"{where}.columns", column, f"a column is listed once; this one {count} times")
    return Sharing(target=target, columns=tuple(columns), at=where, lanes=lanes)


def check_columns(sharing: Sharing, candidates: Sequence[Candidate], reading: Reading) -> None:
    """Report every listed column that is not there, or may not leave.

    Of columns with one path, which should not be there, none may be personal.
    """
    for index, path in enumerate(sharing.columns):
        where = f"{sharing.at}.columns[{index}]"
        found = [candidate for candidate in candidates if candidate.path == path]
        if not found:
            known = [candidate.path for candidate in candidates]
            reading.problem(where, path, f"a column that is described below{did_you_mean(path, known)}")
        if any(candidate.classification == "personal" for candidate in found):
            reading.problem(where, path, "personal data is not shared")
        for rule in {candidate.obstacle for candidate in found if candidate.obstacle}:
            reading.problem(where, path, rule)
