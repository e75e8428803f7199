"""What is shared leaves for Google Cloud in order, without a Google key."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import contracts
from components.share.pubsub_bridge import credential_file
from tests.graphs.recording import Recording


def test_the_archive_is_the_bridges_sources_and_what_the_contracts_share(data_stack: Recording) -> None:
    assets = data_stack.one("bridge-function").inputs["code"]["assets"]
    assert assets["handler.py"] == {"path": "bridges/pubsub/handler.py"}
    shared = json.loads(assets["contract.json"]["text"])
    assert shared == json.loads(json.dumps(contracts.compile_bridge(contracts.load())))
    assert "customer_id" not in assets["contract.json"]["text"], "personal data never leaves AWS"
    assert not [path for path in assets if "__pycache__" in path]


def test_the_function_finds_its_project_its_failures_and_its_credentials(data_stack: Recording) -> None:
    function = data_stack.one("bridge-function").inputs
    variables = function["environment"]["variables"]
    assert variables["PUBSUB_PROJECT"].startswith("novaretail-")
    assert variables["FAILURES_QUEUE_URL"] == "https://sqs/bridge-failures"
    assert variables["GOOGLE_APPLICATION_CREDENTIALS"] in function["code"]["assets"]
    assert function["layers"] == ["arn:aws:lambda:eu-west-1:000000000000:bridge-packages"]
    assert data_stack.one("bridge-packages").inputs["code"] == {"path": "build/packages/pubsub_bridge"}


def test_nothing_overtakes_a_record_that_cannot_be_sent_now(data_stack: Recording) -> None:
    mapping = data_stack.one("bridge-orders-events").inputs
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["provisionedPollerConfig"]["minimumPollers"] >= 1, "partial responses need provisioned pollers"
    assert mapping["startingPosition"] == "TRIM_HORIZON"
    # With any of these, Lambda gives up on a batch and goes on: with a destination after ten tries.
    for argument in (
        "destinationConfig",
        "maximumRetryAttempts",
        "maximumRecordAgeInSeconds",
        "bisectBatchOnFunctionError",
    ):
        assert argument not in mapping


def test_the_consumer_group_is_one_that_the_function_may_use(data_stack: Recording) -> None:
    mapping = data_stack.one("bridge-orders-events").inputs
    assert mapping["amazonManagedKafkaEventSourceConfig"] == {"consumerGroupId": "pubsub-bridge-orders"}
    assert "streaming-consume-bridge" in data_stack.one("bridge-orders-events").depends_on


def test_the_credential_file_has_no_secret_and_names_the_provider() -> None:
    provider = "projects/1/locations/global/workloadIdentityPools/pool/providers/aws"
    file = json.loads(credential_file(provider, "bridge@project.iam.gserviceaccount.com"))
    assert file["type"] == "external_account"
    assert file["audience"] == f"//iam.googleapis.com/{provider}"
    assert file["credential_source"]["environment_id"] == "aws1"
    assert "bridge@project.iam.gserviceaccount.com:generateAccessToken" in file["service_account_impersonation_url"]
    assert not [key for key in file if "key" in key or "secret" in key]


def test_no_google_key_is_made(data_stack: Recording) -> None:
    assert data_stack.of("serviceaccount/key:Key") == []


ACCOUNT, ROLE = "210987654321", "novaretail-prod-pubsub-bridge"
STS = f"arn:aws:sts::{ACCOUNT}:assumed-role"


def admitted(provider: dict[str, Any], assertion: dict[str, str]) -> bool:
    """What the provider's condition says of an AWS caller.

    Evaluates the few forms of the Common Expression Language that are used, and fails at any other.
    """
    for clause in provider["attributeCondition"].split(" && "):
        equal = re.fullmatch(r"assertion\.(\w+) == '([^']*)'", clause)
        begins = re.fullmatch(r"assertion\.(\w+)\.startsWith\('([^']*)'\)", clause)
        assert equal or begins, clause
        if equal and assertion[equal[1]] != equal[2]:
            return False
        if begins and not assertion[begins[1]].startswith(begins[2]):
            return False
    return True


def role_of(provider: dict[str, Any], assertion: dict[str, str]) -> str:
    """The attribute `aws_role` that the provider's mapping gives a caller."""
    form = r"assertion\.(\w+)\.extract\('([^{']*)\{\w+\}([^']*)'\)"
    extract = re.fullmatch(form, provider["attributeMapping"]["attribute.aws_role"])
    assert extract
    found = re.search(f"{re.escape(extract[2])}(.*?){re.escape(extract[3])}", assertion[extract[1]])
    return found[1] if found else ""


