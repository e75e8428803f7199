"""What policy statements of the graph say about a request: enough of IAM's evaluation to ask them questions.

A condition operator that is not listed here raises KeyError, so that no statement is taken for more than was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

Statement = Mapping[str, Any]


def _like(value: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in patterns)


OPERATORS: dict[str, Callable[[str, list[str]], bool]] = {
    "StringEquals": lambda value, wanted: value in wanted,
    "StringNotEquals": lambda value, wanted: value not in wanted,
    "StringLike": _like,
    "StringNotLike": lambda value, wanted: not _like(value, wanted),
    "ArnLike": _like,
    "ArnNotLike": lambda value, wanted: not _like(value, wanted),
    "Bool": lambda value, wanted: value in wanted,
}


def _holds(operator: str, key: str, wanted: list[str], context: Mapping[str, str]) -> bool:
    if operator == "Null":
        return (key not in context) == (wanted == ["true"])
    test, if_exists = OPERATORS[operator.removesuffix("IfExists")], operator.endswith("IfExists")
    if key not in context:
        return if_exists or "Not" in operator  # a negated comparison holds where the key is missing
    return test(context[key], wanted)


def applies(statement: Statement, action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether a statement is about this request; principals are the caller's to compare."""
    patterns = statement.get("Action", statement.get("NotAction"))
    named = any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
    if named != ("Action" in statement):
        return False
    if "NotResource" in statement:
        if _like(resource, _listed(statement["NotResource"])):
            return False
    elif not _like(resource, _listed(statement["Resource"])):
        return False
    return all(
        _holds(operator, key, _listed(wanted), context)
        for operator, tests in statement.get("Condition", {}).items()
        for key, wanted in tests.items()
    )


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def denied(statements: Iterable[Statement], action: str, resource: str = "*", **context: str) -> bool:
    """`context` has `:` of condition keys written as `__`: aws__PrincipalArn."""
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    return any(s["Effect"] == "Deny" and applies(s, action, resource, keys) for s in statements)


def allowed(statements: Iterable[Statement], action: str, resource: str = "*", **context: str) -> bool:
    """Allowed by one statement and denied by none."""
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    found = [s["Effect"] for s in statements if applies(s, action, resource, keys)]
    return "Allow" in found and "Deny" not in found
