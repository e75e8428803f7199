"""One Lambda function, which every component that has one makes the same way.

A function has a log group of its own, interfaces in the VPC, a bounded share of the account's concurrency, and a queue
for what it could not do, with an alarm on it: no event is lost. Code signing is not used:
the archive comes from the pull request that was reviewed, by the only role that may deploy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws
from pulumi import Archive, Input, Output, ResourceOptions

from components.blocks.alarms import alarm
from components.blocks.place import Place
from components.blocks.policies import ANYTHING, QUEUE_LIMIT, Grantee, Statement, allow, attach, deny, document
from components.blocks.watched import WatchedPlace

RUNTIME = "python3.11"
ARCHITECTURE = "x86_64"
DAY_SECONDS = 24 * 60 * 60
KEPT_SECONDS = 14 * DAY_SECONDS
"""SQS's longest: a failure waits for a person over holidays too."""


@dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """What a function is."""

    where: WatchedPlace
    physical_name: str
    description: str
    code: Input[Archive]
    handler: str
    role: Grantee
    failures: aws.sqs.Queue
    """The queue of what it could not do."""
    memory_mib: int
    timeout_seconds: int
    concurrency: int
    """Invocations at a time that are reserved for it, and the most that it gets."""
    retries: int
    """How often an asynchronous event is tried again."""
    max_age_seconds: int
    """How long an asynchronous event is tried again."""
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    kms_key_arn: Input[str]
    """Encrypts its environment and its queue; usable by way of lambda and sqs."""
    log_days: int
    environment: Mapping[str, Input[str]] = field(default_factory=dict)
    layers: Sequence[Input[str]] = ()
    depends_on: Sequence[pulumi.Resource] = ()


def failure_queue(
    parent: pulumi.Resource, name: str, *, where: Place, physical_name: str, kms_key_arn: Input[str]
) -> aws.sqs.Queue:
    """Make the queue of what a function could not do; kept like data, for its messages are nowhere else."""
    return aws.sqs.Queue(
        name,
        name=physical_name,
        message_retention_seconds=KEPT_SECONDS,
        kms_master_key_id=kms_key_arn,
        tags=where.tags,
        opts=where.stateful(parent),
    )


def queue_policy(
    parent: pulumi.Resource, name: str, queue: aws.sqs.Queue, *, rules: Sequence[Input[str]] = ()
) -> aws.sqs.QueuePolicy:
    """Let EventBridge send to a failure queue for these rules, besides roles of this account; deny plain HTTP."""
    arn, everyone = [queue.arn], {"AWS": "*"}
    statements = [deny(["sqs:*"], arn, principal=everyone, when={"Bool": {"aws:SecureTransport": "false"}})]
    if rules:
        events = {"Service": "events.amazonaws.com"}
        when = {"ArnEquals": {"aws:SourceArn": list(rules)}}
        statements.insert(0, allow(["sqs:SendMessage"], arn, principal=events, when=when))
    return aws.sqs.QueuePolicy(
        name,
        queue_url=queue.url,
        policy=document(statements, limit=QUEUE_LIMIT, of=f"queue {name}"),
        opts=ResourceOptions(parent=parent),
    )


def function(parent: pulumi.Resource, name: str, args: FunctionArgs) -> aws.lambda_.Function:
    """Make the function with its log group, grants, failure destination and alarms, all children of `parent`."""
    own = ResourceOptions(parent=parent)
    logs = aws.cloudwatch.LogGroup(
        f"{name}-logs",
        name=args.where.log_group(f"lambda/{args.physical_name}"),
        retention_in_days=args.log_days,
        kms_key_id=args.where.logs_key_arn,
        tags=args.where.tags,
        opts=own,
    )
    granted = attach(parent, f"{name}-run-{args.role.name}", args.role, _run(args, logs))
    made = aws.lambda_.Function(
        f"{name}-function",
        name=args.physical_name,
        description=args.description,
        runtime=RUNTIME,
        architectures=[ARCHITECTURE],
        handler=args.handler,
        code=args.code,
        layers=list(args.layers),
        role=args.role.arn,
        memory_size=args.memory_mib,
        timeout=args.timeout_seconds,
        reserved_concurrent_executions=args.concurrency,
        kms_key_arn=args.kms_key_arn,
        environment={"variables": dict(args.environment)} if args.environment else None,
        vpc_config={"subnet_ids": list(args.subnet_ids), "security_group_ids": [args.security_group_id]},
        logging_config={"log_format": "JSON", "log_group": logs.name, "application_log_level": "INFO"},
        tracing_config={"mode": "Active"},
        tags=args.where.tags,
        opts=ResourceOptions(parent=parent, depends_on=[granted, *args.depends_on]),
    )
    aws.lambda_.FunctionEventInvokeConfig(
        f"{name}-failed-events",
        function_name=made.name,
        maximum_retry_attempts=args.retries,
        maximum_event_age_in_seconds=args.max_age_seconds,
        destination_config={"on_failure": {"destination": args.failures.arn}},
        opts=own,
    )
    _watch(parent, name, args, made)
    return made


