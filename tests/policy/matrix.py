"""Derives the access matrix from the recorded graph of prod: what each role may do on what, by asking IAM's rules.

`python -m tests.policy.matrix` writes access_matrix.yaml anew, for review.

Everything that holds data or starts something is asked about, for every role: files by dataset, tables, topics, keys
by the service they are used through, queues, secrets, jobs, machines, functions, alerts, the warehouse. The answer
takes the role's policies, its boundary and the policy of the bucket or key together. What else a role's policies
allow is listed as they say it (`also`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

import contracts
from tests.graphs.access import REGION, Graph, Role, graph
from tests.graphs.iam import Context, Document, Request, arn_like, decide

FILE = Path(__file__).with_name("access_matrix.yaml")
HEAD = """\
# Who may do what in prod, as IAM decides it: role -> kind of thing -> thing -> actions. What is not here is denied.
# A new grant fails tests/policy/test_access_matrix.py until its line is here; to write the file anew, then review:
#   .venv/bin/python -m tests.policy.matrix
# `keys` says through which service a key is used; `also` is what else policies allow, without account and region.
"""
UNLISTED = "(elsewhere)"
"""A folder, table or topic that nothing declares: only a pattern too wide reaches it."""

Question = tuple[str, str, str, str, list[str], Context, Document | None, bool]
"""Kind, thing, verb; action on resources in a context; the resource's policy, and whether it delegates to IAM."""

_FILE_VERBS = {"list": "s3:ListBucket", "read": "s3:GetObject", "write": "s3:PutObject", "delete": "s3:DeleteObject"}
_TABLE_VERBS = {
    "read": "glue:GetTable",
    "commit": "glue:UpdateTable",
    "create": "glue:CreateTable",
    "drop": "glue:DeleteTable",
}
_TOPIC_VERBS = {
    "read": "kafka-cluster:ReadData",
    "write": "kafka-cluster:WriteData",
    "create": "kafka-cluster:CreateTopic",
    "alter": "kafka-cluster:AlterTopic",
    "delete": "kafka-cluster:DeleteTopic",
}
_SIMPLE = {
    "queues": (
        "sqs/queue:Queue",
        {"send": "sqs:SendMessage", "receive": "sqs:ReceiveMessage", "delete": "sqs:DeleteMessage"},
    ),
    "alerts": ("sns/topic:Topic", {"publish": "sns:Publish"}),
    "jobs": ("glue/job:Job", {"start": "glue:StartJobRun", "stop": "glue:BatchStopJobRun"}),
    "machines": ("sfn/stateMachine:StateMachine", {"start": "states:StartExecution"}),
    "functions": ("lambda/function:Function", {"invoke": "lambda:InvokeFunction"}),
    "warehouse": (
        "redshiftserverless/workgroup:Workgroup",
        {"sign in": "redshift-serverless:GetCredentials", "query": "redshift-data:ExecuteStatement"},
    ),
}
_KEY_VERBS = {"decrypt": "kms:Decrypt", "encrypt": "kms:GenerateDataKey"}
_SERVICES = ("dms", "glue", "kafka", "lambda", "logs", "rds", "redshift", "redshift-serverless", "s3")
_MORE_SERVICES = ("secretsmanager", "sns", "sqs")


def derive(stack: Graph) -> dict[str, dict[str, dict[str, Any]]]:
    """Role -> kind -> thing -> what it may do there."""
    asked = list(_questions(stack))
    known: dict[str, set[str]] = {}
    for _, _, _, action, resources, *_ in asked:
        known.setdefault(action, set()).update(resources)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for role in stack.roles.values():
        may: dict[str, dict[str, Any]] = {}
        for kind, thing, verb, action, resources, context, policy, delegates in asked:
            context = {**context, **_way(role)}
            if all(
                stack.may(role, action, resource, context, policy=policy, delegates=delegates) for resource in resources
            ):
                may.setdefault(kind, {}).setdefault(thing, []).append(verb)
        found[role.name] = {
            kind: {thing: " ".join(verbs) for thing, verbs in sorted(things.items())} for kind, things in may.items()
        }
        if also := _also(role, stack, known):
            found[role.name]["also"] = also
    return dict(sorted(found.items()))


def _way(role: Role) -> Context:
    """How the request comes: Data Factory's from its runtime over the link; every other is inside the VPC."""
    if role.name != "data-factory":
        return {}
    return {"aws:SourceVpce": "network-s3-interface-id", "aws:VpcSourceIp": "10.96.1.4"}


