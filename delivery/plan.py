"""What the engine is about to do, read from its own `--json` output and classed like a change of the graph.

The same reader serves a preview (old state, new inputs) and a refresh that is only previewed (what the program made,
what is there now).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.clouds.engine.events import read_events

from delivery.changes import Change, Class, denied_by, guards, holds_data, in_order, reader_of, short
from delivery.values import readable

REPLACES = {"replace", "create-replacement", "delete-replaced", "discard-replaced"}
DELETES = {"delete", "discard"}
CREATES = {"create", "import"}
PROVIDERS = "pulumi:providers:"
OF_THE_LOGIN = {"assumeRoles"}
"""Arguments of a provider that say who looks, which a pull request's job is not for whoever deploys."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run of the engine would do with a stack."""

    stack: str
    changes: tuple[Change, ...] = ()
    """The worst first."""
    problems: tuple[str, ...] = ()
    """Why the run stopped: errors of the program, and rules of the policy pack that are broken."""
    unchanged: int = 0
    """How many resources stay as they are."""


def read(stack: str, output: Path, events: Path) -> Plan:
    """Return the plan that the engine wrote.

    Args:
        output: what it printed with `--json`; a run that failed early leaves nothing there.
        events: its event log, which alone has the rules that were broken.
    """
    text = output.read_text("utf-8") if output.exists() else ""
    steps = json.loads(text).get("steps") or [] if text.strip() else []
    found: dict[str, list[Mapping[str, Any]]] = {}
    for step in steps:
        found.setdefault(step["urn"], []).append(step)
    errors = [str(d) for d in read_events(events, ()).diagnostics if d.severity == "error"]
    if not steps and not errors:
        errors = ["the engine ended without a plan; see the job's log"]
    return Plan(
        stack=stack,
        changes=tuple(in_order(change for of_one in found.values() for change in _changes(of_one))),
        problems=tuple(errors),
        unchanged=sum(all(step["op"] in ("same", "refresh") for step in of_one) for of_one in found.values()),
    )


def _changes(steps: list[Mapping[str, Any]]) -> Iterator[Change]:
    """Yield what happens to one resource; a replacement may come as several steps, of which `replace` says it best."""
    step = next((step for step in steps if step["op"] == "replace"), steps[-1])
    key, op = _key(step["urn"]), step["op"]
    old, new = _state(step.get("oldState")), _state(step.get("newState"))
    data = holds_data(key, old)
    if op in DELETES:
        stays = "; it stays in the account, managed by nobody" if old.get("retain_on_delete") else ""
        yield Change("data-losing" if data else "safe", key, f"is gone{stays}", denied_by(old["inputs"]))
        return
    if op in CREATES:
        yield Change("safe", key, "is new" if op == "create" else "is taken over", reader_of(key, {}, new["inputs"]))
        return
    yield from guards(key, old, new) if old["inputs"] or new["inputs"] else ()
    if op != "update" and op not in REPLACES:
        return
    replaced: Class = "data-losing" if data else "replacing"
    reasons = set(step.get("replaceReasons") or ())
    reader = reader_of(key, old["inputs"], new["inputs"])
    names = list(dict.fromkeys([*(step.get("replaceReasons") or ()), *_different(step, old, new)]))
    for name in names:
        kind: Class = replaced if name in reasons else "safe"
        yield Change(kind, key, f"{name}: {_change(old, new, name)}", reader)
        reader = ""
    if op in REPLACES and not reasons:
        yield Change(replaced, key, "is made anew", reader)
    elif not names and not key.startswith(PROVIDERS):
        yield Change("safe", key, "changes in something that is secret or generated", reader)


def _different(step: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the arguments that the engine names, or else those whose values differ."""
    named = list(step.get("diffReasons") or ())
    if not named:
        both = sorted(old["inputs"].keys() | new["inputs"].keys())
        named = [name for name in both if old["inputs"].get(name) != new["inputs"].get(name)]
    if _key(step["urn"]).startswith(PROVIDERS):
        named = [name for name in named if name not in OF_THE_LOGIN]
    return named


def _change(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> str:
    """Return an argument's old and new value; a refresh tells of what is there by outputs."""
    before, after = old["inputs"].get(name), new["inputs"].get(name)
    if before == after:
        before, after = old["outputs"].get(name), new["outputs"].get(name)
    if before == after:
        return f"{short(before)} -> another one, which is secret, generated or not known yet"
    return f"{short(before)} -> {short(after)}"


def _state(state: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the engine's state of a resource in the form of a baseline's."""
    state = state or {}
    kept = {"protect": state.get("protect", False), "retain_on_delete": state.get("retainOnDelete", False)}
    inputs = {name: readable(value) for name, value in (state.get("inputs") or {}).items() if name != "__defaults"}
    outputs = {name: readable(value) for name, value in (state.get("outputs") or {}).items()}
    return {"inputs": inputs, "outputs": outputs, **{name: True for name, value in kept.items() if value}}


def _key(urn: str) -> str:
    """Return `type name` of a URN, which has the types above the resource's own before it."""
    _, _, types, name = urn.split("::", 3)
    return f"{types.rsplit('$', 1)[-1]} {name}"
