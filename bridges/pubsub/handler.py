"""Lambda function `pubsub-bridge`: records of an MSK event source to Google Pub/Sub.

Environment: PUBSUB_PROJECT (the Google project of the topics), FAILURES_QUEUE_URL (SQS queue for what
cannot be sent), and optionally PUBSUB_ENDPOINT (a locational endpoint of Pub/Sub). Beside this file
lies `contract.json`, which says what of each topic is shared.

The event source mapping must have ReportBatchItemFailures among its FunctionResponseTypes: what this
function returns names the records to begin again from, and without that entry Lambda would read it
as success. It must have no on-failure destination of its own and no limit of retries or age: Lambda
discards a batch at these (with a destination after ten retries), and discarding is losing.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
from pubsub_bridge.delivery import Outcome, Routes, deliver
from pubsub_bridge.event import records_of
from pubsub_bridge.failures import SqsFailures
from pubsub_bridge.google_publisher import GooglePublisher
from pubsub_bridge.ports import Failures, Publisher

METRIC_NAMESPACE = "NovaRetail/PubSubBridge"
MARGIN_SECONDS = 5.0
"""What an invocation keeps of its time for the failure destination and its answer."""

_log = logging.getLogger(__name__)


@functools.cache
def routes() -> Routes:
    contract = json.loads(Path(__file__).with_name("contract.json").read_text("utf-8"))
    return Routes(contract, os.environ["PUBSUB_PROJECT"])


@functools.cache
def publisher() -> Publisher:
    return GooglePublisher(os.environ.get("PUBSUB_ENDPOINT"))


@functools.cache
def failures() -> Failures:
    return SqsFailures(boto3.client("sqs"), os.environ["FAILURES_QUEUE_URL"])


def handler(event: Mapping[str, Any], context: Any) -> dict[str, list[dict[str, Any]]]:
    """Send a batch; return, for each partition that stopped, the record to begin again from."""
    outcome = deliver(records_of(event), routes(), publisher(), failures(), _seconds_left(context))
    for error in outcome.errors:
        _log.error("Pub/Sub did not take a request: %s", error)
    for line in report(outcome, timestamp_ms=_now_ms()):
        sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    return {
        "batchItemFailures": [
            {"itemIdentifier": {"partition": f"{topic}-{partition}", "offset": offset}}
            for (topic, partition), offset in sorted(outcome.stops.items())
        ]
    }


def report(outcome: Outcome, timestamp_ms: int) -> list[dict[str, Any]]:
    """Return one log line a topic, which CloudWatch reads as metrics too (embedded metric format)."""
    poison = Counter(item.record.topic for item in outcome.poison)
    metrics = [{"Name": name, "Unit": "Count"} for name in ("Sent", "Poison", "Unsent")]
    return [
        {
            "_aws": {
                "Timestamp": timestamp_ms,
                "CloudWatchMetrics": [
                    {"Namespace": METRIC_NAMESPACE, "Dimensions": [["Topic"]], "Metrics": metrics},
                ],
            },
            "Topic": topic,
            "Sent": outcome.sent[topic],
            "Poison": poison[topic],
            "Unsent": outcome.unsent[topic],
            "reasons": Counter(item.reason for item in outcome.poison if item.record.topic == topic),
            "stopped_at": {
                str(partition): offset for (name, partition), offset in outcome.stops.items() if name == topic
            },
            "errors": outcome.errors,
        }
        for topic in sorted({*outcome.sent, *outcome.unsent, *poison})
    ]


def _seconds_left(context: Any) -> Callable[[], float]:
    """Return the seconds until sending must end; of a short timeout a quarter is kept instead of the margin."""
    margin = min(MARGIN_SECONDS, context.get_remaining_time_in_millis() / 4_000)
    return lambda: context.get_remaining_time_in_millis() / 1_000 - margin


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
