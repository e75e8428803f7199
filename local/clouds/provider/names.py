"""Names that a program leaves to the provider: `{logical name}-{seven random digits}`, as the real ones do.

Which argument is named so is the provider's own knowledge; limits and letters are those of the service.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.clouds.provider.shapes import Shape
from local.clouds.provider.wire import UNKNOWN

DEFAULTS = "__defaults"
"""The arguments that the provider filled in; Pulumi's own providers keep the list under this name."""


@dataclass(frozen=True)
class Rule:
    """How one argument is named: at most `longest` characters, all lower case if `lower`."""

    argument: str
    longest: int = 255
    lower: bool = False
    letters: str = ""  # a pattern of what the service refuses
    digits: int = 7
    separator: str = "-"
    prefix: str = ""
    suffix: str = ""


_RULES = {
    "aws:s3/bucket:Bucket": Rule("bucket", 63, lower=True, letters=r"[^a-z0-9.-]"),
    "aws:iam/role:Role": Rule("name", 64),
    "aws:iam/policy:Policy": Rule("name", 128),
    "aws:iam/rolePolicy:RolePolicy": Rule("name", 128),
    "aws:lambda/function:Function": Rule("name", 64),
    "aws:sqs/queue:Queue": Rule("name", 80),
    "aws:sfn/stateMachine:StateMachine": Rule("name", 80),
    "aws:cloudwatch/eventRule:EventRule": Rule("name", 64),
    "aws:scheduler/schedule:Schedule": Rule("name", 64),
    "aws:kms/alias:Alias": Rule("name", 256, prefix="alias/"),
    "aws:rds/instance:Instance": Rule("identifier", 63, lower=True),
    "aws:rds/cluster:Cluster": Rule("clusterIdentifier", 63, lower=True),
    "azure-native:storage:StorageAccount": Rule(
        "accountName", 24, lower=True, letters=r"[^a-z0-9]", digits=8, separator=""
    ),
}


def rule_of(shape: Shape) -> Rule | None:
    """How the provider names a resource of this type; None if the program must, or there is no name."""
    if shape.token in _RULES:
        return _RULES[shape.token]
    package = shape.token.split(":", 1)[0]
    if package == "azure-native":
        argument = azure_name(shape)
        return Rule(argument, 80, digits=8, separator="") if argument else None
    named = shape.inputs.get("name")
    if named is None or named.required or named.type.kind != "string":
        return None
    return Rule("name", 63, lower=True, letters=r"[^a-z0-9-]") if package == "gcp" else Rule("name")


def azure_name(shape: Shape) -> str | None:
    """The argument that becomes `name`: optional, called `...Name`, and no output of its own."""
    if shape.token.endswith(":ResourceGroup"):
        return "resourceGroupName"
    candidates = (
        name
        for name, field in shape.inputs.items()
        if name.endswith("Name") and not field.required and name not in shape.outputs
    )
    return next(candidates, None)


def fill(
    shape: Shape,
    logical_name: str,
    arguments: Mapping[str, Any],
    before: Mapping[str, Any],
    seed: bytes,
    proposed: str | None = None,
) -> dict[str, Any]:
    """The arguments, with a name where the program gave neither a name nor a prefix for one.

    Args:
        before: the arguments of the last run, whose name stays as long as the program gives none.
        seed: the engine's random bytes for this step, so that a plan and its execution agree.
        proposed: the name that the engine's own `pulumi:autonaming` setting asks for.
    """
    filled = dict(arguments)
    rule = rule_of(shape)
    if rule is None or filled.get(rule.argument) is not None:
        return filled
    if rule.argument in before.get(DEFAULTS, ()) and before.get(rule.argument) not in (None, UNKNOWN):
        name = before[rule.argument]
    elif proposed:
        name = proposed
    else:
        prefix = filled.get(f"{rule.argument}Prefix")
        name = UNKNOWN if prefix is UNKNOWN else _make(rule, logical_name, prefix, seed, bool(filled.get("fifoQueue")))
    return {**filled, rule.argument: name, DEFAULTS: [rule.argument]}


def _make(rule: Rule, logical_name: str, prefix: str | None, seed: bytes, fifo: bool) -> str:
    random = hashlib.sha256(seed or logical_name.encode()).hexdigest()[: rule.digits]
    suffix = ".fifo" if fifo else rule.suffix
    ending = f"{random}{suffix}" if prefix is not None else f"{rule.separator}{random}{suffix}"
    stem = prefix if prefix is not None else rule.prefix + logical_name
    if rule.lower:
        stem = stem.lower()
    if rule.letters:
        stem = re.sub(rule.letters, "-" if rule.separator else "", stem)
    return stem[: rule.longest - len(ending)] + ending
