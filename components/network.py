"""A VPC without a way to the internet: private subnets, endpoints to the AWS services in use, and flow logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.place import Place
from components.policies import Grantee, allow, attach

PURPOSES = ("applications", "databases", "streaming", "endpoints", "transit")
GROUPS = ("applications", "databases", "migration", "streaming", "endpoints")
SERVICES = (
    "glue",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "redshift-data",
    "secretsmanager",
    "sqs",
    "states",
    "sts",
)
"""Interface endpoints: what jobs, functions, connectors and event sources call besides S3."""
KAFKA_PORTS = {"iam": 9098, "none": 9092}
GOOGLE_PRIVATE_RANGE = "199.36.153.8/30"
"""private.googleapis.com; reached over the link to Google Cloud, never over the internet."""


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """`subnets` has a block a zone for each of `PURPOSES`."""

    where: Place
    cidr: str
    zones: Sequence[str]
    subnets: Mapping[str, Sequence[str]]
    kafka_authentication: str
    reaches_google: bool
    flow_log_days: int
    flow_log_role: Grantee
    logs_key_arn: Input[str]


class Network(ComponentResource):
    """`subnet_ids(purpose)` in the order of the zones, and `groups` by the names in `GROUPS`."""

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:network:Network", name, {}, opts)
        self._name, self._args, self._own = name, args, ResourceOptions(parent=self)
        self.vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=args.cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags={**args.where.tags, "Name": args.where.name()},
            opts=self._own,
        )
        # The default group of a VPC lets its members talk to anything; without rules it lets nobody.
        aws.ec2.DefaultSecurityGroup(
            f"{name}-default-group", vpc_id=self.vpc.id, ingress=[], egress=[], tags=args.where.tags, opts=self._own
        )
        self.route_table = aws.ec2.RouteTable(
            f"{name}-private",
            vpc_id=self.vpc.id,
            tags={**args.where.tags, "Name": args.where.name("private")},
            opts=self._own,
        )
        self.subnets = {purpose: self._subnets(purpose) for purpose in PURPOSES}
        self.groups = {purpose: self._group(purpose) for purpose in GROUPS}
        self.s3_gateway = aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=self.vpc.id,
            service_name=f"com.amazonaws.{args.where.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[self.route_table.id],
            tags={**args.where.tags, "Name": "s3"},
            opts=self._own,
        )
        self._rules()
        self.endpoint_ids: dict[str, Output[str]] = {}
        self._endpoints()
        self._s3_interface()
        self.s3_endpoint_ids = [self.s3_gateway.id, self.endpoint_ids["s3"]]
        self._flow_logs()
        self.register_outputs({"vpc_id": self.vpc.id})

    def subnet_ids(self, purpose: str) -> list[Output[str]]:
        return [subnet.id for subnet in self.subnets[purpose]]

    def _subnets(self, purpose: str) -> list[aws.ec2.Subnet]:
        subnets = []
        for zone, block in zip(self._args.zones, self._args.subnets[purpose], strict=True):
            name = f"{self._name}-{purpose}-{zone}"
            subnet = aws.ec2.Subnet(
                name,
                vpc_id=self.vpc.id,
                availability_zone=zone,
                cidr_block=block,
                map_public_ip_on_launch=False,
                tags={**self._args.where.tags, "Name": self._args.where.name(f"{purpose}-{zone}")},
                opts=self._own,
            )
            aws.ec2.RouteTableAssociation(
                f"{name}-routes", subnet_id=subnet.id, route_table_id=self.route_table.id, opts=self._own
            )
            subnets.append(subnet)
        return subnets

    def _group(self, purpose: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{self._name}-{purpose}",
            description=f"NovaRetail {purpose}",
            vpc_id=self.vpc.id,
            # Groups name each other in rules of their own, or none could be removed.
            tags={**self._args.where.tags, "Name": self._args.where.name(f"{purpose}")},
            opts=self._own,
        )

    def _rules(self) -> None:
        kafka = KAFKA_PORTS[self._args.kafka_authentication]
        self._between("applications", "streaming", kafka, kafka, "Kafka")
        self._between("applications", "endpoints", 443, 443, "AWS services")
        # Glue's workers talk to each other on any port, and Glue checks for this very rule.
        self._between("applications", "applications", 0, 65535, "Workers of one job")
        self._between("streaming", "streaming", 0, 65535, "Brokers, and pollers of event sources")
        self._between("streaming", "endpoints", 443, 443, "Pollers of event sources")
        self._between("migration", "databases", 5432, 5432, "PostgreSQL")
        self._between("migration", "endpoints", 443, 443, "AWS services")
        self._egress("migration", "s3", "S3 by its gateway", prefix_list_id=self.s3_gateway.prefix_list_id)
        self._egress("applications", "s3", "S3 by its gateway", prefix_list_id=self.s3_gateway.prefix_list_id)
        if self._args.reaches_google:
            self._egress("applications", "google", "Google APIs over the link", cidr_ipv4=GOOGLE_PRIVATE_RANGE)

    def _between(self, source: str, target: str, low: int, high: int, why: str) -> None:
        name = f"{self._name}-{source}-{target}-{low}"
        for direction, rule, owner, peer in (
            ("out", aws.vpc.SecurityGroupEgressRule, source, target),
            ("in", aws.vpc.SecurityGroupIngressRule, target, source),
        ):
            rule(
                f"{name}-{direction}",
                security_group_id=self.groups[owner].id,
                referenced_security_group_id=self.groups[peer].id,
                ip_protocol="tcp",
                from_port=low,
                to_port=high,
                description=why,
                tags=self._args.where.tags,
                opts=self._own,
            )

    def _egress(
        self,
        source: str,
        name: str,
        why: str,
        *,
        prefix_list_id: Input[str] | None = None,
        cidr_ipv4: str | None = None,
    ) -> None:
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-{source}-{name}",
            security_group_id=self.groups[source].id,
            prefix_list_id=prefix_list_id,
            cidr_ipv4=cidr_ipv4,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            description=why,
            tags=self._args.where.tags,
            opts=self._own,
        )

    def _s3_interface(self) -> None:
        self.endpoint_ids["s3"] = aws.ec2.VpcEndpoint(
            f"{self._name}-s3-interface",
            vpc_id=self.vpc.id,
            service_name=f"com.amazonaws.{self._args.where.region}.s3",
            vpc_endpoint_type="Interface",
            private_dns_enabled=False,
            subnet_ids=self.subnet_ids("endpoints"),
            security_group_ids=[self.groups["endpoints"].id],
            tags={**self._args.where.tags, "Name": "s3-interface"},
            opts=self._own,
        ).id

    def _endpoints(self) -> None:
        for service in SERVICES:
            self.endpoint_ids[service] = aws.ec2.VpcEndpoint(
                f"{self._name}-{service}",
                vpc_id=self.vpc.id,
                service_name=f"com.amazonaws.{self._args.where.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=self.subnet_ids("endpoints"),
                security_group_ids=[self.groups["endpoints"].id],
                tags={**self._args.where.tags, "Name": service},
                opts=self._own,
            ).id

    def _flow_logs(self) -> None:
        args = self._args
        group = aws.cloudwatch.LogGroup(
            f"{self._name}-flow-logs",
            name=args.where.log_group("vpc/flow"),
            retention_in_days=args.flow_log_days,
            kms_key_id=args.logs_key_arn,
            tags=args.where.tags,
            opts=self._own,
        )
        actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        granted = attach(
            self,
            f"{self._name}-flow-logs-write",
            args.flow_log_role,
            [allow(actions, [Output.concat(group.arn, ":*")])],
        )
        aws.ec2.FlowLog(
            f"{self._name}-flow-log",
            vpc_id=self.vpc.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=args.flow_log_role.arn,
            max_aggregation_interval=60,
            tags=args.where.tags,
            opts=ResourceOptions(parent=self, depends_on=[granted]),
        )
