"""Redshift Serverless over the lake: external schemas on the Glue Data Catalog, report views, roles and grants.

The statements come from the contracts and run in their order, as the administrator whose password AWS manages.
What the warehouse keeps can be made again from the lake and the contracts, and Redshift Serverless keeps recovery
points of a day by itself: snapshots and copies in other regions would add nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pulumi
import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

import settings
from components.blocks.alarms import alarm
from components.blocks.policies import ANYTHING, Grantee, allow, attach
from components.blocks.watched import WatchedPlace
from contracts import Statement

DATABASE = "novaretail"
LOGS = ("connectionlog", "useractivitylog", "userlog")
"""All that Redshift exports."""
USAGE_WARNING = 0.8
"""The part of a limit that, once used, raises an alarm: the limit itself may stop everybody's queries."""
PARAMETERS = {
    # Redshift would make materialized views by itself, of data that the lake has already.
    "auto_mv": "false",
    "datestyle": "ISO, MDY",
    "enable_case_sensitive_identifier": "false",
    "enable_user_activity_logging": "true",
    "query_group": "default",
    "require_ssl": "true",
    "search_path": "$user, public",
    "use_fips_ssl": "false",
}
"""All parameters of a workgroup but the time a query may take: AWS reports every one, so one left out would look
changed at each run."""


@dataclass(frozen=True, kw_only=True)
class WarehouseArgs:
    """What the warehouse is, and what it is set up with."""

    where: WatchedPlace
    warehouse: settings.Warehouse
    role: Grantee
    """Redshift takes it to read the lake."""
    statements: Callable[[str], Sequence[Statement]]
    """Returns the SQL for the ARN of that role; names and number do not depend on it."""
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    kms_key_arn: Input[str]
    secrets_key_arn: Input[str]
    """Encrypts the administrator's password."""
    depends_on: Sequence[pulumi.Resource]
    """What the SQL refers to."""


