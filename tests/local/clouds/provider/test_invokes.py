"""Data sources answer as their clouds do, and one that nobody planned is refused by its name."""

from __future__ import annotations

import pytest

from local.clouds.provider.invokes import UnknownInvokeError, invoke
from local.site import ACCOUNT, Site

SITE = Site(port_base=21000)


def test_an_unplanned_data_source_is_refused_by_its_name() -> None:
    with pytest.raises(UnknownInvokeError, match="no data source aws:ec2/getAmi:getAmi"):
        invoke(SITE, "aws:ec2/getAmi:getAmi", {})


def test_the_account_and_region_are_the_sites() -> None:
    assert invoke(SITE, "aws:index/getCallerIdentity:getCallerIdentity", {})["accountId"] == ACCOUNT
    assert invoke(SITE, "aws:index/getRegion:getRegion", {})["region"] == "eu-west-1"
    zones = invoke(SITE, "aws:index/getAvailabilityZones:getAvailabilityZones", {})
    assert zones["names"] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]


def test_brokers_of_a_cluster_are_the_sites_broker() -> None:
    answer = invoke(SITE, "aws:msk/getBootstrapBrokers:getBootstrapBrokers", {"clusterArn": "arn:c"})

    assert answer["clusterArn"] == "arn:c"
    assert answer["bootstrapBrokersSaslIam"] == "127.0.0.1:21001"


def test_a_project_of_google_is_the_one_asked_for() -> None:
    assert invoke(SITE, "gcp:organizations/getProject:getProject", {"projectId": "p"})["projectId"] == "p"


def test_azures_client_has_a_tenant_and_a_subscription() -> None:
    answer = invoke(SITE, "azure-native:authorization:getClientConfig", {})

    assert answer["tenantId"] != answer["subscriptionId"]
