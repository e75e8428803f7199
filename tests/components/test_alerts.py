"""Alerts: one encrypted topic, and who may publish to it."""

from __future__ import annotations

from tests.components.recording import Recording


def test_alarms_and_rules_of_this_account_may_publish_and_nobody_in_clear(prod: Recording) -> None:
    (policy,) = prod.of("TopicPolicy")
    allowed, denied = policy.json("policy")["Statement"]
    assert allowed["Principal"] == {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": "210987654321"}}
    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_topic_is_encrypted_and_its_key_lets_the_publishers_use_it(prod: Recording) -> None:
    (topic,) = prod.of("sns/topic:Topic")
    assert topic.inputs["kmsMasterKeyId"].endswith(":keys-logs")
    publishers = ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    (used,) = [
        s for s in prod.one("keys-logs").json("policy")["Statement"] if s["Principal"] == {"Service": publishers}
    ]
    assert used["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


def test_each_listed_address_is_subscribed(prod: Recording, local: Recording) -> None:
    assert [s.inputs["endpoint"] for s in prod.of("TopicSubscription")] == ["data-alerts@novaretail.example"]
    assert local.of("TopicSubscription") == []