def _run(args: FunctionArgs, logs: aws.cloudwatch.LogGroup) -> list[Statement]:
    """Allow what any function needs to run: its logs, failures, environment, interfaces in the VPC, and traces."""
    return [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [Output.concat(logs.arn, ":*")]),
        allow(["sqs:SendMessage"], [args.failures.arn]),
        # For the queue and for the function's environment.
        allow(["kms:Decrypt", "kms:GenerateDataKey"], [args.kms_key_arn], when=args.where.through("lambda", "sqs")),
        allow(
            ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"],
            # Lambda wants the interfaces, subnets and groups of the account in one pattern.
            [args.where.arn("ec2", "*/*")],
        ),
        # Looking networks up, and tracing, have no resource level.
        allow(
            [
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
                "xray:PutTelemetryRecords",
                "xray:PutTraceSegments",
            ],
            [ANYTHING],
        ),
    ]


def _watch(parent: pulumi.Resource, name: str, args: FunctionArgs, made: aws.lambda_.Function) -> None:
    what, where = args.physical_name, args.where
    dimensions = {"FunctionName": made.name}
    alarm(
        parent,
        f"{name}-errors",
        where=where,
        why=f"Function {what} fails. Read the last errors in its log group.",
        namespace="AWS/Lambda",
        metric="Errors",
        dimensions=dimensions,
        statistic="Sum",
        threshold=1,
        periods=2,
    )
    alarm(
        parent,
        f"{name}-throttles",
        where=where,
        why=f"Function {what} gets more events at a time than it may take. See what sends them; then raise its "
        "concurrency in the settings.",
        namespace="AWS/Lambda",
        metric="Throttles",
        dimensions=dimensions,
        statistic="Sum",
        threshold=1,
        periods=3,
    )
    alarm(
        parent,
        f"{name}-duration",
        where=where,
        why=f"Function {what} nearly takes as long as it may ({args.timeout_seconds} s). See in its traces what it "
        "waits for.",
        namespace="AWS/Lambda",
        metric="Duration",
        dimensions=dimensions,
        statistic="Maximum",
        threshold=0.8 * args.timeout_seconds * 1000,
        periods=3,
    )
    alarm(
        parent,
        f"{name}-undelivered",
        where=where,
        why=f"What function {what} could not do did not reach its failure queue either. See the queue's policy and "
        "its key.",
        namespace="AWS/Lambda",
        metric="DestinationDeliveryFailures",
        dimensions=dimensions,
        statistic="Sum",
        threshold=1,
    )
    queue = {"QueueName": args.failures.name}
    alarm(
        parent,
        f"{name}-failures-waiting",
        where=where,
        why=f"Something waits in the failure queue of {what}. Read its messages: each says what failed and why.",
        namespace="AWS/SQS",
        metric="ApproximateNumberOfMessagesVisible",
        dimensions=queue,
        statistic="Maximum",
        threshold=1,
    )
    alarm(
        parent,
        f"{name}-failures-age",
        where=where,
        why=f"A message in the failure queue of {what} is a week old, and is deleted at two. Deal with it, or move it.",
        namespace="AWS/SQS",
        metric="ApproximateAgeOfOldestMessage",
        dimensions=queue,
        statistic="Maximum",
        threshold=KEPT_SECONDS / 2,
        minutes=60,
    )