class Warehouse(ComponentResource):
    """The component makes a namespace and its workgroup, limits what queries cost, and runs the contracts' SQL."""

    namespace: aws.redshiftserverless.Namespace
    workgroup: aws.redshiftserverless.Workgroup
    database: str

    def __init__(self, name: str, args: WarehouseArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:warehouse:Warehouse", name, {}, args.where.options(opts))
        self._name, self._args = name, args
        held = args.where.stateful(self)
        physical = args.where.name()
        self.database = DATABASE
        logs = [self._log_group(physical, kind) for kind in LOGS]
        self.namespace = aws.redshiftserverless.Namespace(
            f"{name}-namespace",
            namespace_name=physical,
            db_name=DATABASE,
            admin_username="platform_admin",
            manage_admin_password=True,
            admin_password_secret_kms_key_id=args.secrets_key_arn,
            kms_key_id=args.kms_key_arn,
            iam_roles=[args.role.arn],
            log_exports=list(LOGS),
            tags=args.where.tags,
            # A group that is not there is made by Redshift, without key and for ever.
            opts=ResourceOptions.merge(held, ResourceOptions(depends_on=logs)),
        )
        self.workgroup = aws.redshiftserverless.Workgroup(
            f"{name}-workgroup",
            workgroup_name=physical,
            namespace_name=self.namespace.namespace_name,
            base_capacity=args.warehouse.base_rpu,
            max_capacity=args.warehouse.max_rpu,
            enhanced_vpc_routing=True,
            publicly_accessible=False,
            subnet_ids=list(args.subnet_ids),
            security_group_ids=[args.security_group_id],
            config_parameters=[
                {"parameter_key": key, "parameter_value": value}
                for key, value in {
                    **PARAMETERS,
                    "max_query_execution_time": str(args.warehouse.query_minutes * 60),
                }.items()
            ],
            tags=args.where.tags,
            opts=held,
        )
        self._limit("daily", args.warehouse.daily_rpu_hours, args.warehouse.daily_breach)
        self._limit("monthly", args.warehouse.monthly_rpu_hours, args.warehouse.monthly_breach)
        self._watch_queries()
        before: list[pulumi.Resource] = list(args.depends_on)
        # Names and number do not depend on the role; only the SQL waits for its ARN.
        for index, statement in enumerate(args.statements("")):
            ran = aws.redshiftdata.Statement(
                f"{name}-{statement.name.replace('_', '-')}",
                workgroup_name=self.workgroup.workgroup_name,
                database=DATABASE,
                secret_arn=self.namespace.admin_password_secret_arn,
                statement_name=statement.name,
                sql=args.role.arn.apply(partial(_sql, args.statements, index)),
                opts=ResourceOptions(parent=self, depends_on=before),
            )
            before = [ran]
        self.register_outputs({"workgroup": self.workgroup.workgroup_name, "database": DATABASE})

    @property
    def name(self) -> Output[str]:
        """The workgroup's, by which clients reach it."""
        return self.workgroup.workgroup_name

    def grant_query(self, grantee: Grantee) -> aws.iam.RolePolicy:
        """Let people query the warehouse; what they see there is granted to the database role of their tag."""
        own = {"StringEquals": {"redshift-data:statement-owner-iam-userid": "${aws:userid}"}}
        return attach(
            self,
            f"{self._name}-query-{grantee.name}",
            grantee,
            [
                allow(["redshift-serverless:GetCredentials", "redshift-serverless:GetWorkgroup"], [self.workgroup.arn]),
                allow(["redshift-data:BatchExecuteStatement", "redshift-data:ExecuteStatement"], [self.workgroup.arn]),
                # A statement has no ARN, but an owner.
                allow(
                    [
                        "redshift-data:CancelStatement",
                        "redshift-data:DescribeStatement",
                        "redshift-data:GetStatementResult",
                        "redshift-data:ListStatements",
                    ],
                    [ANYTHING],
                    when=own,
                ),
            ],
        )

    def _log_group(self, namespace: str, kind: str) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-{kind}",
            name=f"/aws/redshift/{namespace}/{kind}",
            retention_in_days=self._args.warehouse.log_days,
            kms_key_id=self._args.where.logs_key_arn,
            tags=self._args.where.tags,
            opts=ResourceOptions(parent=self),
        )

    def _limit(self, period: str, rpu_hours: int, breach: str) -> None:
        """Limit what queries may cost, and warn before. Data is shared with no other region: no limit of that."""
        limit = aws.redshiftserverless.UsageLimit(
            f"{self._name}-{period}-limit",
            resource_arn=self.workgroup.arn,
            usage_type="serverless-compute",
            period=period,
            amount=rpu_hours,
            breach_action=breach,
            opts=ResourceOptions(parent=self),
        )
        then = "queries are refused until it is raised" if breach == "deactivate" else "nothing stops"
        alarm(
            self,
            f"{self._name}-{period}-usage",
            where=self._args.where,
            why=(
                f"The warehouse has used {USAGE_WARNING:.0%} of its {period} limit of {rpu_hours} RPU-hours; at the"
                f" limit, {then}. Look for the dearest queries in sys_query_history, stop or mend them, then raise"
                f" novaretail:warehouse.{period}_rpu_hours if the work is wanted."
            ),
            namespace="AWS/Redshift-Serverless",
            metric="UsageLimitConsumed",
            dimensions={
                "UsageLimitId": limit.id,
                "UsageType": "SERVERLESS_COMPUTE",
                "Workgroup": self.workgroup.workgroup_name,
            },
            statistic="Maximum",
            threshold=rpu_hours * USAGE_WARNING,
        )

    def _watch_queries(self) -> None:
        alarm(
            self,
            f"{self._name}-failed-queries",
            where=self._args.where,
            why=(
                "Queries of the warehouse fail in numbers, for a quarter of an hour. Read error_message in"
                " sys_query_history: a table that Spectrum cannot read fails for everybody, a usage limit too."
            ),
            namespace="AWS/Redshift-Serverless",
            metric="QueriesFailed",
            dimensions={"QueryType": "SELECT", "Workgroup": self.workgroup.workgroup_name},
            statistic="Sum",
            threshold=self._args.warehouse.failed_queries,
            periods=3,
        )


def _sql(statements: Callable[[str], Sequence[Statement]], index: int, role_arn: str) -> str:
    return statements(role_arn)[index].sql
