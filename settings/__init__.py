"""Typed configuration of a stack: every field with its unit and its bounds, every error at once.

`load` reads what `pulumi config` holds, once, before the first resource; components get the sections they need.
A section is one structured key (`novaretail:network`, ...). Checks inside a section are its `problems`; checks
across sections are in `across`. Nothing here asks a cloud: an error names the key, its value, the rule and the way out.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from settings.across import problems_across
from settings.data_path import Audit, Cdc, Gcp, Lake, Landing, People, Processing, Sinks, Streaming, Warehouse
from settings.exchange import Azure
from settings.foundation import Alerts, Deployment, Encryption, Network, Protection, Tags
from settings.links import Links
from settings.organization import Organization
from settings.plan import HIDDEN, KEYS, AddressPlan
from settings.problems import Problem, Section, SettingsError
from settings.values import REGIONS, AccountId, Environment

__all__ = [
    "REGIONS",
    "SECTIONS",
    "AddressPlan",
    "DataStack",
    "Encryption",
    "Lake",
    "OrganizationStack",
    "Problem",
    "Section",
    "Settings",
    "SettingsError",
    "load",
    "parse",
    "unprotected",
]


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What every stack has."""

    environment: Environment
    account: str
    region: str
    tags: Tags
    protection: Protection


@dataclass(frozen=True, kw_only=True)
class OrganizationStack(Stack):
    """The organization: accounts, and what they may do."""

    alerts: Alerts
    encryption: Encryption
    organization: Organization


@dataclass(frozen=True, kw_only=True)
class DataStack(Stack):
    """The data backbone of one environment."""

    deployment: Deployment
    people: People
    alerts: Alerts
    network: Network
    encryption: Encryption
    lake: Lake
    streaming: Streaming
    sinks: Sinks
    cdc: Cdc
    processing: Processing
    landing: Landing
    audit: Audit
    warehouse: Warehouse
    azure: Azure | None = None
    gcp: Gcp | None = None
    links: Links | None = None
    preshared_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Of single tunnels, by their names (`AddressPlan.tunnels`)."""


Settings = OrganizationStack | DataStack

_COMMON: dict[str, Any] = {
    "environment": Environment,
    "account": AccountId,
    "tags": Tags,
    "protection": Protection,
}
_ORGANIZATION: dict[str, Any] = {"alerts": Alerts, "encryption": Encryption, "organization": Organization}
_DATA: dict[str, Any] = {
    "deployment": Deployment,
    "people": People,
    "alerts": Alerts,
    "network": Network,
    "encryption": Encryption,
    "lake": Lake,
    "streaming": Streaming,
    "sinks": Sinks,
    "cdc": Cdc,
    "processing": Processing,
    "landing": Landing,
    "audit": Audit,
    "warehouse": Warehouse,
    "azure": Azure,
    "gcp": Gcp,
    "links": Links,
    KEYS: dict[str, str],
}
SECTIONS: Mapping[str, Any] = _COMMON | _ORGANIZATION | _DATA
"""Key -> type of every key that any stack may have."""
_OPTIONAL = {"azure", "gcp", "links", KEYS}
_SCALARS = {
    "environment": f"Set it to one of {', '.join(get_args(Environment))}",
    "account": "Set it to the account's twelve digits, in quotes",
}


def load() -> Settings:
    """Read the stack's configuration. Raises: SettingsError with everything that is wrong in it."""
    import pulumi
    from pulumi.runtime import config as runtime  # pulumi.Config can read a key, but not list them

    stack = pulumi.get_stack()
    given = {**runtime.get_config_env(), **runtime.CONFIG.get()}
    raw = {key.removeprefix("novaretail:"): value for key, value in given.items() if key.startswith(_PREFIXES)}
    secrets = {key for key in given if key.startswith("novaretail:") and runtime.is_config_secret(key)}
    problems = [
        Problem(key, HIDDEN, "only keys of tunnels are secrets", "Set it again without --secret")
        for key in sorted(secrets - {_SECRET})
    ]
    if _SECRET in given and _SECRET not in secrets:
        remedy = "Remove it, make new keys, and set each with `pulumi config set --secret --path`"
        problems.append(Problem(_SECRET, HIDDEN, "whoever reads the stack's file reads the keys", remedy))
    if problems:
        raise SettingsError(stack, tuple(problems))
    return parse(raw, stack)


