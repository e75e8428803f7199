"""Google's monitoring tells the same people as AWS does, and one alert is made the same way everywhere."""

from __future__ import annotations

import hashlib

from tests.graphs.recording import Recording


def test_messages_that_a_reader_gave_up_on_need_a_person_at_once(data_stack: Recording) -> None:
    policy = data_stack.one("bridge-orders-dead-letters").inputs
    threshold = policy["conditions"][0]["conditionThreshold"]
    assert threshold["filter"] == (
        'metric.type = "pubsub.googleapis.com/subscription/num_undelivered_messages" '
        'AND resource.type = "pubsub_subscription" '
        'AND resource.labels.subscription_id = "orders-dead-letter-kept"'
    )
    assert (threshold["comparison"], threshold["thresholdValue"]) == ("COMPARISON_GT", 0)


def test_a_message_that_waits_for_its_reader_needs_a_person_long_before_it_is_dropped(data_stack: Recording) -> None:
    threshold = data_stack.one("bridge-orders-unread").inputs["conditions"][0]["conditionThreshold"]
    assert 'subscription_id = "orders-analytics"' in threshold["filter"]
    kept = int(data_stack.one("bridge-orders-analytics").inputs["messageRetentionDuration"].removesuffix("s"))
    assert threshold["comparison"] == "COMPARISON_GT"
    assert 60 <= threshold["thresholdValue"] <= kept / 2


def test_a_channel_is_named_by_its_address_so_that_others_stay_when_one_goes(prod: Recording) -> None:
    (channel,) = prod.of("NotificationChannel")
    address = channel.inputs["labels"]["email_address"]
    assert channel.name == f"google-alerts-mail-{hashlib.sha256(address.encode()).hexdigest()[:8]}"
    assert (channel.inputs["type"], channel.inputs["project"]) == ("email", "novaretail-analytics-prod")
