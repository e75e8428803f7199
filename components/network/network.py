"""A VPC without a way to the internet: private subnets, endpoints to the AWS services in use, logs of traffic and DNS,
and a transit gateway at which links to other clouds end."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

import settings
from components.blocks.exchange_way import ExchangeWay
from components.blocks.policies import Grantee, allow, attach
from components.blocks.traffic import GOOGLE_PRIVATE_RANGE, GROUPS, REACH_S3, flows
from components.blocks.transit import Transit
from components.blocks.watched import WatchedPlace
from components.network.endpoints import SERVICES, WITHOUT_POLICY, endpoint_policy, service_name

PURPOSES = ("applications", "databases", "streaming", "endpoints", "transit")
ROUTES_TO_S3 = ("applications", "databases")
"""Purposes whose subnets have the S3 gateway's route: jobs, connectors and the warehouse, and the migration."""
TRUST_ZONES = ("backbone", "azure", "gcp")
"""Route tables of the transit gateway: where traffic from the VPC may go, and where each other cloud's may."""


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What the network is cut from, and who uses it."""

    where: WatchedPlace
    network: settings.Network
    kafka_authentication: str
    """Decides at which port brokers are reached: iam or none."""
    reaches_google: bool
    """Whether applications call Google's APIs over the link."""
    exchange: ExchangeWay | None
    """Who comes to S3 over the link to Azure, and nobody else through that endpoint; None: nobody does."""
    flow_log_role: Grantee
    """Flow logs are written with it."""


