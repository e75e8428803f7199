"""Redshift Serverless over the lake: external schemas on the Glue Data Catalog, report views, roles and grants.

The statements come from the contracts and run in their order, as the administrator whose password AWS manages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pulumi
import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.place import Place
from components.policies import Grantee
from contracts import Statement

DATABASE = "novaretail"
PARAMETERS = {
    "auto_mv": "true",
    "datestyle": "ISO, MDY",
    "enable_case_sensitive_identifier": "false",
    "enable_user_activity_logging": "true",
    "max_query_execution_time": "14400",
    "query_group": "default",
    "require_ssl": "true",
    "search_path": "$user, public",
    "use_fips_ssl": "false",
}
"""All parameters of a workgroup: AWS reports every one, so one left out would look changed at each run."""


@dataclass(frozen=True, kw_only=True)
class WarehouseArgs:
    """`statements` gives the SQL for the role that Redshift takes; `depends_on` is what the SQL refers to."""

    where: Place
    role: Grantee
    statements: Callable[[str], Sequence[Statement]]
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    kms_key_arn: Input[str]
    base_rpu: int
    max_rpu: int
    depends_on: Sequence[pulumi.Resource]


class Warehouse(ComponentResource):
    """`workgroup`, `database`, and the namespace behind them."""

    def __init__(self, name: str, args: WarehouseArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:warehouse:Warehouse", name, {}, opts)
        held = args.where.stateful(self)
        physical = args.where.name()
        self.database = DATABASE
        self.namespace = aws.redshiftserverless.Namespace(
            f"{name}-namespace",
            namespace_name=physical,
            db_name=DATABASE,
            admin_username="platform_admin",
            manage_admin_password=True,
            admin_password_secret_kms_key_id=args.kms_key_arn,
            kms_key_id=args.kms_key_arn,
            iam_roles=[args.role.arn],
            log_exports=["connectionlog", "useractivitylog", "userlog"],
            tags=args.where.tags,
            opts=held,
        )
        self.workgroup = aws.redshiftserverless.Workgroup(
            f"{name}-workgroup",
            workgroup_name=physical,
            namespace_name=self.namespace.namespace_name,
            base_capacity=args.base_rpu,
            max_capacity=args.max_rpu,
            enhanced_vpc_routing=True,
            publicly_accessible=False,
            subnet_ids=list(args.subnet_ids),
            security_group_ids=[args.security_group_id],
            config_parameters=[{"parameter_key": key, "parameter_value": value} for key, value in PARAMETERS.items()],
            tags=args.where.tags,
            opts=held,
        )
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
        return self.workgroup.workgroup_name


def _sql(statements: Callable[[str], Sequence[Statement]], index: int, role_arn: str) -> str:
    return statements(role_arn)[index].sql
