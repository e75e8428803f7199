"""What a statement gives, and how it is printed."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TextIO


@dataclass(frozen=True)
class Result:
    """Rows of a query; a statement that gives none has no columns."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """The rows as dictionaries, for JSON and for tests."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def text(self) -> str:
        """A table for the terminal: numbers to the right, NULL empty, the number of rows last."""
        if not self.columns:
            return "done"
        cells = [[_cell(value) for value in row] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(self.columns, *cells, strict=True)]
        right = [
            all(isinstance(row[index], int | float | Decimal) or row[index] is None for row in self.rows)
            for index in range(len(self.columns))
        ]

        def line(values: list[str]) -> str:
            padded = [
                value.rjust(width) if to_right else value.ljust(width)
                for value, width, to_right in zip(values, widths, right, strict=True)
            ]
            return "  ".join(padded).rstrip()

        rule = "  ".join("-" * width for width in widths)
        count = f"({len(self.rows)} row{'' if len(self.rows) == 1 else 's'})"
        return "\n".join([line(list(self.columns)), rule, *(line(row) for row in cells), count])

    def print(self, file: TextIO = sys.stdout) -> None:
        print(self.text(), file=file)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
