"""What is wrong with contracts, all of it at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong: in which file, at which path in it, with which value, by which rule."""

    file: str
    path: str
    value: str
    rule: str

    def __str__(self) -> str:
        return f"{self.file}: {self.path}: {self.value}: {self.rule}"


class ContractErrors(ValueError):  # noqa: N818 - it stands for many errors
    """Contracts that cannot be used; `problems` has every problem that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''} in the contracts:"
        super().__init__("\n  ".join([head, *map(str, self.problems)]))
