"""The moto server of a site, with our extensions, on 127.0.0.1.

Requests are not logged, except those that fail with a 5xx: these are defects of the server (or of
an extension), and whoever meets one finds method, service, operation and answer on standard output.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from local.site import Site

EXCERPT_BYTES = 600
"""How much of a failed request's answer is shown."""


class PortInUseError(RuntimeError):
    """Another program listens on the port that the site gives to AWS."""


def serve(site: Site) -> None:
    """Serve until SIGTERM or SIGINT, then end the Glue runs that are still going.

    Raises: PortInUseError, before anything has started.
    """
    port = site.ports["aws"]
    _require_free(port)
    _prepare_environment(site)

    # moto reads its settings from the environment on import, hence not at the top of the module.
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    from local.clouds.aws.glue_runner import GlueRunner
    from local.clouds.warehouse import Warehouse

    class QuietHandler(MotoRequestHandler):  # type: ignore[misc, unused-ignore]
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing: FailureLog reports what went wrong."""

    site.state.mkdir(parents=True, exist_ok=True)
    runner = GlueRunner(site)
    runner.end_orphans()
    # The account begins empty, and its warehouse with it.
    Warehouse(site).reset()
    extend(site, runner)
    application = FailureLog(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=QuietHandler)
    signal.signal(signal.SIGTERM, _exit)
    signal.signal(signal.SIGINT, _exit)
    print(f"AWS (moto) ready on {site.aws_url}", flush=True)
    try:
        server.serve_forever()
    finally:
        runner.end_all()
        server.server_close()


def extend(site: Site, runner: Any) -> None:
    """Apply every extension to moto in this process."""
    from local.clouds.aws import dms, events, glue_jobs, glue_tables, lambda_, msk, step_functions

    glue_tables.extend()
    glue_jobs.extend(runner)
    msk.extend(site.kafka_bootstrap)
    step_functions.extend()
    lambda_.extend()
    dms.extend(site)
    events.extend()


class FailureLog:
    """WSGI middleware that prints one line for each answer of 500 or more, with the answer's start."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        failed: list[str] = []

        def watch(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if status[:1] == "5":
                failed.append(status)
            return start_response(status, headers, exc_info)

        answer = self._application(environ, watch)
        if not failed:
            return answer
        body = b"".join(answer)
        excerpt = " ".join(body[:EXCERPT_BYTES].decode("utf-8", "replace").split())
        operation = environ.get("HTTP_X_AMZ_TARGET") or environ.get("PATH_INFO", "")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        print(f"{now} {environ.get('REQUEST_METHOD')} {operation} -> {failed[-1]}: {excerpt}", flush=True)
        return [body]


def _prepare_environment(site: Site) -> None:
    """What moto and the runner's own AWS clients read; moto's state machines call back on MOTO_PORT."""
    site.activate()
    os.environ.update(MOTO_PORT=str(site.ports["aws"]), MOTO_IAM_LOAD_MANAGED_POLICIES="true")
    # Python's clients would ask the environment's proxy even for this machine.
    os.environ["NO_PROXY"] = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"]))


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortInUseError(
                f"AWS (moto) cannot listen on 127.0.0.1:{port}: {error.strerror}. "
                "End the program that uses the port, or choose others with NOVARETAIL_PORT_BASE."
            ) from error


def _exit(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
