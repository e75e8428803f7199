"""Rewrites the baselines after a review of what changed: `.venv/bin/python -m tests.baselines [stack ...]`."""

from __future__ import annotations

import sys

from delivery.changes import compare, report
from delivery.graphs import replaces
from tests.baselines.snapshot import STACKS, committed, file_of, snapshot, write
from tests.graphs.recording import record


def main(stacks: list[str]) -> None:
    for stack in stacks or STACKS:
        if file_of(stack).exists():
            changes = compare(committed(stack), snapshot(record(stack)), replaces)
            print(f"{stack}: {len(changes)} changes", report(changes), sep="\n")
        print(f"wrote {write(stack)}")


if __name__ == "__main__":
    main(sys.argv[1:])
