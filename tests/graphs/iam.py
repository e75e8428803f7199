"""IAM's decision, for the parts of its language that the platform's policies use.

Rules: "Policy evaluation logic" and "IAM JSON policy elements: Condition operators" of the IAM user guide. What is
not known here raises, so that a policy in new words is never judged by a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

Document = Mapping[str, Any]
Statement = Mapping[str, Any]
Context = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Principal:
    """Who asks. `arn` is a user's, a role's (also for its sessions) or a service's name; an anonymous one has none."""

    arn: str | None
    account: str | None = None
    organization: str | None = None
    service: bool = False

    def context(self) -> dict[str, str]:
        """The keys that a request carries about its principal; a key that would have no value is missing."""
        keys = {"aws:PrincipalIsAWSService": "true" if self.service else "false"} if self.arn else {}
        if not self.service:
            found = {
                "aws:PrincipalArn": self.arn,
                "aws:PrincipalAccount": self.account,
                "aws:PrincipalOrgID": self.organization,
            }
            keys |= {key: value for key, value in found.items() if value}
        return keys


@dataclass(frozen=True)
class Request:
    principal: Principal
    action: str
    resource: str
    context: Context = field(default_factory=dict)

    def value(self, key: str) -> str | Sequence[str] | None:
        """Names of keys have no case."""
        known = {**self.principal.context(), **self.context}
        return next((value for name, value in known.items() if name.lower() == key.lower()), None)


@dataclass(frozen=True)
class Decision:
    allowed: bool
    why: str

    def __bool__(self) -> bool:
        return self.allowed


def decide(
    request: Request,
    *,
    identity: Sequence[Document] = (),
    boundary: Document | None = None,
    resource: Document | None = None,
    owner: str | None = None,
    delegates: bool = True,
) -> Decision:
    """Whether a request gets through.

    Args:
        identity: the policies of the principal.
        boundary: its permission boundary, which limits also what a resource's policy gives to a role.
        resource: the policy of the resource, which `owner` (an account; None: the principal's) has.
        delegates: False for a key: its policy must say yes even to its own account (KMS developer guide).
    """
    guards = [document for document in (resource, boundary) if document]
    for document in [*guards, *identity]:
        for statement in document["Statement"]:
            if statement["Effect"] == "Deny" and _applies(statement, request):
                return Decision(False, f"denied by {statement}")
    by_resource = resource is not None and _allows(resource, request)
    if request.principal.service or request.principal.arn is None:
        return Decision(by_resource, "by the resource's policy" if by_resource else "no policy of the resource allows")
    if boundary is not None and not _allows(boundary, request):
        return Decision(False, "outside the boundary")
    by_identity = any(_allows(document, request) for document in identity)
    same_account = owner is None or owner == request.principal.account
    if not same_account or not delegates:
        both = by_identity and by_resource
        return Decision(both, "by both" if both else f"identity {by_identity}, resource {by_resource}: both are needed")
    either = by_identity or by_resource
    return Decision(either, "allowed" if either else "nothing allows")


def applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    """Whether a statement is about this request; its principals are the caller's to compare."""
    anybodys = {element: value for element, value in statement.items() if element != "Principal"}
    return _applies(anybodys, Request(Principal(None), action, resource, context))


def denied(statements: Iterable[Statement], action: str, resource: str = "*", **context: str) -> bool:
    """Whether one statement denies; `context` has `:` of condition keys written as `__`: aws__PrincipalArn."""
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    return any(s["Effect"] == "Deny" and applies(s, action, resource, keys) for s in statements)


def allowed(statements: Iterable[Statement], action: str, resource: str = "*", **context: str) -> bool:
    """Whether one statement allows and none denies; `context` as for `denied`."""
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    found = [s["Effect"] for s in statements if applies(s, action, resource, keys)]
    return "Allow" in found and "Deny" not in found