_SECRET = f"novaretail:{KEYS}"
_PREFIXES = ("novaretail:", "aws:region", "aws:allowedAccountIds")


def parse(raw: Mapping[str, object], stack: str) -> Settings:
    """Check the configuration of `stack`.

    Args:
        raw: key -> value; keys of the project come without `novaretail:`, those of the AWS provider as `aws:region`
            and `aws:allowedAccountIds`. Structured values may be JSON text, as Pulumi hands them over.
    Raises: SettingsError with everything that is wrong.
    """
    values = {key: _decoded(value) for key, value in raw.items()}
    problems: list[Problem] = []
    valid: dict[str, Any] = {}

    kind = "organization" if values.get("environment", stack) == "organization" else "data"
    expected = _COMMON | (_ORGANIZATION if kind == "organization" else _DATA)
    for key, value in values.items():
        if not key.startswith("aws:") and key not in expected:
            problems.append(_unknown(key, value, expected, kind))
    for key, annotation in expected.items():
        if key not in values:
            if key not in _OPTIONAL:
                problems.append(_missing(key, annotation))
            continue
        try:
            valid[key] = TypeAdapter(annotation).validate_json(json.dumps(values[key]))
        except ValidationError as error:
            found = [_translated(key, annotation, detail) for detail in error.errors()]
            problems += [replace(problem, value=HIDDEN) for problem in found] if key == KEYS else found
        else:
            if isinstance(valid[key], Section):
                problems += [_within(key, problem) for problem in valid[key].problems()]
    valid["region"] = values.get("aws:region")
    problems += problems_across(valid, values, stack)
    if problems:
        raise SettingsError(stack, tuple(problems))
    return OrganizationStack(**valid) if kind == "organization" else DataStack(**valid)


def unprotected(config: Settings, protected: Collection[str]) -> tuple[Problem, ...]:
    """What is wrong with `protection.replaceable`, held against the names of what the program protected."""
    problems = []
    for index, name in enumerate(config.protection.replaceable):
        if name not in protected:
            near = difflib.get_close_matches(name, list(protected), n=1, cutoff=0.6)
            remedy = f"Did you mean `{near[0]}`?" if near else "Remove it: it was replaced, or is called otherwise"
            rule = "no resource of this name is protected in this stack"
            problems.append(Problem(f"novaretail:protection.replaceable[{index}]", name, rule, remedy))
    return tuple(problems)


def _decoded(value: object) -> object:
    """Pulumi hands structured values over as JSON text; other text (an account number) stays text."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _unknown(key: str, value: object, expected: Mapping[str, Any], kind: str) -> Problem:
    if key in SECTIONS:
        rule = "an organization stack has no such section" if kind == "organization" else "a data stack has no accounts"
        return Problem(f"novaretail:{key}", value, rule, "Remove it, or correct novaretail:environment")
    return Problem(f"novaretail:{key}", value, "there is no such setting", _suggestion(key, expected))


def _suggestion(key: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(key, list(known), n=1, cutoff=0.6)
    return f"Did you mean `{near[0]}`?" if near else f"Known are {', '.join(known)}"


def _missing(key: str, annotation: Any) -> Problem:
    remedy = _SCALARS.get(key)
    if remedy is None:
        remedy = f"Add the section with {', '.join(annotation.model_fields)}"
    return Problem(f"novaretail:{key}", None, "it is missing", remedy)


def _within(section: str, problem: Problem) -> Problem:
    return Problem(f"novaretail:{section}.{problem.key}", problem.value, problem.rule, problem.remedy)


def _translated(key: str, annotation: Any, detail: Any) -> Problem:
    """A Problem of what pydantic found: its path, and what the field's description says to do."""
    path, model, description = f"novaretail:{key}", annotation, ""
    for step in detail["loc"]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
        fields = getattr(model, "model_fields", {})
        if step in fields:
            model, description = fields[step].annotation, fields[step].description
    if detail["type"] == "extra_forbidden":
        parent = getattr(model, "model_fields", {})
        return Problem(path, detail["input"], "there is no such setting", _suggestion(str(detail["loc"][-1]), parent))
    remedy = _SCALARS.get(key) or (f"Give {description}" if description else "Correct it")
    if detail["type"] == "missing":
        return Problem(path, None, "it is missing", remedy)
    message = detail["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    return Problem(path, detail["input"], message, remedy)
