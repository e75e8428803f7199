"""The organization's trail: what every account did, in every region, kept in the log archive and watched as it comes.

Events of all accounts also reach one log group of the management account, where a few of them, which nobody should
cause by accident, become alarms.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

import settings
from components.blocks.alarms import alarm
from components.blocks.names import TRAIL
from components.blocks.policies import INLINE_LIMIT, MANAGED_LIMIT, allow, document, trust
from components.blocks.watched import WatchedPlace

NAMESPACE = "NovaRetail/Organization"
_TAMPERING = (
    "DeleteAnalyzer",
    "DeleteDetector",
    "DeleteTrail",
    "DisableOrganizationAdminAccount",
    "DisassociateFromAdministratorAccount",
    "PutEventSelectors",
    "StopLogging",
    "UpdateDetector",
    "UpdateOrganizationConfiguration",
    "UpdateTrail",
)


@dataclass(frozen=True, kw_only=True)
class _Watched:
    pattern: str
    """The metric filter: which events count."""
    why: str
    """What the alarm tells."""


WATCHED = {
    "root-use": _Watched(
        pattern='{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS)'
        ' && ($.eventType != "AwsServiceEvent") }',
        why="Somebody acts as the root user of an account. Find the event by userIdentity.type = Root in the trail's"
        " log group: which account, which address, which action; if nobody announced it, lock the account's root"
        " user and begin the incident procedure.",
    ),
    "organization-changes": _Watched(
        pattern='{ ($.eventSource = "organizations.amazonaws.com") && ($.readOnly IS FALSE) }',
        why="Accounts, units or policies of the organization change. Compare the event's time with the last"
        " `pulumi up` of the stack organization; if they do not match, ask whom userIdentity names.",
    ),
    "audit-changes": _Watched(
        pattern="{ " + " || ".join(f'($.eventName = "{name}")' for name in _TAMPERING) + " }",
        why="Somebody stops or alters a trail or GuardDuty, or tries to. Look for errorCode: AccessDenied means that"
        " the organization's policy held; anything else that no `pulumi up` explains is an incident.",
    ),
}
"""Metric -> the events that count, in any account. Sources: CIS AWS Foundations Benchmark, monitoring of root use,
organization changes and trail changes."""


@dataclass(frozen=True, kw_only=True)
class OrganizationTrailArgs:
    """Where the trail is made, in the management account, and where its files go."""

    where: WatchedPlace
    trail: settings.OrganizationTrail
    organization_id: Input[str]
    bucket_name: Input[str]
    """The log archive's."""
    archive_key_arn: Input[str]


class OrganizationTrail(ComponentResource):
    """A trail records what every account does; events that nobody should cause by accident raise an alarm."""

    trail: aws.cloudtrail.Trail
    log_group: aws.cloudwatch.LogGroup
    """Gets the events of all accounts; the alarms are set on it."""

    def __init__(self, name: str, args: OrganizationTrailArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:organization:OrganizationTrail", name, {}, args.where.options(opts))
        self._name, self._args = name, args
        where, held = args.where, args.where.stateful(self)
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-log-group",
            name=where.log_group("trail"),
            retention_in_days=args.trail.log_days,
            kms_key_id=args.where.logs_key_arn,
            tags=where.tags,
            opts=held,
        )
        role, written = self._role()
        self.trail = aws.cloudtrail.Trail(
            f"{name}-trail",
            name=TRAIL,
            s3_bucket_name=args.bucket_name,
            kms_key_id=args.archive_key_arn,
            is_organization_trail=True,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            enable_logging=True,
            advanced_event_selectors=[
                {
                    "name": "Management events",
                    "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}],
                }
            ],
            # CloudTrail takes the ARN with the streams that it makes.
            cloud_watch_logs_group_arn=Output.concat(self.log_group.arn, ":*"),
            cloud_watch_logs_role_arn=role.arn,
            tags=where.tags,
            opts=ResourceOptions.merge(held, ResourceOptions(depends_on=[written])),
        )
        self._watch()
        self.register_outputs({"trail": self.trail.arn, "log_group": self.log_group.name})

    def _role(self) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        name, where, own = self._name, self._args.where, ResourceOptions(parent=self)
        groups = where.arn("logs", f"log-group:{where.log_group('*')}")
        boundary = aws.iam.Policy(
            f"{name}-boundary",
            description="The most that the trail's role can be given: log groups of the organization",
            policy=document(
                [allow(["logs:CreateLogStream", "logs:PutLogEvents"], [groups])],
                limit=MANAGED_LIMIT,
                of="the trail's permission boundary",
            ),
            tags=where.tags,
            opts=own,
        )
        role = aws.iam.Role(
            f"{name}-role",
            description="The organization trail's way to its log group",
            assume_role_policy=trust(
                ["cloudtrail.amazonaws.com"],
                account=where.account,
                source_arns=[where.arn("cloudtrail", f"trail/{TRAIL}")],
                # CloudTrail documents aws:SourceArn for its roles, and the account only as part of it.
                says_account=False,
            ),
            permissions_boundary=boundary.arn,
            tags=where.tags,
            opts=own,
        )
        # Streams are named by the organization for its members, by the account for the trail's own.
        streams = where.arn("logs", f"log-group:{where.log_group('trail')}:log-stream:")
        whose = (self._args.organization_id, f"{where.account}_CloudTrail_{where.region}")
        written = aws.iam.RolePolicy(
            f"{name}-writes",
            role=role.name,
            policy=document(
                [
                    allow(
                        ["logs:CreateLogStream", "logs:PutLogEvents"],
                        [Output.concat(streams, owner, "*") for owner in whose],
                    )
                ],
                limit=INLINE_LIMIT,
                of="the trail's role",
            ),
            opts=own,
        )
        return role, written

    def _watch(self) -> None:
        for metric, watched in WATCHED.items():
            aws.cloudwatch.LogMetricFilter(
                f"{self._name}-{metric}",
                name=metric,
                log_group_name=self.log_group.name,
                pattern=watched.pattern,
                metric_transformation={"name": metric, "namespace": NAMESPACE, "value": "1", "unit": "Count"},
                opts=ResourceOptions(parent=self),
            )
            alarm(
                self,
                f"{self._name}-{metric}-alarm",
                where=self._args.where,
                why=watched.why,
                namespace=NAMESPACE,
                metric=metric,
                dimensions={},
                statistic="Sum",
                threshold=1,
            )
