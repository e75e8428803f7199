"""Functions' archives can be fetched, and MSK event source mappings are kept as AWS keeps them."""

from __future__ import annotations

import io
import urllib.request
import zipfile

import pytest
from botocore.exceptions import ClientError

from local.site import Site
from tests.local.clouds.aws.running import client
from tests.local.clouds.aws.test_msk import create


def zipped(**files: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        for name, text in files.items():
            target.writestr(f"{name}.py", text)
    return archive.getvalue()


def fetched(address: str) -> list[str]:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address) as answer:
        return zipfile.ZipFile(io.BytesIO(answer.read())).namelist()


@pytest.fixture(scope="module")
def function(site: Site) -> str:
    role = client(site, "iam").create_role(RoleName="lambda-tests", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    made = client(site, "lambda").create_function(
        FunctionName="lambda-tests",
        Runtime="python3.11",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": zipped(handler="")},
    )
    return made["FunctionArn"]


def test_the_archives_of_a_function_and_a_layer_can_be_fetched_and_no_bucket_shows(site: Site, function: str) -> None:
    lambda_ = client(site, "lambda")
    layer = lambda_.publish_layer_version(LayerName="packages", Content={"ZipFile": zipped(package="")})
    assert fetched(lambda_.get_function(FunctionName=function)["Code"]["Location"]) == ["handler.py"]
    content = lambda_.get_layer_version(LayerName="packages", VersionNumber=layer["Version"])["Content"]
    assert fetched(content["Location"]) == ["package.py"]
    assert [b["Name"] for b in client(site, "s3").list_buckets()["Buckets"] if b["Name"].startswith("awslambda")] == []


def test_a_mapping_of_a_cluster_is_kept_as_it_was_asked_for(site: Site, function: str) -> None:
    lambda_, cluster = client(site, "lambda"), create(site, "mapped")
    asked = {
        "EventSourceArn": cluster,
        "Topics": ["orders"],
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 1_000,
        "MaximumBatchingWindowInSeconds": 2,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "bridge"},
        "ProvisionedPollerConfig": {"MinimumPollers": 1, "MaximumPollers": 2},
    }
    made = lambda_.create_event_source_mapping(FunctionName=function, **asked)
    kept = lambda_.get_event_source_mapping(UUID=made["UUID"])
    assert {name: kept[name] for name in asked} == asked
    assert (kept["State"], kept["FunctionArn"]) == ("Enabled", function)
    assert made["UUID"] in [one["UUID"] for one in lambda_.list_event_source_mappings()["EventSourceMappings"]]

    changed = lambda_.update_event_source_mapping(UUID=made["UUID"], BatchSize=500, Enabled=False)
    assert (changed["BatchSize"], changed["State"]) == (500, "Disabled")
    lambda_.delete_event_source_mapping(UUID=made["UUID"])
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        lambda_.get_event_source_mapping(UUID=made["UUID"])


def test_a_mapping_without_a_group_has_its_own_id_as_group(site: Site, function: str) -> None:
    made = client(site, "lambda").create_event_source_mapping(
        FunctionName=function, EventSourceArn=create(site, "grouped"), Topics=["orders"], StartingPosition="LATEST"
    )
    assert made["AmazonManagedKafkaEventSourceConfig"] == {"ConsumerGroupId": made["UUID"]}
    assert made["BatchSize"] == 100


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"EventSourceArn": "arn:aws:kafka:eu-west-1:123456789012:cluster/none/1"}, "Event source does not exist"),
        ({"Topics": ["a", "b"]}, "exactly one topic"),
        ({"BatchSize": 10_001}, "not between 1 and 10000"),
    ],
    ids=["cluster", "topics", "batch size"],
)
def test_a_wrong_mapping_is_refused(site: Site, function: str, change: dict[str, object], text: str) -> None:
    asked = {"EventSourceArn": create(site, f"refused-{text[:3]}"), "Topics": ["orders"], "StartingPosition": "LATEST"}
    with pytest.raises(ClientError, match=text):
        client(site, "lambda").create_event_source_mapping(FunctionName=function, **{**asked, **change})
