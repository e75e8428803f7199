"""The platform's rules as a CrossGuard policy pack: `pulumi preview --policy-pack policy`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

sys.path.insert(0, str(Path(__file__).parent))  # the engine runs this file from the pack's folder or from elsewhere

from rules import RULES, UNKNOWN, Resource, Rule


def known(value: Any) -> Any:
    """The value as plain Python, with UNKNOWN where the SDK would raise."""
    if isinstance(value, Mapping):
        return {key: _of(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_of(value, index) for index in range(len(value))]
    return value


def _of(value: Any, key: Any) -> Any:
    try:
        return known(value[key])
    except UnknownValueError:
        return UNKNOWN


def policy(rule: Rule) -> Policy:
    """A rule as the SDK wants it; breaking one stops the deployment."""

    def one(args: ResourceValidationArgs, report: ReportViolation) -> None:
        protect = bool(args.opts and args.opts.protect)
        resource = Resource(args.resource_type, args.name, known(args.props), protect, args.urn)
        for problem in rule.check(resource) if rule.check else ():
            report(problem)

    def all_of(args: StackValidationArgs, report: ReportViolation) -> None:
        resources = [Resource(r.resource_type, r.name, known(r.props), urn=r.urn) for r in args.resources]
        for resource, problem in rule.across(resources) if rule.across else ():
            report(problem, resource.urn)

    settings = {"description": rule.description, "enforcement_level": EnforcementLevel.MANDATORY}
    if rule.across:
        return StackValidationPolicy(name=rule.name, validate=all_of, **settings)
    return ResourceValidationPolicy(name=rule.name, validate=one, **settings)


PolicyPack(name="novaretail", policies=[policy(rule) for rule in RULES])
