"""A mart held against what an independent query over the source says it must be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_SHOWN = 5


def differences(
    name: str, got: Iterable[Mapping[str, Any]], wanted: Iterable[Mapping[str, Any]], key: Sequence[str]
) -> list[str]:
    """Give a line for each row that is missing, too many or different; only columns that `wanted` has are compared.

    Args:
        got, wanted: rows of which `key` is unique; amounts as Decimal, so that a cent is a cent.
    """
    have, must = ({tuple(row[k] for k in key): row for row in rows} for rows in (got, wanted))
    found = [f"{name}: {_named(key, k)} is missing" for k in must.keys() - have.keys()]
    found += [f"{name}: {_named(key, k)} is not in the source" for k in have.keys() - must.keys()]
    for k in must.keys() & have.keys():
        for column, value in must[k].items():
            if have[k][column] != value:
                found.append(f"{name}: {_named(key, k)}: {column} is {have[k][column]}, the source says {value}")
    found.sort()
    rest = len(found) - _SHOWN
    return [*found[:_SHOWN], *([f"{name}: {rest} more differences"] if rest > 0 else [])]


def _named(key: Sequence[str], values: tuple[Any, ...]) -> str:
    return ", ".join(f"{k} {v}" for k, v in zip(key, values, strict=True))
