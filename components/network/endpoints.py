"""Which AWS services are reached from inside the VPC, who calls them, and what may pass.

An endpoint's policy grants nothing: it is the most that can pass. It lets the organization's principals reach the
organization's resources (the data perimeter of AWS's `data-perimeter-policy-examples`), so neither foreign
credentials nor a foreign bucket can carry data out of a network that has no other way out.
"""

from __future__ import annotations

from pulumi import Output

from components.blocks.exchange_way import ExchangeWay
from components.blocks.place import Place
from components.blocks.policies import ANYTHING, ENDPOINT_LIMIT, allow, document

SERVICES: dict[str, str] = {
    "events": "functions report on the event bus what a rule acts on",
    "glue": "jobs, connectors, functions and the warehouse read the catalog; connectors and jobs commit Iceberg tables",
    "kms": "jobs encrypt what they keep between runs by a key of ours themselves",
    "lambda": "pollers of event sources invoke their function",
    "logs": "the migration and functions write logs",
    "monitoring": "jobs and functions report metrics",
    "redshift-data": "functions ask the warehouse",
    "secretsmanager": "the migration and the warehouse read passwords, Lambda's pollers those of an event source",
    "sns": "functions tell the topic of alerts",
    "sqs": "functions and pollers keep what could not be processed",
    "states": "functions start the pipeline",
    "sts": "pollers take their function's role; jobs and functions ask who they are",
}
"""Service -> who calls it from inside the VPC; S3 comes besides, by its gateway.

Not here, since nothing in the VPC calls them: X-Ray (Lambda and Step Functions send traces from their own network),
ECR (no containers), the APIs of MSK, MSK Connect, RDS and DMS (deployments call them, from outside).
"""

WITHOUT_POLICY = frozenset({"redshift-data"})
"""Services whose endpoints are not known to take a policy: creating one with a policy fails where the service has
none (`VpcEndpointPolicySupported` of DescribeVpcEndpointServices). The caller's role is the limit there."""


def service_name(where: Place, service: str) -> str:
    """Return the name by which an endpoint asks for a service of the region."""
    return f"com.amazonaws.{where.region}.{service}"


def endpoint_policy(where: Place, service: str, *, exchange: ExchangeWay | None = None) -> Output[str]:
    """Return the policy of what may pass through the endpoint of a service.

    No bucket of AWS's own is let through: Glue's workers come with what they run, MSK Connect and Lambda fetch code by
    their own networks, and no job is made of Glue Studio's transforms (`service_owned_resources.md` lists no other).

    Args:
        exchange: who comes to this endpoint over the link to Azure; then nothing else passes.
    """
    organization = where.organization_id
    if exchange and (only := exchange.passes(organization)):
        return document(only, limit=ENDPOINT_LIMIT, of=f"the endpoint of {service}")
    # An endpoint carries one service, so every action is that service's. The principal is everybody, as gateway
    # endpoints demand: the conditions say whose principals and resources they are.
    everybody = {"AWS": "*"}
    statements = [
        allow(
            ["*"],
            [ANYTHING],
            principal=everybody,
            when={"StringEquals": {"aws:PrincipalOrgID": organization, "aws:ResourceOrgID": organization}},
        ),
        # Lambda's pollers of event sources call STS and Lambda in the service's own name.
        allow(
            ["*"],
            [ANYTHING],
            principal=everybody,
            when={
                "Bool": {"aws:PrincipalIsAWSService": "true"},
                "StringEquals": {"aws:ResourceOrgID": organization},
            },
        ),
    ]
    return document(statements, limit=ENDPOINT_LIMIT, of=f"the endpoint of {service}")
