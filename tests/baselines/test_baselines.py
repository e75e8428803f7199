"""The graphs of the deployed stacks are as they were reviewed, and a change says what it would do."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from delivery.changes import Change, compare, report
from delivery.graphs import replaces
from tests.baselines.snapshot import STACKS, committed, file_of, snapshot, text
from tests.graphs.recording import record

REWRITE = ".venv/bin/python -m tests.baselines"


@pytest.mark.parametrize("stack", STACKS)
def test_the_graph_is_as_reviewed(stack: str) -> None:
    now = snapshot(record(stack))
    changes = compare(committed(stack), now, replaces)
    assert changes == [], (
        f"\n{stack} is not as reviewed:\n{report(changes)}\n\nIf all of that is meant: {REWRITE} {stack}"
    )
    assert file_of(stack).read_text("utf-8") == text(now), f"the file was edited by hand: {REWRITE} {stack}"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"json": {"Version": "2012-10-17", "Statement": list(statements)}}


READ = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:raw"]}
PLAIN_HTTP = {"Effect": "Deny", "Action": ["s3:*"], "Resource": ["arn:raw"], "Principal": {"AWS": "*"}}
BUCKET = "aws:s3/bucket:Bucket raw"
QUEUE = "aws:lambda/function:Function loader"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule in"
GRAPH: dict[str, dict[str, Any]] = {
    "base tags": {"Owner": "us"},
    BUCKET: {"parent": "platform:storage:Lake lake", "inputs": {"bucket": "raw"}, "protect": True},
    QUEUE: {
        "parent": "platform:storage:Lake lake",
        "inputs": {"memorySize": 512, "packageType": "Zip", "role": "r", "timeout": 60, "handler": "h", "runtime": "p"},
    },
    RULE: {"parent": "platform:network:Network network", "inputs": {"cidrIpv4": "10.0.0.0/16", "fromPort": 443}},
    "aws:iam/rolePolicy:RolePolicy read": {
        "parent": "platform:storage:Lake lake",
        "inputs": {"policy": document(READ), "role": "r"},
    },
    "aws:s3/bucketPolicy:BucketPolicy raw-policy": {
        "parent": "platform:storage:Lake lake",
        "inputs": {"policy": document(PLAIN_HTTP), "bucket": "raw"},
    },
}


def after(key: str, **changed: Any) -> list[Change]:
    """The changes if a resource's inputs or options change."""
    graph = copy.deepcopy(GRAPH)
    for name, value in changed.items():
        (graph[key] if name in graph[key] or name == "ignore_changes" else graph[key]["inputs"])[name] = value
    return compare(GRAPH, graph, replaces)


def without(key: str, **instead: Any) -> list[Change]:
    graph = copy.deepcopy(GRAPH)
    found = graph.pop(key)
    for name in instead:
        graph[f"{key.split(' ')[0]} {name}"] = found
    return compare(GRAPH, graph, replaces)


def test_no_change_is_no_finding() -> None:
    assert compare(GRAPH, copy.deepcopy(GRAPH), replaces) == []


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        (after(QUEUE, memorySize=1024), "safe", "memorySize: 512 -> 1024"),
        (after(QUEUE, packageType="Image"), "replacing", "packageType"),
        (after(BUCKET, bucket="other"), "data-losing", 'bucket: "raw" -> "other"'),
        (after(BUCKET, protect=False), "data-losing", "loses protect"),
        (after(BUCKET, parent="platform:storage:Other other"), "data-losing", "was below"),
        (after(BUCKET, parent="platform:storage:Lake lakes"), "safe", "was below"),
        (after(QUEUE, ignore_changes=["role"]), "safe", "ignored changes of [], now of ['role']"),
        (without(BUCKET), "data-losing", "is gone"),
        (without(BUCKET, renamed=True), "data-losing", "is called renamed now"),
        (without(QUEUE), "safe", "is gone"),
        (without(QUEUE, renamed=True), "replacing", "is called renamed now"),
    ],
)
def test_a_change_is_classed_by_what_it_does_to_data(changes: list[Change], kind: str, said: str) -> None:
    (change,) = changes
    assert change.kind == kind
    assert said in change.what
    assert f"{kind} (1):" in report(changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            after(
                "aws:iam/rolePolicy:RolePolicy read", policy=document({**READ, "Action": ["s3:GetObject", "s3:Put"]})
            ),
            "it allows more: s3:Put on arn:raw",
        ),
        (
            after("aws:iam/rolePolicy:RolePolicy read", policy=document({**READ, "Resource": ["*"]})),
            "it allows more: s3:GetObject on *",
        ),
        (
            after("aws:s3/bucketPolicy:BucketPolicy raw-policy", policy=document()),
            'it denies less: {"AWS": "*"} s3:* on arn:raw',
        ),
        (
            after(
                "aws:s3/bucketPolicy:BucketPolicy raw-policy",
                policy=document({**PLAIN_HTTP, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}),
            ),
            "it denies less",
        ),
        (after(RULE, cidrIpv4="0.0.0.0/0"), "it lets 0.0.0.0/0 in"),
        (after(BUCKET, ignore_changes=["bucket"]), "seen by nobody"),
    ],
)
def test_what_opens_something_needs_a_second_reader(changes: list[Change], said: str) -> None:
    assert any(said in change.second_reader for change in changes), report(changes)
    assert "SECOND READER" in report(changes)


def test_what_opens_nothing_needs_none() -> None:
    narrower = document()
    for changes in (after("aws:iam/rolePolicy:RolePolicy read", policy=narrower), after(QUEUE, memorySize=1024)):
        assert [change.second_reader for change in changes] == [""]


def test_a_baseline_has_no_secret_and_no_generated_text() -> None:
    for stack in STACKS:
        written = text(snapshot(record(stack)))
        assert "4dabf18193072939515e22adb298388d" not in written
        assert max(map(len, written.splitlines())) < 4000, stack
