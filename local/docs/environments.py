"""The page docs/generated/environments.md: what differs between prod and nonprod, and why.

From the stack files and the settings' own descriptions; the reasons are in docs/environments.yaml.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

import settings
from local.site import ROOT

REASONS = ROOT / "docs" / "environments.yaml"
KINDS = ("size", "zones", "retention", "protection", "cost", "identity")
ABSENT = object()


class DocsError(Exception):
    """A page cannot be written; every reason."""


@dataclass(frozen=True)
class Difference:
    """A setting that prod and nonprod give different values."""

    setting: str
    what: str
    prod: str
    nonprod: str


@dataclass(frozen=True)
class Reason:
    """Why settings of a pattern differ."""

    pattern: str
    kind: str
    """One of KINDS."""
    why: str


def render() -> str:
    """Render the table of what differs.

    Raises: DocsError for a difference without a reason, and for a reason without a difference.
    """
    found = list(differences(read_configuration("prod"), read_configuration("nonprod")))
    reasons = read_reasons(yaml.safe_load(REASONS.read_text("utf-8")))
    explained = explain(found, reasons)
    lines = [
        "# What differs between prod and nonprod, and why",
        "",
        "Written by `make docs` from `Pulumi.prod.yaml`, `Pulumi.nonprod.yaml`, the descriptions in `settings/` and",
        "the reasons in `docs/environments.yaml`. What is not listed is the same in both; the program itself does not",
        "know which environment it builds.",
    ]
    for kind in KINDS:
        rows = [(difference, reason) for difference, reason in explained if reason.kind == kind]
        if not rows:
            continue
        lines += ["", f"## {kind.capitalize()}", "", "| setting | prod | nonprod | what it is | why they differ |"]
        lines += ["|---|---|---|---|---|"]
        for difference, reason in rows:
            cells = (f"`{difference.setting}`", difference.prod, difference.nonprod, difference.what, reason.why)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def differences(prod: Mapping[str, Any], nonprod: Mapping[str, Any]) -> Iterator[Difference]:
    """Give what differs, setting by setting, in the order of the stack file of prod."""
    left, right = dict(_flat("", prod)), dict(_flat("", nonprod))
    for setting in [*left, *(name for name in right if name not in left)]:
        was, other = left.get(setting, ABSENT), right.get(setting, ABSENT)
        if was != other:
            yield Difference(setting, _described(setting), _shown(was), _shown(other))


def read_reasons(written: Mapping[str, Mapping[str, str]]) -> list[Reason]:
    """Read the reasons: by kind, each a pattern of settings with its text."""
    return [Reason(pattern, kind, why) for kind, group in written.items() for pattern, why in group.items()]


def explain(found: list[Difference], reasons: list[Reason]) -> list[tuple[Difference, Reason]]:
    """Find the reason of each difference: the one that names it, else the first whose pattern fits."""
    problems = [
        f"{r.pattern}: its kind {r.kind!r} is none of {', '.join(KINDS)}" for r in reasons if r.kind not in KINDS
    ]
    used = set()
    explained = []
    for difference in found:
        fitting = [r for r in reasons if r.pattern == difference.setting]
        fitting += [r for r in reasons if fnmatch.fnmatchcase(difference.setting, r.pattern)]
        if fitting:
            used.add(fitting[0])
            explained.append((difference, fitting[0]))
        else:
            problems.append(
                f"{difference.setting} is {difference.prod} in prod and {difference.nonprod} in nonprod: say why"
            )
    problems += [f"{r.pattern}: nothing of that name differs; remove the reason" for r in reasons if r not in used]
    if problems:
        raise DocsError("\n".join([f"{REASONS.relative_to(ROOT)} is out of date:", *(f"  - {p}" for p in problems)]))
    return explained


def read_configuration(stack: str) -> dict[str, Any]:
    """Read the committed file of a stack; section -> its value."""
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"]
    return {key.removeprefix("novaretail:"): value for key, value in config.items()}


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), inner)
    else:
        yield prefix, value


def _described(setting: str) -> str:
    """What settings says of a field; empty for what Pulumi itself reads."""
    section, *way = setting.split(".")
    model: Any = settings.SECTIONS.get(section)
    said = ""
    for name in way:
        fields = settings.fields_of(model)
        if name not in fields:
            break
        said = fields[name].description or said
        model = fields[name].annotation
    return said


def _shown(value: Any) -> str:
    if value is ABSENT:
        return "(not set)"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return json.dumps(value) if isinstance(value, bool) else str(value)