@pytest.mark.parametrize(
    ("arn", "wanted"),
    [
        (f"{STS}/{ROLE}/pubsub-bridge", True),
        (f"{STS}/{ROLE}/another-session", True),
        (f"{STS}/novaretail-prod-curate/pubsub-bridge", False),
        (f"{STS}/novaretail-prod-curate/{ROLE}", False),
        (f"{STS}/{ROLE}-2/pubsub-bridge", False),
        (f"{STS}/x-{ROLE}/pubsub-bridge", False),
        (f"arn:aws:sts::123456789012:assumed-role/{ROLE}/pubsub-bridge", False),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/{ROLE}", False),
        (f"arn:aws:iam::{ACCOUNT}:user/{ROLE}", False),
        (f"arn:aws:iam::{ACCOUNT}:root", False),
    ],
    ids=[
        *("the bridge", "its next container", "another role", "another role in a session of its name"),
        *("a name that begins the same", "a name that ends the same", "the same name in another account"),
        *("a federated user", "a user", "the account itself"),
    ],
)
def test_google_trusts_the_functions_role_of_this_account_and_no_other(prod: Recording, arn: str, wanted: bool) -> None:
    assert prod.one("access-bridge").inputs["name"] == ROLE
    provider = prod.one("bridge-provider").inputs
    assertion = {"arn": arn, "account": arn.split(":")[4], "userid": "AROAEXAMPLE:session"}
    assert admitted(provider, assertion) is wanted
    # The provider itself takes callers of one account only, and who is admitted becomes the publisher by its role.
    assert (provider["aws"]["accountId"] == assertion["account"]) is (ACCOUNT in arn)
    if wanted:
        member = prod.one("bridge-impersonation").inputs["member"]
        assert member.endswith(f"/attribute.aws_role/{role_of(provider, assertion)}")


def test_the_condition_names_the_account_and_the_role_itself(prod: Recording) -> None:
    # Also if the provider were told to take another account, or the binding to take every identity of the pool.
    provider = prod.one("bridge-provider").inputs
    assert provider["attributeCondition"] == (
        f"assertion.account == '{ACCOUNT}' && assertion.arn.startsWith('{STS}/{ROLE}/')"
    )
    assert len(provider["attributeCondition"]) <= 4096
    assert (
        "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/attribute."
        in (prod.one("bridge-impersonation").inputs["member"])
    )


def test_the_subject_of_a_session_is_within_googles_limit(prod: Recording) -> None:
    # google.subject takes 127 characters; Lambda calls its sessions by the function's name.
    assert prod.one("bridge-provider").inputs["attributeMapping"]["google.subject"] == "assertion.arn"
    assert len(f"{STS}/{ROLE}/{prod.one('bridge-function').inputs['name']}") <= 127


def test_the_bridge_may_become_the_publisher_and_nobody_has_more_in_google(data_stack: Recording) -> None:
    given = {
        (r.name, r.inputs["role"])
        for r in data_stack.resources
        if r.type.startswith("gcp:") and "IAM" in r.kind.upper() and r.parent == "bridge" and "role" in r.inputs
    }
    assert given == {
        ("bridge-impersonation", "roles/iam.workloadIdentityUser"),
        ("bridge-messages-agent", "roles/cloudkms.cryptoKeyEncrypterDecrypter"),
        ("bridge-orders-analytics-agent", "roles/pubsub.subscriber"),
        ("bridge-orders-dead-letter-agent", "roles/pubsub.publisher"),
        ("bridge-orders-publisher", "roles/pubsub.publisher"),
    }


def test_the_publisher_may_publish_to_the_shared_topics_only(data_stack: Recording) -> None:
    roles = {(m.inputs["topic"], m.inputs["role"]) for m in data_stack.of("TopicIAMMember") if "publisher" in m.name}
    assert roles == {("orders", "roles/pubsub.publisher")}


def test_readers_get_messages_in_order_and_dead_letters_are_kept(data_stack: Recording) -> None:
    subscription = data_stack.one("bridge-orders-analytics").inputs
    assert subscription["name"] == "orders-analytics"
    assert subscription["enableMessageOrdering"] is True
    assert subscription["deadLetterPolicy"]["deadLetterTopic"] == "bridge-orders-dead-letter-id"
    assert subscription["expirationPolicy"] == {"ttl": ""}
    assert data_stack.one("bridge-orders-dead-letter").inputs["name"] == "orders-dead-letter"
    kept = data_stack.one("bridge-orders-dead-letter-kept").inputs
    assert kept["topic"] == "bridge-orders-dead-letter-id"


