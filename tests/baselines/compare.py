"""What a change of the graph means: safe, replacing or losing data; and what a second person should read.

A replacement of something without data costs a while without it; of something with data, the data. So does a rename,
for the engine knows resources by type, name and the types above them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from local.clouds.provider import replaces
from local.clouds.provider.shapes import Shapes
from policy.rules import STATEFUL
from tests.baselines.snapshot import Snapshot

Class = Literal["safe", "replacing", "data-losing"]
ORDER: tuple[Class, ...] = ("data-losing", "replacing", "safe")
SHAPES = Shapes()
INGRESS = {"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"}


@dataclass(frozen=True)
class Change:
    kind: Class
    resource: str
    what: str
    second_reader: str = ""
    """Why somebody else should read it as well; empty if nobody need."""

    def __str__(self) -> str:
        note = f"\n    SECOND READER: {self.second_reader}" if self.second_reader else ""
        return f"  {self.resource}: {self.what}{note}"


def report(changes: list[Change]) -> str:
    """The changes under their class, the worst first."""
    lines = []
    for kind in ORDER:
        of_kind = [change for change in changes if change.kind == kind]
        if of_kind:
            lines += [f"{kind} ({len(of_kind)}):", *map(str, of_kind)]
    return "\n".join(lines)


def compare(before: Snapshot, after: Snapshot) -> list[Change]:
    gone = sorted(before.keys() - after.keys())
    new = sorted(after.keys() - before.keys())
    changes = []
    for key in gone:
        twin = next((n for n in new if _type(n) == _type(key) and _alike(before[key], after[n])), None)
        if twin:
            new.remove(twin)
            kind: Class = "data-losing" if _holds_data(key, before[key]) else "replacing"
            changes.append(Change(kind, key, f"is called {twin.split(' ', 1)[1]} now: another resource to the engine"))
        else:
            kind = "data-losing" if _holds_data(key, before[key]) else "safe"
            less = "; ".join(_wider({}, before[key].get("inputs", {}), sign="Deny"))
            changes.append(Change(kind, key, "is gone", f"it denied: {less}" if less else ""))
    for key in new:
        changes.append(Change("safe", key, "is new", _reader(key, {}, after[key].get("inputs", {}))))
    for key in sorted(before.keys() & after.keys()):
        changes += _changed(key, before[key], after[key])
    return sorted(changes, key=lambda change: (ORDER.index(change.kind), change.resource, change.what))


def _changed(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    data = _holds_data(key, before)
    replaced: Class = "data-losing" if data else "replacing"
    if key == "base tags":
        if before != after:
            yield Change("safe", key, f"were {json.dumps(before)}, are {json.dumps(after)}")
        return
    for option in ("protect", "retain_on_delete"):
        if before.get(option) and not after.get(option):
            yield Change(
                "data-losing" if data else "safe", key, f"loses {option}", "its data can be deleted by mistake"
            )
        elif after.get(option) and not before.get(option):
            yield Change("safe", key, f"gains {option}")
    if before.get("ignore_changes") != after.get("ignore_changes"):
        was, now = before.get("ignore_changes", []), after.get("ignore_changes", [])
        yield Change("safe", key, f"ignored changes of {was}, now of {now}", "what is ignored is seen by nobody")
    if before["parent"] != after["parent"]:
        kind = "safe" if _type(before["parent"]) == _type(after["parent"]) else replaced
        yield Change(kind, key, f"was below {before['parent']}, is below {after['parent']}")
    old, new = before.get("inputs", {}), after.get("inputs", {})
    shape = SHAPES.get(_type(key)) if ":" in key and not key.startswith("platform:") else None
    reader = _reader(key, old, new)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            kind = replaced if shape is not None and replaces.replaces(shape, name) else "safe"
            yield Change(kind, key, f"{name}: {_short(old.get(name))} -> {_short(new.get(name))}", reader)
            reader = ""


def _type(key: str) -> str:
    return key.split(" ", 1)[0]


def _holds_data(key: str, resource: Mapping[str, Any]) -> bool:
    return _type(key) in STATEFUL or bool(resource.get("protect"))


def _alike(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two resources of a type are the same but for their name."""
    left, right = before.get("inputs", {}), after.get("inputs", {})
    same = [name for name in left.keys() | right.keys() if left.get(name) == right.get(name)]
    return bool(left) and len(same) >= 0.8 * len(left.keys() | right.keys())


def _reader(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    reasons = []
    allowed = list(_wider(before, after, sign="Allow"))
    if allowed:
        reasons.append("it allows more: " + "; ".join(allowed))
    denied = list(_wider(after, before, sign="Deny")) if before else []
    if denied:
        reasons.append("it denies less: " + "; ".join(denied))
    if _type(key) in INGRESS and before != after:
        source = next((after[n] for n in ("cidrIpv4", "cidrIpv6", "referencedSecurityGroupId") if n in after), "?")
        reasons.append(f"it lets {source} in, ports {after.get('fromPort')} to {after.get('toPort')}")
    for name in ("protect", "publiclyAccessible", "permissionsBoundary"):
        if before and before.get(name) != after.get(name):
            reasons.append(f"{name} changes")
    return ". ".join(reasons)


def _wider(before: Mapping[str, Any], after: Mapping[str, Any], *, sign: str) -> Iterator[str]:
    """What the documents of `after` say with this effect and those of `before` do not: principal, action, resource."""
    had = set(_grants(before, sign))
    for grant in sorted(set(_grants(after, sign)) - had):
        yield " ".join(part for part in grant if part)


def _grants(inputs: Mapping[str, Any], sign: str) -> Iterator[tuple[str, str, str, str]]:
    for name in ("policy", "assumeRolePolicy", "content", "inlinePolicy"):
        document = inputs.get(name)
        if not isinstance(document, Mapping) or "json" not in document:
            continue
        found = document["json"].get("Statement", [])
        for statement in [found] if isinstance(found, Mapping) else found:
            if statement.get("Effect") != sign:
                continue
            who = json.dumps(statement["Principal"], sort_keys=True) if "Principal" in statement else ""
            when = f"if {json.dumps(statement['Condition'], sort_keys=True)}" if "Condition" in statement else ""
            for action in _list(statement.get("Action", statement.get("NotAction"))):
                for resource in _list(statement.get("Resource", statement.get("NotResource"))) or [""]:
                    yield who, action, f"on {resource}" if resource else "", when


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def _short(value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return written if len(written) <= 160 else f"{written[:150]}... ({len(written)} characters)"
