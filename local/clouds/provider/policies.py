"""`aws.iam.getPolicyDocument`: IAM policy JSON from its typed arguments, as the AWS provider writes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

VERSION = "2012-10-17"


def policy_document(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of the data source.

    Statements of `source` documents come first, then the own ones, then those of `override` documents; a
    later statement replaces an earlier one with the same Sid.

    Raises: ValueError if two statements of the sources, or of the document itself, share a Sid.
    """
    document: dict[str, Any] = {"Version": arguments.get("version") or VERSION}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    own = [_statement(statement) for statement in arguments.get("statements") or []]
    _refuse_repeated_sids(own, "statements")
    sources = [s for text in _documents(arguments, "source", "sourcePolicyDocuments") for s in _statements(text)]
    _refuse_repeated_sids(sources, "source_policy_documents")
    merged = _merge(sources, own)
    for text in _documents(arguments, "override", "overridePolicyDocuments"):
        merged = _merge(merged, _statements(text))
    document["Statement"] = merged
    pretty, minified = json.dumps(document, indent=2), json.dumps(document, separators=(",", ":"))
    given = {name: value for name, value in arguments.items() if value is not None}
    return {**given, "id": hashlib.sha256(minified.encode()).hexdigest()[:10], "json": pretty, "minifiedJson": minified}


def _statement(given: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {}
    if given.get("sid"):
        statement["Sid"] = given["sid"]
    statement["Effect"] = given.get("effect") or "Allow"
    parts = {
        "Action": _one_or_list(given.get("actions")),
        "NotAction": _one_or_list(given.get("notActions")),
        "Resource": _one_or_list(given.get("resources")),
        "NotResource": _one_or_list(given.get("notResources")),
        "Principal": _principals(given.get("principals") or []),
        "NotPrincipal": _principals(given.get("notPrincipals") or []),
        "Condition": _conditions(given.get("conditions") or []),
    }
    return {**statement, **{name: part for name, part in parts.items() if part}}


def _one_or_list(values: Sequence[str] | None) -> str | list[str] | None:
    if not values:
        return None
    # Sorted backwards, as the AWS provider does; it also writes IAM's variables as &{...} in arguments.
    unique = sorted({value.replace("&{", "${") for value in values}, reverse=True)
    return unique[0] if len(unique) == 1 else unique


def _principals(given: Sequence[Mapping[str, Any]]) -> Any:
    """`*` only for principals of type `*`; `{"AWS": "*"}` stays as it is, as IAM tells them apart in trust policies."""
    by_type: dict[str, list[str]] = {}
    for principal in given:
        if principal["type"] == "*":
            return "*"
        by_type.setdefault(principal["type"], []).extend(principal["identifiers"])
    return {kind: _one_or_list(identifiers) for kind, identifiers in by_type.items()}


def _conditions(given: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    conditions: dict[str, dict[str, list[str]]] = {}
    for condition in given:
        values = [value.replace("&{", "${") for value in condition["values"]]
        conditions.setdefault(condition["test"], {}).setdefault(condition["variable"], []).extend(values)
    return {
        test: {variable: values[0] if len(values) == 1 else values for variable, values in variables.items()}
        for test, variables in conditions.items()
    }


def _documents(arguments: Mapping[str, Any], single: str, many: str) -> list[str]:
    return [text for text in [arguments.get(f"{single}Json"), *(arguments.get(many) or [])] if text]


def _statements(text: str) -> list[dict[str, Any]]:
    statements = json.loads(text).get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


def _merge(earlier: Sequence[dict[str, Any]], later: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    replaced = {statement["Sid"]: statement for statement in later if statement.get("Sid")}
    kept = [replaced.pop(statement.get("Sid", ""), statement) for statement in earlier]
    return [*kept, *(s for s in later if not s.get("Sid") or s["Sid"] in replaced)]


def _refuse_repeated_sids(statements: Sequence[Mapping[str, Any]], where: str) -> None:
    sids = [statement["Sid"] for statement in statements if statement.get("Sid")]
    repeated = sorted({sid for sid in sids if sids.count(sid) > 1})
    if repeated:
        raise ValueError(f"duplicate Sid {', '.join(repeated)} in {where}: a Sid must be unique within a policy")
