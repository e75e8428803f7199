"""What is shared leaves for Google Cloud in order, without a Google key."""

from __future__ import annotations

import json
import re

import contracts
from components.pubsub_bridge import credential_file
from tests.components.recording import Recording


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


def test_google_trusts_the_functions_role_of_this_account_and_no_other(prod: Recording) -> None:
    provider = prod.one("bridge-provider").inputs
    assert provider["aws"] == {"accountId": "210987654321"}
    assumed = "arn:aws:sts::210987654321:assumed-role/novaretail-prod-pubsub-bridge/"
    assert provider["attributeCondition"] == f"assertion.arn.startsWith('{assumed}')"
    assert prod.one("access-bridge").inputs["name"] == "novaretail-prod-pubsub-bridge"
    member = prod.one("bridge-impersonation").inputs
    assert member["role"] == "roles/iam.workloadIdentityUser"
    assert member["member"].endswith("/attribute.aws_role/novaretail-prod-pubsub-bridge")


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
