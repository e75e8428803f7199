"""A state machine that runs Glue jobs, with its logs, its role's grants, its alarms and its schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, Resource, ResourceOptions

from components.blocks.alarms import alarm
from components.blocks.policies import ANYTHING, Grantee, allow, attach
from components.blocks.watched import WatchedPlace


@dataclass(frozen=True, kw_only=True)
class StateMachineArgs:
    """What a state machine is."""

    where: WatchedPlace
    physical_name: str
    definition: Input[str]
    """JSON in the Amazon States Language."""
    job_arns: Sequence[Input[str]]
    """The jobs that it starts."""
    role: Grantee
    log_days: int
    depends_on: Sequence[Resource]
    """What must exist before it: other grants of its role."""


def state_machine(parent: pulumi.Resource, name: str, args: StateMachineArgs) -> aws.sfn.StateMachine:
    """Make the state machine with its logs, grants and alarms, all children of `parent`."""
    logs = aws.cloudwatch.LogGroup(
        f"{name}-states-{args.physical_name}-logs",
        # Below this prefix, Step Functions may deliver without a change of the account's resource policies.
        name="/aws/vendedlogs" + args.where.log_group(f"states/{args.physical_name}"),
        retention_in_days=args.log_days,
        kms_key_id=args.where.logs_key_arn,
        tags=args.where.tags,
        opts=ResourceOptions(parent=parent),
    )
    granted = attach(
        parent,
        f"{name}-start-jobs",
        args.role,
        [
            allow(["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"], args.job_arns),
            # Delivery of a state machine's logs, and tracing, have no resource level.
            allow(
                [
                    "logs:CreateLogDelivery",
                    "logs:DeleteLogDelivery",
                    "logs:DescribeLogGroups",
                    "logs:DescribeResourcePolicies",
                    "logs:GetLogDelivery",
                    "logs:ListLogDeliveries",
                    "logs:PutResourcePolicy",
                    "logs:UpdateLogDelivery",
                    "xray:GetSamplingRules",
                    "xray:GetSamplingTargets",
                    "xray:PutTelemetryRecords",
                    "xray:PutTraceSegments",
                ],
                [ANYTHING],
            ),
        ],
    )
    machine = aws.sfn.StateMachine(
        f"{name}-pipeline",
        name=args.physical_name,
        type="STANDARD",
        role_arn=args.role.arn,
        definition=args.definition,
        logging_configuration={
            "level": "ALL",
            "include_execution_data": True,
            "log_destination": Output.concat(logs.arn, ":*"),
        },
        tracing_configuration={"enabled": True},
        tags=args.where.tags,
        opts=ResourceOptions(parent=parent, depends_on=[granted, *args.depends_on]),
    )
    _watch(parent, name, args.where, machine)
    return machine


def _watch(parent: pulumi.Resource, name: str, where: WatchedPlace, machine: aws.sfn.StateMachine) -> None:
    for metric, why in (
        (
            "ExecutionsFailed",
            "A run of the pipeline ended as failed: its cause has a line a dataset and mart. Mend what failed "
            "(there is a message about each), then start the pipeline again.",
        ),
        (
            "ExecutionsTimedOut",
            "A run of the pipeline took longer than it may. See in its graph which job does not end; data is "
            "late, not wrong.",
        ),
        (
            "ExecutionsAborted",
            "Somebody ended a run of the pipeline. If it was not you, ask; then start the pipeline again.",
        ),
    ):
        alarm(
            parent,
            f"{name}-{metric.removeprefix('Executions').lower()}",
            where=where,
            why=why,
            namespace="AWS/States",
            metric=metric,
            dimensions={"StateMachineArn": machine.arn},
            statistic="Sum",
            threshold=1,
        )


def schedule(
    parent: pulumi.Resource, name: str, *, expression: str, machine: aws.sfn.StateMachine, role: Grantee
) -> None:
    """Start the state machine by a schedule (cron or rate, UTC), with a role that may do nothing else."""
    attach(parent, f"{name}-start-pipeline", role, [allow(["states:StartExecution"], [machine.arn])])
    aws.scheduler.Schedule(
        f"{name}-schedule",
        description="Starts the lake pipeline for every dataset, mart and shared table",
        schedule_expression=expression,
        schedule_expression_timezone="UTC",
        flexible_time_window={"mode": "OFF"},
        target={
            "arn": machine.arn,
            "role_arn": role.arn,
            "input": "{}",
            "retry_policy": {"maximum_event_age_in_seconds": 3600, "maximum_retry_attempts": 5},
        },
        opts=ResourceOptions(parent=parent),
    )