class Network(ComponentResource):
    """The component makes a VPC with its endpoints, and the gateway at which links end."""

    vpc: aws.ec2.Vpc
    blocks: dict[str, tuple[IPv4Network, ...]]
    """Purpose -> a block for each zone, in the order of the zones."""
    route_tables: dict[str, aws.ec2.RouteTable]
    """By purpose."""
    subnets: dict[str, list[aws.ec2.Subnet]]
    """Purpose -> a subnet in each zone, in the order of the zones."""
    groups: dict[str, aws.ec2.SecurityGroup]
    """By the names in `traffic.GROUPS`."""
    s3_gateway: aws.ec2.VpcEndpoint
    s3_interface: aws.ec2.VpcEndpoint
    """For what comes over a link, which no gateway serves."""
    endpoint_ids: dict[str, Output[str]]
    """By service; of S3, the interface endpoint."""
    s3_endpoint_ids: list[Output[str]]
    """The two ways to S3: the gateway, and the interface endpoint for what comes over a link."""
    transit: Transit

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:network:Network", name, {}, args.where.options(opts))
        self._name, self._args, self._own = name, args, ResourceOptions(parent=self)
        self.vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=str(args.network.cidr),
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=self._named(),
            opts=self._own,
        )
        # AWS makes both with the VPC: a group that lets its members do all, a table for subnets without their own.
        aws.ec2.DefaultSecurityGroup(
            f"{name}-default-group", vpc_id=self.vpc.id, ingress=[], egress=[], tags=args.where.tags, opts=self._own
        )
        aws.ec2.DefaultRouteTable(
            f"{name}-default-routes",
            default_route_table_id=self.vpc.default_route_table_id,
            routes=[],
            tags=args.where.tags,
            opts=self._own,
        )
        # A table for each purpose: none has a route of its own here; a link adds routes for the subnets that it serves.
        self.blocks = {purpose: getattr(args.network.subnets, purpose) for purpose in PURPOSES}
        self.route_tables = {purpose: self._route_table(purpose) for purpose in PURPOSES}
        self.subnets = {purpose: self._subnets(purpose) for purpose in PURPOSES}
        self.groups = {group: self._group(group) for group in GROUPS}
        self.s3_gateway = aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=self.vpc.id,
            service_name=service_name(args.where, "s3"),
            vpc_endpoint_type="Gateway",
            route_table_ids=[self.route_tables[purpose].id for purpose in ROUTES_TO_S3],
            policy=endpoint_policy(args.where, "s3"),
            tags={**args.where.tags, "Name": "s3"},
            opts=self._own,
        )
        self._rules()
        self.endpoint_ids = {service: self._endpoint(service).id for service in SERVICES}
        # For what comes over a link, which no gateway serves: it is called by its own host name. Its private
        # names stay off: they would draw the lake's traffic from the gateway, which costs nothing, to here, where
        # each byte is billed. "For inbound resolvers only" is of use once there is an inbound resolver.
        self.s3_interface = self._endpoint(
            "s3", suffix="-interface", group="exchange", private_names=False, exchange=args.exchange
        )
        self.endpoint_ids["s3"] = self.s3_interface.id
        self.s3_endpoint_ids = [self.s3_gateway.id, self.endpoint_ids["s3"]]
        self.transit = self._transit()
        self._logs()
        self.register_outputs({"vpc_id": self.vpc.id, "transit_gateway_id": self.transit.gateway_id})

    @property
    def s3_url(self) -> Output[str]:
        """URL of S3 for what comes over a link: the endpoint's own host name, which needs no DNS of ours.

        Its first name is that of all zones; `bucket` stands where S3 asks for it ("AWS PrivateLink for Amazon S3").
        """
        name = self.s3_interface.dns_entries[0].dns_name
        return name.apply(lambda dns: f"https://bucket.{dns.removeprefix('*.')}")

    def subnet_ids(self, purpose: str) -> list[Output[str]]:
        """Return the ids of a purpose's subnets, in the order of the zones."""
        return [subnet.id for subnet in self.subnets[purpose]]

    def _named(self, suffix: str = "") -> dict[str, str]:
        return {**self._args.where.tags, "Name": self._args.where.name(suffix)}

    def _route_table(self, purpose: str) -> aws.ec2.RouteTable:
        return aws.ec2.RouteTable(
            f"{self._name}-{purpose}-routes", vpc_id=self.vpc.id, tags=self._named(purpose), opts=self._own
        )

    def _subnets(self, purpose: str) -> list[aws.ec2.Subnet]:
        subnets = []
        for zone, block in zip(self._args.network.zones, self.blocks[purpose], strict=True):
            name = f"{self._name}-{purpose}-{zone}"
            subnet = aws.ec2.Subnet(
                name,
                vpc_id=self.vpc.id,
                availability_zone=zone,
                cidr_block=str(block),
                map_public_ip_on_launch=False,
                tags=self._named(f"{purpose}-{zone}"),
                opts=self._own,
            )
            aws.ec2.RouteTableAssociation(
                f"{name}-routes", subnet_id=subnet.id, route_table_id=self.route_tables[purpose].id, opts=self._own
            )
            subnets.append(subnet)
        return subnets

    def _group(self, group: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{self._name}-{group}",
            description=f"NovaRetail {group}",
            vpc_id=self.vpc.id,
            # Groups name each other in rules of their own, or none could be removed.
            tags=self._named(group),
            opts=self._own,
        )

    def _rules(self) -> None:
        for flow in flows(self._args.kafka_authentication):
            name = f"{self._name}-{flow.source}-{flow.target}-{flow.low}"
            for direction, rule, owner, peer in (
                ("out", aws.vpc.SecurityGroupEgressRule, flow.source, flow.target),
                ("in", aws.vpc.SecurityGroupIngressRule, flow.target, flow.source),
            ):
                rule(
                    f"{name}-{direction}",
                    security_group_id=self.groups[owner].id,
                    referenced_security_group_id=self.groups[peer].id,
                    ip_protocol="tcp",
                    from_port=flow.low,
                    to_port=flow.high,
                    description=flow.why,
                    tags=self._args.where.tags,
                    opts=self._own,
                )
        for group in REACH_S3:
            self._egress(group, "s3", "S3 by its gateway", prefix_list_id=self.s3_gateway.prefix_list_id)
        if self._args.reaches_google:
            self._egress("applications", "google", "Google APIs over the link", cidr_ipv4=GOOGLE_PRIVATE_RANGE)

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

    def _endpoint(
        self,
        service: str,
        suffix: str = "",
        *,
        group: str = "endpoints",
        private_names: bool = True,
        exchange: ExchangeWay | None = None,
    ) -> aws.ec2.VpcEndpoint:
        where = self._args.where
        return aws.ec2.VpcEndpoint(
            f"{self._name}-{service}{suffix}",
            vpc_id=self.vpc.id,
            service_name=service_name(where, service),
            vpc_endpoint_type="Interface",
            private_dns_enabled=private_names,
            policy=None if service in WITHOUT_POLICY else endpoint_policy(where, service, exchange=exchange),
            subnet_ids=self.subnet_ids("endpoints"),
            security_group_ids=[self.groups[group].id],
            tags={**where.tags, "Name": f"{service}{suffix}"},
            opts=self._own,
        )

    def _transit(self) -> Transit:
        """Make the gateway at which links end; a trust zone sees what is propagated to it, by default nothing."""
        name, args = f"{self._name}-transit", self._args
        gateway = aws.ec2transitgateway.TransitGateway(
            name,
            description=f"NovaRetail {args.where.environment}: links to other clouds",
            amazon_side_asn=args.network.transit_asn,
            auto_accept_shared_attachments="disable",
            default_route_table_association="disable",
            default_route_table_propagation="disable",
            dns_support="enable",
            security_group_referencing_support="disable",
            vpn_ecmp_support="enable",  # tunnels of a link share its load
            tags=self._named(),
            opts=self._own,
        )
        zones = {
            zone: aws.ec2transitgateway.RouteTable(
                f"{name}-{zone}", transit_gateway_id=gateway.id, tags=self._named(zone), opts=self._own
            )
            for zone in TRUST_ZONES
        }
        attachment = aws.ec2transitgateway.VpcAttachment(
            f"{name}-vpc",
            transit_gateway_id=gateway.id,
            vpc_id=self.vpc.id,
            subnet_ids=self.subnet_ids("transit"),
            # No appliance in the VPC inspects traffic, so a flow may leave and return by different zones.
            appliance_mode_support="disable",
            dns_support="enable",
            transit_gateway_default_route_table_association=False,
            transit_gateway_default_route_table_propagation=False,
            tags=self._named(),
            opts=self._own,
        )
        # The VPC goes where the backbone's table leads: to what links propagate there. A propagation the other way
        # would announce the whole VPC, so a link writes routes to the subnets that it is for into its own zone.
        aws.ec2transitgateway.RouteTableAssociation(
            f"{name}-vpc-backbone",
            transit_gateway_attachment_id=attachment.id,
            transit_gateway_route_table_id=zones["backbone"].id,
            opts=self._own,
        )
        return Transit(gateway_id=gateway.id, asn=args.network.transit_asn, trust_zones=zones, attachment=attachment)

    def _logs(self) -> None:
        name, args = self._name, self._args
        vpc, transit, dns = (self._log_group(path) for path in ("vpc/flow", "transit/flow", "vpc/dns"))
        actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        groups = [Output.concat(group.arn, ":*") for group in (vpc, transit)]
        granted = attach(self, f"{name}-flow-logs-write", args.flow_log_role, [allow(actions, groups)])
        after = ResourceOptions(parent=self, depends_on=[granted])
        aws.ec2.FlowLog(
            f"{name}-flow-log",
            vpc_id=self.vpc.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=vpc.arn,
            iam_role_arn=args.flow_log_role.arn,
            max_aggregation_interval=60,
            tags=args.where.tags,
            opts=after,
        )
        aws.ec2.FlowLog(
            f"{name}-transit-flow-log",
            transit_gateway_id=self.transit.gateway_id,
            log_destination_type="cloud-watch-logs",
            log_destination=transit.arn,
            iam_role_arn=args.flow_log_role.arn,
            max_aggregation_interval=60,  # the one that a transit gateway has
            tags=args.where.tags,
            opts=after,
        )
        # Names that are asked for tell of malware before its packets do, and DNS is the one thing that gets out.
        queries = aws.route53.ResolverQueryLogConfig(
            f"{name}-dns-log",
            name=args.where.name("dns"),
            destination_arn=dns.arn,
            tags=args.where.tags,
            opts=self._own,
        )
        aws.route53.ResolverQueryLogConfigAssociation(
            f"{name}-dns-log-vpc",
            resolver_query_log_config_id=queries.id,
            resource_id=self.vpc.id,
            opts=self._own,
        )

    def _log_group(self, path: str) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-{path.replace('/', '-')}-logs",
            name=self._args.where.log_group(path),
            retention_in_days=self._args.network.flow_log_days,
            kms_key_id=self._args.where.logs_key_arn,
            tags=self._args.where.tags,
            opts=self._own,
        )