def _allows(document: Document, request: Request) -> bool:
    return any(s["Effect"] == "Allow" and _applies(s, request) for s in document["Statement"])


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    unknown = statement.keys() - {
        "Sid",
        "Effect",
        "Principal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
    if unknown:
        raise NotImplementedError(f"elements of a statement: {', '.join(sorted(unknown))}")
    return (
        _principal(statement, request)
        and _listed(statement, "Action", lambda pattern: _like(pattern.lower(), request.action.lower()))
        and _listed(statement, "Resource", lambda pattern: arn_like(_filled(pattern, request), request.resource))
        and all(
            _condition(operator, key, _list(values), request)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _listed(statement: Mapping[str, Any], element: str, matches: Callable[[str], bool]) -> bool:
    if f"Not{element}" in statement:
        return not any(matches(pattern) for pattern in _list(statement[f"Not{element}"]))
    # Trust and boundary policies may leave the resource out.
    return element not in statement or any(matches(pattern) for pattern in _list(statement[element]))


def _principal(statement: Mapping[str, Any], request: Request) -> bool:
    named = statement.get("Principal")
    if named is None:
        return True
    if named == "*" or "*" in _list(named.get("AWS", [])):
        return True
    who = request.principal
    if who.service:
        return who.arn in _list(named.get("Service", []))
    account = f"arn:aws:iam::{who.account}:root"
    return who.arn is not None and bool({who.arn, who.account, account} & set(_list(named.get("AWS", []))))


def _condition(operator: str, key: str, wanted: Sequence[str], request: Request) -> bool:
    """One line of a Condition: an operator, a key, and the values of which one must fit."""
    quantifier, _, name = operator.rpartition(":")
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    given = request.value(key)
    if name == "Null":
        return (given is None) == (wanted[0].lower() == "true")
    negated = "Not" in name
    compare = _COMPARISONS[name.replace("Not", "")]
    if given is None:
        # A missing key fits a negated comparison, one with IfExists, and every (that is, no) value of ForAllValues.
        return negated or if_exists or quantifier == "ForAllValues"
    if quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise NotImplementedError(f"condition operator {operator}")
    values = [given] if isinstance(given, str) else list(given)
    if not quantifier and len(values) > 1:
        raise ValueError(f"{key} has several values: the condition must say ForAllValues or ForAnyValue")
    fits = [any(compare(_filled(pattern, request), value) for pattern in wanted) != negated for value in values]
    return any(fits) if quantifier == "ForAnyValue" else all(fits)


def _filled(pattern: str, request: Request) -> str:
    """Policy variables: ${aws:userid}."""

    def value(match: re.Match[str]) -> str:
        found = request.value(match[1])
        return found if isinstance(found, str) else "\0"  # a variable without value matches nothing

    return re.sub(r"\$\{([\w:/-]+)\}", value, pattern)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), re.DOTALL)


def _like(pattern: str, text: str) -> bool:
    return _pattern(pattern).fullmatch(text) is not None


def arn_like(pattern: str, arn: str) -> bool:
    """Wildcards of an ARN stay within its six parts."""
    if pattern == "*":
        return True
    wanted, parts = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(parts) and all(_like(w, p) for w, p in zip(wanted, parts, strict=True))


_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, given: wanted == given,
    "StringEqualsIgnoreCase": lambda wanted, given: wanted.lower() == given.lower(),
    "StringLike": _like,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "Bool": lambda wanted, given: wanted.lower() == given.lower(),
    "IpAddress": lambda wanted, given: ip_address(given) in ip_network(wanted),
    "NumericEquals": lambda wanted, given: float(given) == float(wanted),
    "NumericLessThan": lambda wanted, given: float(given) < float(wanted),
    "NumericLessThanEquals": lambda wanted, given: float(given) <= float(wanted),
    "NumericGreaterThan": lambda wanted, given: float(given) > float(wanted),
    "NumericGreaterThanEquals": lambda wanted, given: float(given) >= float(wanted),
}


def _list(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
