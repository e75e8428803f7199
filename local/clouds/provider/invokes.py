"""The data sources that the program may ask: one function each, by token.

What is not here fails with its name, so that a new lookup is noticed instead of answered with nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.clouds.provider import outputs
from local.clouds.provider.policies import policy_document
from local.site import ACCOUNT, REGION, Site

Arguments = Mapping[str, Any]
Answer = dict[str, Any]

ZONES = tuple(f"{REGION}{letter}" for letter in "abc")


class UnknownInvokeError(LookupError):
    """No data source of this token is known here."""


def invoke(site: Site, token: str, arguments: Arguments) -> Answer:
    """What a data source answers.

    Raises: UnknownInvokeError, or ValueError if its arguments are wrong.
    """
    answer = _ANSWERS.get(token)
    if answer is None:
        raise UnknownInvokeError(
            f"the local provider has no data source {token}; pass the value as an argument, or add it to"
            " local/clouds/provider/invokes.py"
        )
    return answer(site, arguments)


def _caller_identity(site: Site, arguments: Arguments) -> Answer:
    arn = f"arn:aws:iam::{ACCOUNT}:user/local"
    return {"accountId": ACCOUNT, "id": ACCOUNT, "arn": arn, "userId": "AIDAQWERTYUIOPASDFGHJ"}


def _region(site: Site, arguments: Arguments) -> Answer:
    name = arguments.get("region") or arguments.get("name") or REGION
    endpoint = f"ec2.{name}.amazonaws.com"
    return {"id": name, "name": name, "region": name, "endpoint": endpoint, "description": "Europe (Ireland)"}


def _zones(site: Site, arguments: Arguments) -> Answer:
    zone_ids = [f"euw1-az{number}" for number, _ in enumerate(ZONES, 1)]
    return {"id": REGION, "names": list(ZONES), "zoneIds": zone_ids, "groupNames": [REGION], "region": REGION}


def _partition(site: Site, arguments: Arguments) -> Answer:
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def _bootstrap_brokers(site: Site, arguments: Arguments) -> Answer:
    # The local broker has one listener; which of the names a program reads depends on its authentication.
    names = ("bootstrapBrokers", "bootstrapBrokersTls", "bootstrapBrokersSaslIam", "bootstrapBrokersSaslScram")
    return {"id": arguments["clusterArn"], **arguments, **dict.fromkeys(names, site.kafka_bootstrap)}


def _gcp_project(site: Site, arguments: Arguments) -> Answer:
    project = arguments.get("projectId") or outputs.GCP_PROJECT
    number = outputs.GCP_PROJECT_NUMBER
    return {"id": f"projects/{project}", "projectId": project, "number": number, "name": project, "labels": {}}


def _gcp_client_config(site: Site, arguments: Arguments) -> Answer:
    zone = f"{outputs.GCP_REGION}-b"
    place = {"project": outputs.GCP_PROJECT, "region": outputs.GCP_REGION, "zone": zone}
    return {"id": f"projects/{outputs.GCP_PROJECT}", "accessToken": "local", "defaultLabels": {}, **place}


def _azure_client_config(site: Site, arguments: Arguments) -> Answer:
    principal = {"clientId": outputs.TENANT, "objectId": outputs.TENANT}
    return {**principal, "subscriptionId": outputs.SUBSCRIPTION, "tenantId": outputs.TENANT}


_ANSWERS: dict[str, Callable[[Site, Arguments], Answer]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:index/getPartition:getPartition": _partition,
    "aws:iam/getPolicyDocument:getPolicyDocument": lambda site, arguments: policy_document(arguments),
    "aws:msk/getBootstrapBrokers:getBootstrapBrokers": _bootstrap_brokers,
    "azure-native:authorization:getClientConfig": _azure_client_config,
    "gcp:organizations/getClientConfig:getClientConfig": _gcp_client_config,
    "gcp:organizations/getProject:getProject": _gcp_project,
}
