"""From what Pulumi holds to settings: reads a stack's configuration once, and tells everything that is wrong with it.

The one module of this package that knows Pulumi. Checks inside a section are its `problems`; checks across sections
are in `across`. Nothing here asks a cloud: an error names the key, its value, the rule and the way out.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from settings.across import problems_across
from settings.plan import HIDDEN, KEYS
from settings.problems import Problem, Section, SettingsError, fields_of
from settings.stacks import SECTIONS, DataStack, Key, OrganizationStack, Settings, keys

_SECRET = f"novaretail:{KEYS}"
_PREFIXES = ("novaretail:", "aws:region", "aws:allowedAccountIds")


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

    organization = values.get("environment", stack) == "organization"
    kind: type[OrganizationStack | DataStack] = OrganizationStack if organization else DataStack
    expected = keys(kind)
    for name, value in values.items():
        if not name.startswith("aws:") and name not in expected:
            problems.append(_unknown(name, value, expected, organization))
    for name, key in expected.items():
        if name not in values:
            if not key.optional:
                problems.append(_missing(name, key))
            continue
        try:
            valid[name] = TypeAdapter(key.type).validate_json(json.dumps(values[name]))
        except ValidationError as error:
            found = [_translated(name, key, detail) for detail in error.errors()]
            problems += [replace(problem, value=HIDDEN) for problem in found] if name == KEYS else found
        else:
            if isinstance(valid[name], Section):
                problems += [_within(name, problem) for problem in valid[name].problems()]
    valid["region"] = values.get("aws:region")
    problems += problems_across(valid, values, stack)
    if problems:
        raise SettingsError(stack, tuple(problems))
    return kind(**valid)


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


def _unknown(name: str, value: object, expected: Collection[str], organization: bool) -> Problem:
    if name in SECTIONS:
        rule = "an organization stack has no such section" if organization else "a data stack has no accounts"
        return Problem(f"novaretail:{name}", value, rule, "Remove it, or correct novaretail:environment")
    return Problem(f"novaretail:{name}", value, "there is no such setting", _suggestion(name, expected))


def _suggestion(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"Did you mean `{near[0]}`?" if near else f"Known are {', '.join(known)}"


def _missing(name: str, key: Key) -> Problem:
    remedy = _scalar(key) or f"Add the section with {', '.join(fields_of(key.type))}"
    return Problem(f"novaretail:{name}", None, "it is missing", remedy)


def _scalar(key: Key) -> str | None:
    """What to do about a key that is a value and no section: its type carries the description."""
    said = [one.description for one in getattr(key.type, "__metadata__", ()) if isinstance(one, FieldInfo)]
    return f"Set it to {said[0]}" if said else None


def _within(section: str, problem: Problem) -> Problem:
    return Problem(f"novaretail:{section}.{problem.key}", problem.value, problem.rule, problem.remedy)


def _translated(name: str, key: Key, detail: Any) -> Problem:
    """A Problem of what pydantic found: its path, and what the field's description says to do."""
    path, model, description = f"novaretail:{name}", key.type, ""
    for step in detail["loc"]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
        fields = fields_of(model)
        if step in fields:
            model, description = fields[step].annotation, fields[step].description or ""
    if detail["type"] == "extra_forbidden":
        suggestion = _suggestion(str(detail["loc"][-1]), fields_of(model))
        return Problem(path, detail["input"], "there is no such setting", suggestion)
    remedy = _scalar(key) or (f"Give {description}" if description else "Correct it")
    if detail["type"] == "missing":
        return Problem(path, None, "it is missing", remedy)
    message = detail["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    return Problem(path, detail["input"], message, remedy)
