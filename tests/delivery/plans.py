"""Plans in the engine's own format, as small as a test needs them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from delivery.plan import Plan, read

BUCKET = "aws:s3/bucket:Bucket"
FUNCTION = "aws:lambda/function:Function"
POLICY = "aws:iam/rolePolicy:RolePolicy"


def urn(type_: str, name: str, stack: str = "prod") -> str:
    return f"urn:pulumi:{stack}::novaretail::platform:storage:Lake${type_}::{name}"


def step(op: str, type_: str, name: str, old: Any = None, new: Any = None, **more: Any) -> dict[str, Any]:
    """One step; `old` and `new` are inputs, and options with a leading underscore are the state's own fields."""
    made = {"op": op, "urn": urn(type_, name), **{k: v for k, v in more.items() if not k.startswith("_")}}
    kept = {k.removeprefix("_"): v for k, v in more.items() if k.startswith("_")}
    if old is not None:
        made["oldState"] = {"type": type_, "inputs": old, "outputs": old, **kept}
    if new is not None:
        made["newState"] = {"type": type_, "inputs": new, **kept}
    return made


def grant(*actions: str) -> dict[str, str]:
    """The inputs of a role's policy; the engine has the document as text."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": ["arn:aws:s3:::raw/*"]}
    return {"role": "loader", "policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


def written(folder: Path, steps: list[Mapping[str, Any]], events: list[Mapping[str, Any]] | None = None) -> Plan:
    """The plan that is read back from files as the engine writes them."""
    output, log = folder / "prod.json", folder / "prod.events"
    output.write_text(json.dumps({"steps": steps}))
    log.write_text("".join(json.dumps(event) + "\n" for event in events or []))
    return read("prod", output, log)


STEPS: list[Mapping[str, Any]] = [
    step("same", BUCKET, "curated", {}, {}),
    step("update", FUNCTION, "loader", {"memorySize": 256}, {"memorySize": 512}, diffReasons=["memorySize"]),
    step(
        "replace",
        BUCKET,
        "raw",
        {"bucket": "raw"},
        {"bucket": "raw-2"},
        diffReasons=["bucket"],
        replaceReasons=["bucket"],
    ),
    step("replace", FUNCTION, "sender", {"role": "a"}, {"role": "b"}, diffReasons=["role"], replaceReasons=["role"]),
    step(
        "update", POLICY, "read", grant("s3:GetObject"), grant("s3:GetObject", "s3:PutObject"), diffReasons=["policy"]
    ),
]
"""One of each: the worst are neither first nor last."""
