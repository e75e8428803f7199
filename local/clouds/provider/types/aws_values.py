"""What AWS computes for types of its own: ARNs, ids of an organization, names of endpoints, secrets of databases."""

from __future__ import annotations

from collections.abc import Callable

from local.clouds.provider import accounts
from local.clouds.provider.accounts import arn
from local.clouds.provider.types.row import Made
from local.clouds.provider.types.spelling import digest
from local.clouds.provider.wire import Properties


def regional(service: str, resource: str) -> str:
    """The template of an ARN with a region and an account in it; for `ResourceType.arn`."""
    return f"arn:aws:{service}:{{region}}:{{account}}:{resource}"


def formatted(template: str, id: str, given: Properties) -> str:
    """The ARN of a resource by its type's template."""
    account = accounts.current.get()
    return template.format(
        account=account.id,
        region=account.region,
        id=id,
        name=given.get("name", id),
        path=given.get("path") or "/",
        digest=digest(id, 64),
    )


def by_arn(template: str) -> Callable[[Properties], str]:
    """For a type whose id is its ARN."""
    return lambda given: formatted(template, str(given.get("name")), given)


def account_number(given: Properties) -> str:
    return str(int(digest(str(given.get("name")), 10), 16)).zfill(12)[:12]


def organization_id(given: Properties) -> str:
    return f"o-{digest(accounts.current.get().id, 10)}"  # an account has one at most


def unit_id(given: Properties) -> str:
    name = str(given.get("name"))
    return f"ou-{digest(name, 4)}-{digest(name, 8)}"


def policy_id(given: Properties) -> str:
    return f"p-{digest(str(given.get('name')), 8)}"


def roots(made: Made) -> Properties:
    """The root of an organization, below which its units are."""
    return {"roots": [{"id": f"r-{digest(made.id, 4)}", "name": "Root", "arn": f"{made.arn}/root"}]}


def endpoint_names(made: Made) -> Properties:
    """The names by which a VPC endpoint is found."""
    name = f"{made.id}-{digest(made.id, 8)}.vpce.{accounts.current.get().region}.vpce.amazonaws.com"
    entry = {"dnsName": f"*.{name}", "hostedZoneId": f"Z{digest(made.id, 12).upper()}"}
    return {"dnsEntries": [entry], "state": "available"}


def master_secret(made: Made) -> Properties:
    """The secret that RDS makes for a database's first user, if it is asked to."""
    if not made.given.get("manageMasterUserPassword"):
        return {}
    secret = {"secretArn": arn("secretsmanager", f"secret:rds!db-{digest(made.id, 12)}"), "secretStatus": "active"}
    return {"masterUserSecrets": [secret]}
