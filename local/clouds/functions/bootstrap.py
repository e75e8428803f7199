"""The inside of a function's process: loads the handler, and calls it for every event that comes in.

This file runs alone (`python -I -S bootstrap.py`): it may import the standard library only, because
whatever is loaded here is loaded for the function too. It speaks frames (four bytes of length, then
JSON): events come on standard input, answers leave on the descriptor given as first argument. What
the function prints goes to standard output and error, which the caller has pointed at its log.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import queue
import struct
import sys
import threading
import time
import traceback
import types
from typing import Any, BinaryIO


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.aws_request_id: str = request["request_id"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.invoked_function_arn: str = request["function_arn"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = f"local/{os.getpid()}"
        self._deadline = time.monotonic() + request["timeout_seconds"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1_000))


def main(answer_descriptor: int, first: list[str], last: list[str]) -> None:
    """Serve until standard input ends. Args: first, last: folders before and after the standard library."""
    sys.path[:0] = first
    sys.path += last
    answers = os.fdopen(answer_descriptor, "wb")
    events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, events), daemon=True).start()
    logging.basicConfig(stream=sys.stdout, format="[%(levelname)s] %(name)s %(message)s")
    try:
        module, _, name = os.environ["_HANDLER"].rpartition(".")
        handler = getattr(importlib.import_module(module.replace("/", ".")), name)
    except BaseException as error:  # noqa: BLE001 - whatever a function does when it is loaded is its own error
        _send(answers, {"error": _described(error)})
        os._exit(1)  # an orderly exit would wait for the thread that reads standard input
    _send(answers, {"ready": True})
    while True:
        request = events.get()
        try:
            _send(answers, {"result": handler(request["event"], Context(request))})
        except Exception as error:  # noqa: BLE001 - the event source decides what follows
            _send(answers, {"error": _described(error)})


def _receive(source: BinaryIO, events: queue.SimpleQueue[dict[str, Any]]) -> None:
    while True:
        head = source.read(4)
        if len(head) < 4:
            os._exit(0)  # the runtime is gone, and nobody waits for what the handler still does
        events.put(json.loads(source.read(struct.unpack(">I", head)[0])))


def _send(answers: BinaryIO, answer: dict[str, Any]) -> None:
    body = json.dumps(answer).encode()
    answers.write(struct.pack(">I", len(body)) + body)
    answers.flush()


def _described(error: BaseException) -> dict[str, Any]:
    traceback.print_exception(error)
    own: types.TracebackType | None = error.__traceback__ and error.__traceback__.tb_next
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "stackTrace": traceback.format_tb(own),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3]))