def _questions(stack: Graph) -> Iterator[Question]:
    inside = {
        "aws:SourceVpce": "network-s3-id",
        "aws:SecureTransport": "true",
        "s3:TlsVersion": "1.3",
        "aws:ViaAWSService": "false",
    }
    data = contracts.load()
    for bucket, policy in sorted(stack.bucket_policies().items()):
        short = bucket.removeprefix("novaretail-prod-").removeprefix("datalake-")
        for folder in _folders(stack, data, bucket, short):
            for verb, action in _FILE_VERBS.items():
                listing = verb == "list"
                arn = f"arn:aws:s3:::{bucket}" + ("" if listing else f"/{folder}/file")
                context = {**inside, "s3:prefix": f"{folder}/"} if listing else inside
                yield "files", f"{short}/{folder}", verb, action, [arn], context, policy, True
    for database, name in [*((t.database, t.name) for t in data.tables), *((d, UNLISTED) for d in data.databases)]:
        arns = [_arn(stack, "glue", r) for r in ("catalog", f"database/{database}", f"table/{database}/{name}")]
        for verb, action in _TABLE_VERBS.items():
            yield "tables", f"{database}.{name}", verb, action, arns, {}, None, True
    for topic in sorted({t.inputs["name"] for t in stack.recording.of("msk/topic:Topic")} | {UNLISTED}):
        for verb, action in _TOPIC_VERBS.items():
            arn = _arn(stack, "kafka", f"topic/novaretail/0a1b-2c/{topic}")
            yield "topics", topic, verb, action, [arn], {}, None, True
    for key in stack.recording.of("kms/key:Key"):
        policy, arn = stack.policy(key.name), stack.arn(key.name)
        for service in (None, *_SERVICES, *_MORE_SERVICES):
            context = {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"} if service else {}
            if service == "s3":  # with keys of buckets, S3 names the bucket
                context["kms:EncryptionContext:aws:s3:arn"] = "arn:aws:s3:::novaretail-prod-datalake-analytics"
            thing = f"{key.name.removeprefix('keys-')} through {service or 'nothing'}"
            for verb, action in _KEY_VERBS.items():
                yield "keys", thing, verb, action, [arn], context, policy, False
    for kind, (type_, verbs) in _SIMPLE.items():
        for resource in stack.recording.of(type_):
            for verb, action in verbs.items():
                yield kind, resource.name, verb, action, [stack.arn(resource.name)], {}, None, True
    for secret in _secrets(stack):
        arn = _arn(stack, "secretsmanager", f"secret:{secret}")
        yield "secrets", secret, "read", "secretsmanager:GetSecretValue", [arn], {}, None, True


def _folders(stack: Graph, data: contracts.Contracts, bucket: str, short: str) -> list[str]:
    declared = {table.prefix for table in data.tables if table.zone == short}
    declared |= {shared.prefix for shared in data.exchanges if shared.zone == short}
    objects = [o.inputs for o in stack.recording.of("BucketObjectv2")]
    shipped = {o["key"].split("/")[0] for o in objects if o["bucket"] == bucket and "/" in o["key"]}
    return [*sorted(declared | shipped), UNLISTED]


def _secrets(stack: Graph) -> list[str]:
    """The secrets of the program, and those that AWS makes for a password that it manages."""
    made = [s.name for s in stack.recording.of("secretsmanager/secret:Secret")]
    managed = [n.name for n in stack.recording.of("Namespace")]
    managed += [i.name for i in stack.recording.of("rds/instance:Instance")]
    return sorted([*made, *managed])


def _also(role: Role, stack: Graph, asked: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """What policies allow besides what is asked about: action -> resources."""
    found: dict[str, set[str]] = {}
    for action, resource in grants(role):
        if not any(arn_like(resource, known) for known in asked.get(action, ())):
            shown = resource.replace(f":{REGION}:{stack.account}:", ":").removeprefix("arn:aws:")
            found.setdefault(action, set()).add(shown)
    return {action: sorted(resources) for action, resources in sorted(found.items())}


def grants(role: Role) -> Iterator[tuple[str, str]]:
    """Every action and resource that a role's policies allow, as they say it."""
    for document in role.policies:
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow":
                yield from ((action, resource) for action in statement["Action"] for resource in statement["Resource"])


def blocked(role: Role, stack: Graph) -> list[tuple[str, str]]:
    """What a role is granted and its boundary takes away again: a grant that does not work."""
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    return [
        (action, resource)
        for action, resource in grants(role)
        if not decide(
            Request(stack.principal(role), action, resource if resource == "*" else resource.replace("*", "x")),
            identity=[everything],
            boundary=role.boundary,
        )
    ]


def _arn(stack: Graph, service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{stack.account}:{resource}"


def committed() -> dict[str, dict[str, dict[str, Any]]]:
    matrix: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(FILE.read_text())
    return matrix


def lines(matrix: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> set[str]:
    """One line a cell, for comparison: role / kind / thing / action."""
    found = set()
    for role, kinds in matrix.items():
        for kind, things in kinds.items():
            for thing, what in things.items():
                cells = what if isinstance(what, list) else what.split(" ") if kind != "warehouse" else [what]
                found |= {f"{role}: {kind}: {thing}: {cell}" for cell in cells}
    return found


class _Compact(yaml.SafeDumper):
    """Lists on one line."""

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
        return super().represent_sequence(tag, sequence, flow_style=True)


if __name__ == "__main__":
    FILE.write_text(HEAD + yaml.dump(derive(graph("prod")), Dumper=_Compact, sort_keys=False, width=180))
