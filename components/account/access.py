"""The roles that services take to do their work, each trusted for one service and held by one boundary.

A role begins with nothing: the component that owns a thing grants access to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, ResourceOptions

from components.blocks.names import PLATFORM_BOUNDARY
from components.blocks.place import Place
from components.blocks.policies import ANYTHING, MANAGED_LIMIT, Grantee, Statement, allow, deny, document, trust


@dataclass(frozen=True, kw_only=True)
class AccessArgs:
    """The names of what takes the roles."""

    where: Place
    connectors: Mapping[str, str]
    """Topic -> its connector."""
    pipeline: str
    """The state machine."""
    landing: str
    """The function that lands reference files."""
    trail: str
    """The trail of data events, without the environment's prefix."""
    bridge: str | None
    """The function that brings records to Google; None: there is none."""
    capture_user: str
    """The function that makes the capturing user."""
    migration_roles: tuple[str, str]
    """The fixed names of DMS's roles for the network and for logs."""


@dataclass(frozen=True)
class _Role:
    services: tuple[str, ...]
    purpose: str
    source_arns: tuple[str, ...] = ()
    says_account: bool = True
    """See `policies.trust`."""
    physical_name: str | None = None
    """Fixed only where somebody outside this program refers to the role by it."""


class Access(ComponentResource):
    """The component makes a role for each service of the data path, and the boundary that holds them all."""

    boundary: aws.iam.Policy
    curate: Grantee
    build_mart: Grantee
    publish: Grantee
    optimizer: Grantee
    """Glue's table maintenance."""
    warehouse: Grantee
    pipeline: Grantee
    scheduler: Grantee
    flow_logs: Grantee
    monitoring: Grantee
    """Metrics of the database's host."""
    capture_user: Grantee
    migration: Grantee
    """DMS, from the database to raw."""
    migration_network: Grantee
    migration_logs: Grantee
    connectors: dict[str, Grantee]
    """By topic."""
    landing: Grantee
    trail: Grantee
    bridge: Grantee | None

    def __init__(self, name: str, args: AccessArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:security:Access", name, {}, args.where.options(opts))
        self._name, self._args = name, args
        self.boundary = aws.iam.Policy(
            f"{name}-boundary",
            # The organization lets the pipeline make roles with this boundary only, by its name.
            name=PLATFORM_BOUNDARY.format(environment=args.where.environment),
            description="The most that a role of the data backbone can be given",
            policy=document(_boundary(args), limit=MANAGED_LIMIT, of="the permission boundary"),
            tags=args.where.tags,
            opts=ResourceOptions(parent=self),
        )
        arn = args.where.arn
        # Glue documents neither account nor ARN as conditions of the roles that it takes, Redshift only the account.
        glue = ("glue.amazonaws.com",)
        self.curate = self._role("curate", _Role(glue, "Glue job curate", says_account=False))
        self.build_mart = self._role("build-mart", _Role(glue, "Glue job build_mart", says_account=False))
        self.publish = self._role("publish", _Role(glue, "Glue job publish", says_account=False))
        self.optimizer = self._role("optimizer", _Role(glue, "Glue table optimizers", says_account=False))
        self.warehouse = self._role(
            "warehouse", _Role(("redshift-serverless.amazonaws.com", "redshift.amazonaws.com"), "Redshift Serverless")
        )
        machine = arn("states", f"stateMachine:{args.pipeline}")
        self.pipeline = self._role("pipeline", _Role(("states.amazonaws.com",), "State machine", (machine,)))
        group = arn("scheduler", "schedule-group/default")
        self.scheduler = self._role("scheduler", _Role(("scheduler.amazonaws.com",), "Pipeline schedule", (group,)))
        flow = arn("ec2", "vpc-flow-log/*")
        self.flow_logs = self._role("flow-logs", _Role(("vpc-flow-logs.amazonaws.com",), "VPC flow logs", (flow,)))
        monitored = arn("rds", "db:*")
        self.monitoring = self._role(
            "monitoring", _Role(("monitoring.rds.amazonaws.com",), "Metrics of databases' hosts", (monitored,))
        )
        function = arn("lambda", f"function:{args.capture_user}")
        self.capture_user = self._role(
            "capture-user", _Role(("lambda.amazonaws.com",), f"Function {args.capture_user}", (function,))
        )
        # DMS reads secrets in the name of the region's service; what it sends as conditions is not documented.
        dms = ("dms.amazonaws.com", f"dms.{args.where.region}.amazonaws.com")
        self.migration = self._role("migration", _Role(dms, "DMS: from the database to raw", says_account=False))
        # The account's two roles of DMS, which it looks for by name.
        self.migration_network = self._role(
            "migration-network",
            _Role(dms[:1], "DMS: interfaces in the VPC", says_account=False, physical_name=args.migration_roles[0]),
        )
        self.migration_logs = self._role(
            "migration-logs",
            _Role(dms[:1], "DMS: logs", says_account=False, physical_name=args.migration_roles[1]),
        )
        self.connectors = {
            topic: self._role(
                connector,
                _Role(
                    ("kafkaconnect.amazonaws.com",),
                    f"Connector of {topic}",
                    (arn("kafkaconnect", f"connector/{connector}/*"),),
                ),
            )
            for topic, connector in args.connectors.items()
        }
        landing = arn("lambda", f"function:{args.landing}")
        self.landing = self._role(
            args.landing, _Role(("lambda.amazonaws.com",), f"Function {args.landing}", (landing,))
        )
        # CloudTrail documents aws:SourceArn for its roles, and the account only as part of it.
        trail = arn("cloudtrail", f"trail/{args.where.name(args.trail)}")
        self.trail = self._role(
            "trail", _Role(("cloudtrail.amazonaws.com",), "Trail of data events", (trail,), says_account=False)
        )
        self.bridge = None
        if args.bridge:
            function = arn("lambda", f"function:{args.bridge}")
            # Google Cloud trusts this role by its name.
            physical = args.where.name(args.bridge)
            spec = _Role(("lambda.amazonaws.com",), f"Function {args.bridge}", (function,), physical_name=physical)
            self.bridge = self._role("bridge", spec)
        self.register_outputs({"boundary": self.boundary.arn})

    @property
    def bridge_role(self) -> Grantee:
        """The role of the bridge. Raises: LookupError if there is none, for `args.bridge` named no function."""
        if self.bridge is None:
            raise LookupError("no bridge was planned when the roles were made")
        return self.bridge

    def _role(self, name: str, spec: _Role) -> Grantee:
        role = aws.iam.Role(
            f"{self._name}-{name}",
            name=spec.physical_name,
            description=spec.purpose,
            assume_role_policy=trust(
                spec.services,
                account=self._args.where.account,
                source_arns=spec.source_arns,
                says_account=spec.says_account,
            ),
            permissions_boundary=self.boundary.arn,
            tags=self._args.where.tags,
            opts=ResourceOptions(parent=self),
        )
        return Grantee(name, role, spec.physical_name)


def _boundary(args: AccessArgs) -> list[Statement]:
    """Allow the data path's services in this account and region; nothing about IAM, accounts or networks' shape."""
    own, buckets = args.where.arn, f"arn:aws:s3:::{args.where.name('*')}"
    return [
        allow(["s3:*Object*", "s3:AbortMultipartUpload", "s3:Get*", "s3:List*"], [buckets, f"{buckets}/*"]),
        allow(
            ["glue:*"],
            [own("glue", kind) for kind in ("catalog", "database/*", "table/*", "job/*", "connection/*")],
        ),
        allow(
            ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            [own("kms", "key/*")],
        ),
        allow(["kafka-cluster:*", "kafka:Describe*", "kafka:Get*"], [own("kafka", "*")]),
        allow(["logs:*"], [own("logs", "*")]),
        allow(["sns:Publish"], [own("sns", "*")]),
        # Queues of failures: a function may be fed from one, to try again.
        allow(["sqs:*Message", "sqs:GetQueue*"], [own("sqs", "*")]),
        allow(
            ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
            [own("secretsmanager", "secret:*")],
        ),
        allow(["lambda:InvokeFunction"], [own("lambda", "function:*")]),
        allow(["states:StartExecution"], [own("states", f"stateMachine:{args.pipeline}")]),
        # Interfaces of jobs and functions, in this account's networks.
        allow(
            [
                "ec2:*PrivateIpAddresses",
                "ec2:CreateTags",
                "ec2:DeleteTags",
                "ec2:*NetworkInterface",
                "ec2:ModifyNetworkInterfaceAttribute",
            ],
            [own("ec2", "*/*")],
        ),
        # Looking networks up, log delivery, tracing and metrics have no resource level in IAM.
        allow(
            [
                "cloudwatch:PutMetricData",
                "ec2:Describe*",
                "logs:*LogDelivery",
                "logs:*ResourcePolic*",
                "logs:DescribeLogGroups",
                "logs:ListLogDeliveries",
                "xray:GetSampling*",
                "xray:Put*",
            ],
            [ANYTHING],
        ),
        deny(["s3:DeleteBucket*", "s3:PutBucket*", "s3:PutObjectAcl"], [buckets, f"{buckets}/*"]),
    ]
