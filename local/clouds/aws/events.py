"""EventBridge targets that moto 5.2.5 does not have: Lambda functions and SNS topics, with input transformers.

moto refuses such a target (and says nothing of it for S3's events), and leaves the transformer out for them. Here a
function's event goes into the queue from which `local.clouds.functions` invokes it, as Lambda's own internal queue
does, and a topic gets the transformed text. What asks for an asynchronous invocation by the API goes into the same
queue.

Not imitated: retry policies and dead-letter queues of targets, for a delivery here cannot fail.
"""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.models import LambdaBackend
from moto.events.models import Rule
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from local.site import ACCOUNT, REGION

SERVICE_ACCOUNT = "000000000000"
"""Whose queue it is: not the site's account, so no listing of ours shows it."""
QUEUE = "awslambda-asynchronous"
_QUEUE_ATTRIBUTES = {"VisibilityTimeout": "1000"}


def extend() -> None:
    send_to_targets, invoke = Rule.send_to_targets, LambdaBackend.invoke
    sqs_backends[SERVICE_ACCOUNT][REGION].create_queue(QUEUE, None, **_QUEUE_ATTRIBUTES)

    def send(self: Rule, original_event: Any, transform_input: bool = True) -> None:
        if self.state != "ENABLED" or not self.event_pattern.matches_event(original_event):
            return
        theirs = []
        for target in self.targets:
            service = target["Arn"].split(":")[2]
            if service not in ("lambda", "sns"):
                theirs.append(target)
                continue
            text = _input(target, _as_sent(original_event))
            if service == "lambda":
                queue_event(target["Arn"], text)
            else:
                sns_backends[ACCOUNT][REGION].publish(text, arn=target["Arn"])
        if theirs:
            rest = copy.copy(self)
            rest.targets = theirs
            send_to_targets(rest, original_event, transform_input)

    def invoke_or_queue(
        self: LambdaBackend, function_name: str, qualifier: Any, body: Any, headers: Any, *rest: Any
    ) -> Any:
        if headers.get("X-Amz-Invocation-Type") == "Event":
            text = body.decode() if isinstance(body, bytes) else body
            queue_event(self.get_function(function_name).function_arn, text or "{}")
            return b""
        return invoke(self, function_name, qualifier, body, headers, *rest)

    for owner, name, replacement in (
        (Rule, "send_to_targets", send),
        (LambdaBackend, "invoke", invoke_or_queue),
    ):
        setattr(owner, name, replacement)


def queue_event(function_arn: str, event: str) -> None:
    """Have a function invoked with an event, which is JSON."""
    message = json.dumps({"function": function_arn, "event": json.loads(event)})
    sqs_backends[SERVICE_ACCOUNT][REGION].send_message(QUEUE, message)


def _as_sent(event: Any) -> dict[str, Any]:
    """moto keeps the time as a number; EventBridge sends it as text."""
    sent = copy.deepcopy(dict(event))
    if isinstance(sent.get("time"), int | float):
        sent["time"] = datetime.fromtimestamp(sent["time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return sent


def _input(target: dict[str, Any], event: dict[str, Any]) -> str:
    """What a target gets: the event, a constant, or the template with the values of its paths."""
    if "Input" in target:
        return str(target["Input"])
    transformer = target.get("InputTransformer")
    if not transformer:
        return json.dumps(event)
    values = {name: _at(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    template: str = transformer["InputTemplate"]
    quoted = template.startswith('"')

    def filled(match: re.Match[str]) -> str:
        value = values.get(match[1], "")
        # Inside a quoted template, text is set in as it is; a value that stands alone is JSON.
        return json.dumps(value)[1:-1] if quoted and isinstance(value, str) else json.dumps(value)

    return re.sub(r"<([\w.-]+)>", filled, template)


def _at(event: Any, path: str) -> Any:
    for step in path.removeprefix("$").strip(".").split("."):
        event = event.get(step, "") if isinstance(event, dict) else ""
    return event
