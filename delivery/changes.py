"""What a change of the graph means: safe, replacing or losing data; and what a second person should read.

A replacement of something without data costs a while without it; of something with data, the data. So does a rename,
for the engine knows resources by type, name and the types above them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from policy.rules import STATEFUL

Class = Literal["safe", "replacing", "data-losing"]
ORDER: tuple[Class, ...] = ("data-losing", "replacing", "safe")
INGRESS = {"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"}

Graph = Mapping[str, Mapping[str, Any]]
"""A stack's resources by `type name`: `parent`, `inputs`, and the options that guard data."""
Replaces = Callable[[str, str], bool]
"""Tells of a type and an argument whether a change of it makes the resource anew."""


@dataclass(frozen=True)
class Change:
    """One thing that changes of one resource."""

    kind: Class
    resource: str
    """Its `type name`."""
    what: str
    """What happens to it, in words that follow its name."""
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


def compare(before: Graph, after: Graph, replaces: Replaces) -> list[Change]:
    """Return what differs between two graphs, the worst first."""
    gone = sorted(before.keys() - after.keys())
    new = sorted(after.keys() - before.keys())
    changes = []
    for key in gone:
        twin = next((n for n in new if _type(n) == _type(key) and _alike(before[key], after[n])), None)
        if twin:
            new.remove(twin)
            kind: Class = "data-losing" if holds_data(key, before[key]) else "replacing"
            changes.append(Change(kind, key, f"is called {twin.split(' ', 1)[1]} now: another resource to the engine"))
        else:
            kind = "data-losing" if holds_data(key, before[key]) else "safe"
            changes.append(Change(kind, key, "is gone", denied_by(before[key].get("inputs", {}))))
    for key in new:
        changes.append(Change("safe", key, "is new", reader_of(key, {}, after[key].get("inputs", {}))))
    for key in sorted(before.keys() & after.keys()):
        changes += _changed(key, before[key], after[key], replaces)
    return in_order(changes)


def in_order(changes: Iterable[Change]) -> list[Change]:
    """Return the changes with the worst first."""
    return sorted(changes, key=lambda change: (ORDER.index(change.kind), change.resource, change.what))


def _changed(key: str, before: Mapping[str, Any], after: Mapping[str, Any], replaces: Replaces) -> Iterator[Change]:
    data = holds_data(key, before)
    replaced: Class = "data-losing" if data else "replacing"
    if key == "base tags":
        if before != after:
            yield Change("safe", key, f"were {json.dumps(before)}, are {json.dumps(after)}")
        return
    yield from guards(key, before, after)
    if before.get("ignore_changes") != after.get("ignore_changes"):
        was, now = before.get("ignore_changes", []), after.get("ignore_changes", [])
        yield Change("safe", key, f"ignored changes of {was}, now of {now}", "what is ignored is seen by nobody")
    if before["parent"] != after["parent"]:
        kind = "safe" if _type(before["parent"]) == _type(after["parent"]) else replaced
        yield Change(kind, key, f"was below {before['parent']}, is below {after['parent']}")
    old, new = before.get("inputs", {}), after.get("inputs", {})
    reader = reader_of(key, old, new)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            kind = replaced if replaces(_type(key), name) else "safe"
            yield Change(kind, key, f"{name}: {short(old.get(name))} -> {short(new.get(name))}", reader)
            reader = ""


def guards(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Yield what happens to the options that keep a resource's data."""
    for option in ("protect", "retain_on_delete"):
        if before.get(option) and not after.get(option):
            kind: Class = "data-losing" if holds_data(key, before) else "safe"
            yield Change(kind, key, f"loses {option}", "its data can be deleted by mistake")
        elif after.get(option) and not before.get(option):
            yield Change("safe", key, f"gains {option}")


def _type(key: str) -> str:
    return key.split(" ", 1)[0]


def holds_data(key: str, resource: Mapping[str, Any]) -> bool:
    """Return whether what the resource holds would be gone with it."""
    return _type(key) in STATEFUL or bool(resource.get("protect"))


def _alike(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two resources of a type are the same but for their name."""
    left, right = before.get("inputs", {}), after.get("inputs", {})
    same = [name for name in left.keys() | right.keys() if left.get(name) == right.get(name)]
    return bool(left) and len(same) >= 0.8 * len(left.keys() | right.keys())


def denied_by(inputs: Mapping[str, Any]) -> str:
    """Return why somebody should read that these inputs go; empty if they denied nothing."""
    less = "; ".join(_wider({}, inputs, sign="Deny"))
    return f"it denied: {less}" if less else ""


def reader_of(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return what the change of these inputs opens, for a second reader; empty if nothing.

    Args:
        before: inputs in their readable form (`values.readable`); empty for a new resource.
    """
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


def short(value: Any) -> str:
    """Return a value as JSON on one line, cut at 160 characters; a decoded document as itself."""
    if isinstance(value, Mapping) and value.keys() == {"json"}:
        value = value["json"]
    written = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return written if len(written) <= 160 else f"{written[:150]}... ({len(written)} characters)"