def test_pubsub_itself_may_move_dead_letters(data_stack: Recording) -> None:
    to = data_stack.one("bridge-orders-dead-letter-agent").inputs
    assert (to["topic"], to["role"], to["member"]) == (
        "orders-dead-letter",
        "roles/pubsub.publisher",
        "serviceAccount:agent",
    )
    source = data_stack.one("bridge-orders-analytics-agent").inputs
    assert (source["subscription"], source["role"]) == ("orders-analytics", "roles/pubsub.subscriber")


def test_messages_are_published_in_one_region_so_that_pubsub_keeps_their_order(data_stack: Recording) -> None:
    variables = data_stack.one("bridge-function").inputs["environment"]["variables"]
    assert variables["PUBSUB_ENDPOINT"] == "europe-west1-pubsub.googleapis.com:443"
    for topic in data_stack.of("gcp:pubsub/topic:Topic"):
        assert "europe-west1" in topic.inputs["messageStoragePolicy"]["allowedPersistenceRegions"]


def test_messages_stay_in_the_european_union(data_stack: Recording) -> None:
    topics = data_stack.of("gcp:pubsub/topic:Topic")
    assert len(topics) == 2
    for topic in topics:
        assert topic.inputs["messageStoragePolicy"] == {
            "allowedPersistenceRegions": ["europe-west1"],
            "enforceInTransit": True,
        }


def test_messages_are_encrypted_with_a_key_of_ours_in_the_region_that_keeps_them(prod: Recording) -> None:
    ring, key = prod.one("bridge-keys").inputs, prod.one("bridge-messages").inputs
    assert ring["location"] == "europe-west1"
    assert key["keyRing"] == "bridge-keys-id"
    assert key["rotationPeriod"] == f"{365 * 86400}s"
    assert key["destroyScheduledDuration"] == f"{30 * 86400}s"
    for topic in prod.of("gcp:pubsub/topic:Topic"):
        assert topic.inputs["kmsKeyName"] == "bridge-messages-id", topic.name


def test_no_topic_is_made_before_pubsub_may_use_its_key(data_stack: Recording) -> None:
    used = data_stack.one("bridge-messages-agent")
    assert used.inputs == {
        "cryptoKeyId": "bridge-messages-id",
        "role": "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        "member": "serviceAccount:agent",
    }
    assert len(data_stack.of("CryptoKeyIAMMember")) == 1, "nobody but Pub/Sub's agent uses the key"
    for topic in data_stack.of("gcp:pubsub/topic:Topic"):
        assert used.name in topic.depends_on, topic.name


def test_a_key_and_its_ring_have_names_that_google_has_never_seen(data_stack: Recording) -> None:
    # Neither can be deleted in Google: with a name of ours, what was destroyed could never be made again.
    for name in ("bridge-keys", "bridge-messages"):
        assert "name" not in data_stack.one(name).inputs
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,55}", name), "with the engine's eight characters, 63 at most"


def test_pubsub_holds_messages_against_the_schema_of_the_contract(data_stack: Recording) -> None:
    schema = data_stack.one("bridge-orders-schema").inputs
    assert (schema["name"], schema["type"]) == ("orders", "PROTOCOL_BUFFER")
    assert schema["definition"] == contracts.schema_definition(contracts.load().topic("orders"))
    assert len(schema["definition"]) <= 300_000
    topic = data_stack.one("bridge-orders").inputs
    assert topic["schemaSettings"] == {"schema": "bridge-orders-schema-id", "encoding": "JSON"}
    # With a first or last revision, messages would be refused while a deployment changes schema and function.
    assert "schemaSettings" not in data_stack.one("bridge-orders-dead-letter").inputs


def test_the_function_sends_a_new_field_only_when_the_schema_knows_it(data_stack: Recording) -> None:
    assert "bridge-orders-schema" in data_stack.one("bridge-function").depends_on


def test_what_cannot_be_sent_is_kept_for_fourteen_days(data_stack: Recording) -> None:
    queue = data_stack.one("bridge-failures").inputs
    assert queue["name"] == "pubsub-bridge-failures"
    assert queue["messageRetentionSeconds"] == 14 * 86400
