"""Events that a function is invoked with and nobody waits for: tried again, then given to its failure destination.

They come through the queue that `local.clouds.aws.events` fills. Between tries AWS waits a minute, then two; here it
is a second and two.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.clouds.functions import control
from local.clouds.functions.code import CodeError, Function
from local.clouds.functions.worker import FunctionError, Worker

SERVICE_ACCOUNT, QUEUE = "000000000000", "awslambda-asynchronous"
DEFAULT_RETRIES = 2
"""Lambda's, for functions that say nothing."""
WAIT_SECONDS = 1


class Asynchronous(threading.Thread):
    """Invokes functions with the events of the queue, one at a time, until it is stopped."""

    def __init__(self, make_worker: Callable[[Function], Worker], config: Any) -> None:
        super().__init__(name="asynchronous", daemon=True)
        self._make_worker = make_worker
        self._lambda, self._sqs = boto3.client("lambda", config=config), boto3.client("sqs", config=config)
        self._queue = boto3.client("sqs", config=config)
        self._queue.meta.events.register("before-sign.sqs", _as_service)
        self._workers: dict[str, tuple[Function, Worker]] = {}
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                url = self._queue.get_queue_url(QueueName=QUEUE)["QueueUrl"]
                received = self._queue.receive_message(QueueUrl=url, WaitTimeSeconds=WAIT_SECONDS)
                for message in received.get("Messages", []):
                    self._deal_with(json.loads(message["Body"]))
                    self._queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            except self._queue.exceptions.QueueDoesNotExist:
                self._stopping.wait(WAIT_SECONDS)  # it is made with the first event
            except (BotoCoreError, ClientError, OSError) as error:
                # The control plane may be away for a while; what is in the queue comes again.
                print(f"events without a waiting caller: {error}", flush=True)
                self._stopping.wait(WAIT_SECONDS)
        for _, worker in self._workers.values():
            worker.close()

    def _deal_with(self, message: Mapping[str, Any]) -> None:
        arn, event = message["function"], message["event"]
        settings = self._settings(arn)
        retries = settings.get("MaximumRetryAttempts", DEFAULT_RETRIES)
        reason = ""
        for attempt in range(retries + 1):
            if attempt:
                time.sleep(attempt)
            try:
                worker = self._worker(control.function(self._lambda, arn))
                answer = worker.invoke(event)
            except (FunctionError, CodeError) as error:
                reason = str(error)
                print(f"{arn.rsplit(':', 1)[-1]} failed, attempt {attempt + 1}: {reason}", flush=True)
            else:
                print(f"{arn.rsplit(':', 1)[-1]} answered {json.dumps(answer)}", flush=True)
                return
        self._give_up(arn, event, retries + 1, reason, settings)

    def _give_up(self, arn: str, event: Any, attempts: int, reason: str, settings: Mapping[str, Any]) -> None:
        queue = ((settings.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        if not queue:
            return
        account, name = queue.split(":")[-2:]
        kind, _, text = reason.partition(": ")
        record = {
            "version": "1.0",
            "timestamp": datetime.now(UTC).isoformat(),
            "requestContext": {
                "functionArn": f"{arn}:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": attempts,
            },
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "responsePayload": {"errorType": kind, "errorMessage": text},
        }
        url = self._sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        self._sqs.send_message(QueueUrl=url, MessageBody=json.dumps(record))

    def _settings(self, arn: str) -> dict[str, Any]:
        try:
            found = self._lambda.get_function_event_invoke_config(FunctionName=arn)
        except self._lambda.exceptions.ResourceNotFoundException:
            return {}
        return dict(found)

    def _worker(self, function: Function) -> Worker:
        known = self._workers.get(function.arn)
        if known and known[0] == function:
            return known[1]
        if known:
            known[1].close()
        worker = self._make_worker(function)
        self._workers[function.arn] = function, worker
        return worker


def _as_service(request: Any, **_: Any) -> None:
    """The queue is the service's own, not the site's account's."""
    request.headers["x-moto-account-id"] = SERVICE_ACCOUNT
