"""A function's process, seen from outside: started when it is needed, killed when it takes too long."""

from __future__ import annotations

import json
import os
import select
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.clouds.functions.code import Function, Unpacked

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
INIT_SECONDS = 60.0
"""For loading the function's modules. AWS gives ten seconds; a laptop that builds everything at once gets more."""
CLOSE_SECONDS = 5.0


class FunctionError(Exception):
    """The function raised, died or took too long; the text begins with the type of the error, as Lambda names it."""


class Worker:
    """Runs one function in one state of its code. Not for several threads at once."""

    def __init__(
        self, function: Function, code: Unpacked, packages: Path, site_environment: Mapping[str, str], log: Path
    ) -> None:
        """Args: packages: boto3's folder; site_environment: what every function here needs; log: appended to."""
        self.function = function
        self._paths = [code.task, code.opt / "python" / "lib" / "python3.11" / "site-packages", code.opt / "python"]
        self._packages = packages
        self._environment = _environment(function, code, site_environment)
        self._log = log
        self._task = code.task
        self._process: subprocess.Popen[bytes] | None = None
        self._answers = -1

    def invoke(self, event: Any) -> Any:
        """Call the handler and return its answer.

        Raises: FunctionError. After a timeout or a crash the next call starts a new process, as Lambda does.
        """
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._start()
        request = {
            "request_id": str(uuid.uuid4()),
            "function_arn": self.function.arn,
            "timeout_seconds": self.function.timeout_seconds,
            "event": event,
        }
        body = json.dumps(request).encode()
        try:
            self._input.write(struct.pack(">I", len(body)) + body)
            self._input.flush()
        except BrokenPipeError:
            raise self._died() from None
        return self._answer(
            self.function.timeout_seconds,
            f"Sandbox.Timedout: Task timed out after {self.function.timeout_seconds:.2f} seconds",
        )["result"]

    def close(self) -> None:
        """End the process; whatever it is doing is not waited for."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait(CLOSE_SECONDS)
        if process.stdin:
            try:
                process.stdin.close()
            except BrokenPipeError:
                self._log.touch()  # an event that the process never read was still in the pipe's buffer
        os.close(self._answers)

    def _start(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._answers, theirs = os.pipe()
        try:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    [
                        sys.executable,
                        *("-I", "-S", "-B", "-u"),
                        str(BOOTSTRAP),
                        str(theirs),
                        json.dumps([str(path) for path in self._paths]),
                        json.dumps([str(self._packages)]),
                    ],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=(theirs,),
                    env=self._environment,
                    cwd=self._task,
                )
        finally:
            os.close(theirs)
        try:
            self._answer(INIT_SECONDS, f"Sandbox.Timedout: the function did not load within {INIT_SECONDS:.0f} seconds")
        except FunctionError:
            self.close()  # a process without a handler is of no use to the next event
            raise

    @property
    def _input(self) -> Any:
        assert self._process is not None  # invoke() has just started it
        return self._process.stdin

    def _answer(self, seconds: float, too_late: str) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        length = struct.unpack(">I", self._read(4, deadline, too_late))[0]
        answer = json.loads(self._read(length, deadline, too_late))
        if "error" in answer:
            error = answer["error"]
            raise FunctionError(f"{error['errorType']}: {error['errorMessage']}")
        return answer

    def _read(self, length: int, deadline: float, too_late: str) -> bytes:
        data = b""
        while len(data) < length:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                self.close()
                raise FunctionError(too_late)
            piece = os.read(self._answers, length - len(data))
            if not piece:
                raise self._died()
            data += piece
        return data

    def _died(self) -> FunctionError:
        process = self._process
        status = process.wait(CLOSE_SECONDS) if process else None
        self.close()
        return FunctionError(
            f"Runtime.ExitError: the function's process ended with exit status {status}; see {self._log}"
        )


def _environment(function: Function, code: Unpacked, site_environment: Mapping[str, str]) -> dict[str, str]:
    """The variables a function sees: Lambda's, the site's, its own; paths of Lambda's lead to the unpacked code."""

    def local_path(value: str) -> str:
        for lambda_path, local in (("/var/task", code.task), ("/opt", code.opt)):
            if value == lambda_path or value.startswith(f"{lambda_path}/"):
                return f"{local}{value[len(lambda_path) :]}"
        return value

    own = {name: local_path(value) for name, value in function.environment}
    return {
        **site_environment,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "LAMBDA_TASK_ROOT": str(code.task),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "_HANDLER": function.handler,
        **own,
    }
