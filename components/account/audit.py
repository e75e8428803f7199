"""The record of what was done to the lake and to the account, kept where the account's own people cannot change it.

The trail has the data events of the lake's objects, read and write, which the organization's trail has not. It has
the account's management events too, in all regions, although that trail has them already: the benchmark's alarms go
to those who run this environment, and the other trail's log group is in the management account, where they cannot
look. The price is that of a second copy, 2 dollars for 100,000 events, besides 0.10 dollars for as many data events.
KMS's events cannot be left out, for the end of a key is one of them. Invocations of functions are not recorded:
services make them all.

GuardDuty and the organization's analyzers are the organization stack's (members are taken in by themselves, and a
second detector would be refused); here their findings become alerts. Public access of the account and EBS's default
encryption are the organization's too: its policies let no role of an environment change them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

import settings
from components.account.cis import CONTROLS
from components.blocks.alarms import alarm
from components.blocks.event_rules import tell
from components.blocks.policies import Grantee, allow, attach
from components.blocks.watched import WatchedPlace

TRAIL = "data"
"""Its name begins with the environment's; the log archive and its key know it so."""
SEVERE = 4
"""GuardDuty: medium begins at 4, high at 7."""


@dataclass(frozen=True, kw_only=True)
class AuditArgs:
    """What is recorded, and where it is kept."""

    where: WatchedPlace
    audit: settings.Audit
    """Without its `unused_access_days`, only the organization's analyzer looks for access that nobody uses."""
    bucket_arns: Sequence[Input[str]]
    """The buckets whose objects' events are recorded."""
    archive_bucket: Input[str]
    """The organization's."""
    archive_key_arn: Input[str]
    """The organization's."""
    role: Grantee
    """CloudTrail takes it to bring events to the log group."""


class Audit(ComponentResource):
    """The component makes the trail, the benchmark's alarms, the analyzers, and rules that tell people of findings."""

    trail: aws.cloudtrail.Trail

    def __init__(self, name: str, args: AuditArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:operations:Audit", name, {}, args.where.options(opts))
        self._name, self._args = name, args
        self._logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=args.where.log_group("trail"),
            retention_in_days=args.audit.log_days,
            kms_key_id=args.where.logs_key_arn,
            tags=args.where.tags,
            opts=args.where.stateful(self),
        )
        self.trail = self._trail()
        for control in CONTROLS:
            self._watch(control.metric, control.pattern, control.why)
        self._findings()
        self._analyzers()
        self.register_outputs({"trail": self.trail.arn})

    def _trail(self) -> aws.cloudtrail.Trail:
        args, name = self._args, self._name
        granted = attach(
            self,
            f"{name}-deliver-{args.role.name}",
            args.role,
            [
                allow(
                    ["logs:CreateLogStream", "logs:PutLogEvents"],
                    # CloudTrail names its streams so.
                    [
                        Output.concat(
                            self._logs.arn, f":log-stream:{args.where.account}_CloudTrail_{args.where.region}*"
                        )
                    ],
                )
            ],
        )
        return aws.cloudtrail.Trail(
            f"{name}-trail",
            name=args.where.name(TRAIL),
            s3_bucket_name=args.archive_bucket,
            kms_key_id=args.archive_key_arn,
            cloud_watch_logs_group_arn=Output.concat(self._logs.arn, ":*"),
            cloud_watch_logs_role_arn=args.role.arn,
            enable_log_file_validation=True,
            enable_logging=True,
            # IAM's and sign-in's events happen in another region.
            is_multi_region_trail=True,
            include_global_service_events=True,
            advanced_event_selectors=[
                {
                    "name": "What was done to the account",
                    "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}],
                },
                {
                    "name": "What was read and written in the lake",
                    "field_selectors": [
                        {"field": "eventCategory", "equals": ["Data"]},
                        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
                        {
                            "field": "resources.ARN",
                            "starts_withs": [Output.concat(arn, "/") for arn in args.bucket_arns],
                        },
                    ],
                },
            ],
            tags=args.where.tags,
            opts=ResourceOptions.merge(args.where.stateful(self), ResourceOptions(depends_on=[granted])),
        )

    def _watch(self, metric: str, pattern: str, why: str) -> None:
        args, stem = self._args, f"{self._name}-{_dashed(metric)}"
        aws.cloudwatch.LogMetricFilter(
            stem,
            log_group_name=self._logs.name,
            pattern=pattern,
            metric_transformation={"name": metric, "namespace": args.where.metrics, "value": "1", "unit": "Count"},
            opts=ResourceOptions(parent=self),
        )
        alarm(
            self,
            f"{stem}-alarm",
            where=args.where,
            why=why,
            namespace=args.where.metrics,
            metric=metric,
            dimensions={},
            statistic="Sum",
            threshold=1,
        )

    def _findings(self) -> None:
        args = self._args
        tell(
            self,
            f"{self._name}-guardduty",
            where=args.where,
            description="Findings of GuardDuty that are not of low severity",
            pattern={
                "source": ["aws.guardduty"],
                "detail-type": ["GuardDuty Finding"],
                "detail": {"severity": [{"numeric": [">=", SEVERE]}]},
            },
            paths={"title": "$.detail.title", "severity": "$.detail.severity", "id": "$.detail.id", "at": "$.region"},
            text="GuardDuty, severity <severity>, <at>: <title>. Finding <id>. Do first: open it and see which "
            "principal and resource it names.",
        )
        tell(
            self,
            f"{self._name}-access",
            where=args.where,
            description="New findings of the account's access analyzers",
            # Findings of outside and of unused access have types of their own; both have a status.
            pattern={"source": ["aws.access-analyzer"], "detail": {"status": ["ACTIVE"]}},
            paths={"kind": "$.detail-type", "resource": "$.detail.resource"},
            text="<kind>: <resource>. Do first: see in IAM Access Analyzer who has which access, and take away what "
            "nobody planned.",
        )

    def _analyzers(self) -> None:
        args, own = self._args, ResourceOptions(parent=self)
        aws.accessanalyzer.Analyzer(
            f"{self._name}-outside",
            analyzer_name=args.where.name("outside-access"),
            type="ACCOUNT",
            tags=args.where.tags,
            opts=own,
        )
        if args.audit.unused_access_days:
            aws.accessanalyzer.Analyzer(
                f"{self._name}-unused",
                analyzer_name=args.where.name("unused-access"),
                type="ACCOUNT_UNUSED_ACCESS",
                configuration={"unused_access": {"unused_access_age": args.audit.unused_access_days}},
                tags=args.where.tags,
                opts=own,
            )


def _dashed(metric: str) -> str:
    """Return a name in dashes: RootUse -> root-use."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in metric).lstrip("-")
