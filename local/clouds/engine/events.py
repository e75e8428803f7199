"""What the engine tells of a run, from its event log: one JSON object a line."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_COLOR = re.compile(r"<\{%.*?%\}>")
_NOISE = (
    re.compile(r"^(update|preview|refresh|destroy) failed$"),
    re.compile(r"^resource .* has check errors"),
    re.compile(r"^(Resource monitor|resource monitor) has terminated, shutting down"),
)
"""Said after the cause has been said."""
_ENGINES_OWN = "pulumi:"
"""Provider instances and stack references."""


@dataclass(frozen=True)
class Diagnostic:
    """One message of a run."""

    severity: str
    message: str
    resource: str = ""
    """The resource's name; empty if the message is about none."""
    type: str = ""

    def __str__(self) -> str:
        if not self.resource or (self.type in self.message and f"'{self.resource}'" in self.message):
            return self.message
        return f"{self.type} resource '{self.resource}': {self.message}"


@dataclass(frozen=True)
class Resource:
    """A resource of a cloud, and what a run did with it (`create`, `same`, `update`, `replace`, `delete`, ...)."""

    type: str
    name: str
    urn: str
    operation: str
    live: bool
    replacing: tuple[str, ...] = ()
    """The arguments that force a replacement."""


@dataclass(frozen=True)
class Outcome:
    """A run that ended well."""

    operation: str
    changes: Mapping[str, int]
    """Operation -> number of resources, as the engine's summary has it (`same` among them)."""
    resources: tuple[Resource, ...]
    """Those of the clouds; components and the provider instances are left out."""
    diagnostics: tuple[Diagnostic, ...]
    seconds: float
    output: str
    """What the CLI printed; for a preview its JSON."""

    @property
    def live(self) -> dict[str, int]:
        """Type -> number of resources that now exist in a real server of the site, sorted by type."""
        return _by_type(r for r in self.resources if r.live and r.operation != "delete")

    @property
    def state_only(self) -> dict[str, int]:
        """Type -> number of resources that are now kept as state, sorted by type."""
        return _by_type(r for r in self.resources if not r.live and r.operation != "delete")


@dataclass(frozen=True)
class Events:
    changes: Mapping[str, int]
    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...]


def read_events(log: Path, live_types: Collection[str]) -> Events:
    """The events of one run; none if the engine ended before it wrote any."""
    changes: Mapping[str, int] = {}
    resources: dict[str, Resource] = {}
    diagnostics: dict[Diagnostic, None] = {}
    refreshing: set[str] = set()

    def note(step: Mapping[str, Any]) -> None:
        if _of_a_cloud(step):
            live, replacing = step["type"] in live_types, tuple(step.get("keys") or ())
            found = Resource(step["type"], _name(step["urn"]), step["urn"], step["op"], live, replacing)
            resources[step["urn"]] = _combined(resources.get(step["urn"]), found)

    for event in _lines(log):
        if "summaryEvent" in event:
            changes = event["summaryEvent"].get("resourceChanges") or {}
        elif "diagnosticEvent" in event:
            diagnostic = _diagnostic(event["diagnosticEvent"])
            if diagnostic is not None:
                diagnostics[diagnostic] = None
        elif "policyEvent" in event:
            diagnostics[_violation(event["policyEvent"])] = None
        elif "resourcePreEvent" in event:
            step = event["resourcePreEvent"]["metadata"]
            if step["op"] == "refresh":
                refreshing.add(step["urn"])
            else:
                note(step)
        elif "resOutputsEvent" in event:
            step = event["resOutputsEvent"]["metadata"]
            if step["urn"] in refreshing:  # what a refresh finds is known only when the resource has been read
                refreshing.remove(step["urn"])
                note(step)
    return Events(changes, tuple(resources.values()), tuple(diagnostics))


def _lines(log: Path) -> Iterator[dict[str, Any]]:
    if not log.exists():
        return
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):  # a killed engine leaves half a line
                yield json.loads(line)


def _diagnostic(event: Mapping[str, Any]) -> Diagnostic | None:
    severity = event["severity"]
    message = _COLOR.sub("", event["message"]).strip()
    if severity not in ("error", "warning", "info", "info#err") or any(noise.match(message) for noise in _NOISE):
        return None
    urn = event.get("urn", "")
    kind = _type(urn) if urn else ""
    if kind == "pulumi:pulumi:Stack":
        urn, kind = "", ""
    return Diagnostic(severity, message, _name(urn), kind)


def _violation(event: Mapping[str, Any]) -> Diagnostic:
    """A rule of a policy pack that a resource breaks; only a mandatory one stops the run."""
    severity = "error" if event["enforcementLevel"] == "mandatory" else "warning"
    text = _COLOR.sub("", event["message"]).strip().splitlines()[-1].strip()
    urn = event.get("resourceUrn", "")
    return Diagnostic(severity, f"{event['policyName']}: {text}", _name(urn), _type(urn) if urn else "")


def _of_a_cloud(step: Mapping[str, Any]) -> bool:
    state = step.get("new") or step.get("old") or {}
    return bool(state.get("custom")) and not step["type"].startswith(_ENGINES_OWN) and step["op"] != "refresh"


def _combined(earlier: Resource | None, later: Resource) -> Resource:
    """A replacement shows as three steps, of which `replace` says it best."""
    if earlier is not None and "replace" in (earlier.operation, later.operation):
        return earlier if earlier.operation == "replace" else later
    return later


def _type(urn: str) -> str:
    return urn.split("::")[2].rsplit("$", 1)[-1]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3] if urn else ""


def _by_type(resources: Iterator[Resource]) -> dict[str, int]:
    return dict(sorted(Counter(r.type for r in resources).items()))
