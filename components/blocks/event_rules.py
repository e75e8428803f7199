"""One EventBridge rule that tells the topic of alerts, and that every component makes the same way.

What a person does about it is written in docs/operations.md, a paragraph a rule.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from components.blocks.watched import WatchedPlace

MAX_AGE_SECONDS = 24 * 60 * 60
MAX_ATTEMPTS = 185
"""EventBridge's limits, which are its defaults too: an alert is tried for as long as it may be."""


def tell(
    parent: pulumi.Resource,
    name: str,
    *,
    where: WatchedPlace,
    description: str,
    pattern: Mapping[str, Any],
    paths: Mapping[str, str],
    text: str,
) -> aws.cloudwatch.EventRule:
    """Send what the pattern matches to the topic, as a text for people.

    Args:
        pattern: the events; values may be outputs.
        paths: name -> where it is in the event.
        text: what is sent, with <name> where a value of `paths` belongs.
    """
    rule = aws.cloudwatch.EventRule(
        name,
        description=description,
        event_pattern=Output.json_dumps(pattern),
        tags=where.tags,
        opts=ResourceOptions(parent=parent),
    )
    aws.cloudwatch.EventTarget(
        f"{name}-alert",
        rule=rule.name,
        arn=where.alarms.topic_arn,
        # A template that is text has its own quotes.
        input_transformer={
            "input_paths": dict(paths),
            "input_template": json.dumps(f"{text} Runbook: docs/operations.md, {name}."),
        },
        retry_policy={"maximum_event_age_in_seconds": MAX_AGE_SECONDS, "maximum_retry_attempts": MAX_ATTEMPTS},
        opts=ResourceOptions(parent=parent),
    )
    return rule
