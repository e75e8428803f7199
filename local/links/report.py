"""What the checks found: a line for each check, a table of the tunnels, and `build/links.json`. Never a key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from local.links.plan import Plan, Tunnel

COLUMNS = ("tunnel", "outside", "inside", "IKE, ESP", "AS", "learned", "failover", "return")


@dataclass(frozen=True)
class Check:
    """One promise, and what was seen of it."""

    name: str
    ok: bool
    seen: str


@dataclass
class Result:
    """What was found so far; checks add to it."""

    plan: Plan
    checks: list[Check] = field(default_factory=list)
    failover: dict[str, float] = field(default_factory=dict)
    """Tunnel -> seconds of silence after its cut."""
    back: dict[str, float] = field(default_factory=dict)
    """Tunnel -> seconds until it was up again."""
    learned: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """Tunnel -> cloud -> the blocks that it learned."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Step -> how long it took."""
    skipped: list[str] = field(default_factory=list)
    """What was not tried, in words."""

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.checks if not check.ok]

    def named(self, name: str) -> list[Check]:
        """Give the checks whose name begins so."""
        return [check for check in self.checks if check.name.startswith(name)]

    def note(self, name: str, ok: bool, seen: str) -> bool:
        """Add a check; gives whether it held."""
        self.checks.append(Check(name, ok, seen))
        return ok


def table(result: Result) -> Table:
    """Draw the tunnels with what was seen of them."""
    shown = Table(title="The tunnels: AWS's end first, then the other one's", title_justify="left", show_lines=True)
    for column in COLUMNS:
        shown.add_column(column, no_wrap=column not in ("IKE, ESP", "learned"), overflow="fold")
    for tunnel in result.plan.tunnels:
        shown.add_row(*_row(result, tunnel))
    return shown


def _row(result: Result, tunnel: Tunnel) -> tuple[str, ...]:
    ours, other = tunnel.aws, tunnel.other
    learned = result.learned.get(tunnel.name, {})
    routes = [f"{', '.join(blocks) or 'nothing'}" for blocks in learned.values()]
    return (
        tunnel.name,
        f"{ours.address}\n{other.address}",
        f"{ours.inside}\n{other.inside}",
        f"{ours.ike}\n{ours.esp}",
        f"{ours.asn}\n{other.asn}",
        "\n".join(routes) or "not seen",
        _seconds(result.failover, tunnel.name),
        _seconds(result.back, tunnel.name),
    )


def _seconds(found: Mapping[str, float], name: str) -> str:
    return f"{found[name]:.1f} s" if name in found else "not seen"


def write(result: Result, file: Path, stack: str) -> None:
    """Write everything but the keys, for machines."""
    tunnels = [
        {
            "name": tunnel.name,
            "hold_s": tunnel.hold_s,
            "ends": {end.cloud: _without_key(asdict(end)) for end in (tunnel.aws, tunnel.other)},
            "learned": result.learned.get(tunnel.name),
            "failover_s": result.failover.get(tunnel.name),
            "return_s": result.back.get(tunnel.name),
        }
        for tunnel in result.plan.tunnels
    ]
    whole = {
        "stack": stack,
        "ok": not result.failed and not result.skipped,
        "skipped": result.skipped,
        "seconds": result.seconds,
        "checks": [asdict(check) for check in result.checks],
        "tunnels": tunnels,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")


def _without_key(end: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in end.items() if name != "key"}


def show(result: Result, console: Console) -> None:
    """Print a line a check, the table, and what was skipped."""
    console.print()
    for check in result.checks:
        console.print(f"{'ok    ' if check.ok else 'FAILED'} {check.name}: {check.seen}", markup=False, soft_wrap=True)
    console.print(table(result))
    for text in result.skipped:
        console.print(f"skipped: {text}", markup=False, soft_wrap=True)
