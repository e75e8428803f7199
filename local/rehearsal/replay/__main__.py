"""`python -m local.rehearsal.replay [day|month|year]`: what a replay would produce, as a table; nothing is sent."""

from __future__ import annotations

import sys
from collections import Counter

from local.rehearsal.replay import FATES, PERIODS, Period, records


def table(period: Period) -> str:
    """Records of the period by kind and where each must end, in Markdown."""
    counted = Counter(record.kind for record in records(period))
    rows = [("kind", "records", "must end as"), ("---", "--:", "---")]
    for kind, fate in FATES.items():
        rows.append((kind, f"{counted[kind]:,}", f"{fate.outcome}, `{fate.rule}`" if fate.rule else fate.outcome))
    rows.append(("all", f"{counted.total():,}", ""))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main(arguments: list[str]) -> int:
    name = arguments[0] if arguments else "month"
    if len(arguments) > 1 or name not in PERIODS:
        print(f"usage: python -m local.rehearsal.replay [{'|'.join(PERIODS)}]", file=sys.stderr)
        return 2
    print(table(PERIODS[name]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
