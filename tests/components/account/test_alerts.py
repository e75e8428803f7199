"""Alerts: one encrypted topic, and who may publish to it."""

from __future__ import annotations

from tests.graphs.recording import Recording


def test_alarms_and_rules_of_this_account_may_publish_and_nobody_in_clear(prod: Recording) -> None:
    (policy,) = prod.of("TopicPolicy")
    alarms, rules, denied = policy.json("policy")["Statement"]
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": "210987654321"}}
    # EventBridge sends SNS no context: a condition would drop its events.
    assert rules["Principal"] == {"Service": "events.amazonaws.com"}
    assert "Condition" not in rules
    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_topic_is_encrypted_and_its_key_lets_the_publishers_use_it(prod: Recording) -> None:
    (topic,) = prod.of("sns/topic:Topic")
    assert topic.inputs["kmsMasterKeyId"].endswith(":keys-logs")
    for service in ("cloudwatch.amazonaws.com", "events.amazonaws.com"):
        (used,) = [
            s for s in prod.one("keys-logs").json("policy")["Statement"] if s["Principal"] == {"Service": service}
        ]
        assert used["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


def test_the_pipeline_may_publish_and_do_nothing_else_with_the_topic(data_stack: Recording) -> None:
    policy = data_stack.one("alerts-publish-pipeline")
    publish, key = policy.json("policy")["Statement"]
    assert publish["Action"] == ["sns:Publish"]
    assert [arn.rsplit(":", 1)[-1] for arn in publish["Resource"]] == ["alerts-topic"]
    assert key["Condition"]["StringEquals"]["kms:ViaService"] == ["sns.eu-west-1.amazonaws.com"]


def test_each_listed_address_is_subscribed(prod: Recording, local: Recording) -> None:
    assert [s.inputs["endpoint"] for s in prod.of("TopicSubscription")] == ["data-alerts@novaretail.example"]
    assert local.of("TopicSubscription") == []
