"""The jobs in a process that the tests steer: several runs in one Spark session, or a kill at a step.

    worker.py serve                      JSON commands on standard input, one a line
    worker.py kill STEP curate ARG...    the job's own entry point, and SIGKILL once STEP is done

A step is a write: `merge curated.orders`, `swap curated.orders`. What can be steered is patched from
here; the jobs know nothing of it. Commands of `serve`:

    {"job": "run_curate", "argv": [...]}                        run a job
    {"job": "run_curate", "argv": [...], "before": STEP, "do": COMMAND}    and let something else happen in the middle
    {"sql": "..."}                                              as somebody with a SQL shell

The log goes to standard output as in Glue, then {"event": "end", "error": null or text} after each command.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from lakehouse import iceberg, main
from lakehouse.session import session

Hook = Callable[[str], None]


def _nothing(step: str) -> None:
    pass


before: Hook = _nothing
after: Hook = _nothing


def steer() -> None:
    """Call the hooks around every write of the jobs."""
    table, draft = iceberg.IcebergTable, iceberg.Draft
    for owner, method, name in (
        (table, "mark", "mark"),
        (table, "merge", "merge"),
        (table, "delete", "delete"),
        (table, "draft", "draft"),
        (draft, "_seal", "seal"),
        (draft, "_swap", "swap"),
    ):
        setattr(owner, method, _hooked(name, getattr(owner, method)))


def _hooked(name: str, write: Callable[..., Any]) -> Callable[..., Any]:
    def hooked(self: Any, *args: Any, **kwargs: Any) -> Any:
        step = f"{name} {(self._table if isinstance(self, iceberg.Draft) else self).name}"
        before(step)
        result = write(self, *args, **kwargs)
        after(step)
        return result

    return hooked


def kill_at(step: str) -> None:
    def kill(done: str) -> None:
        if done == step:
            os.kill(os.getpid(), signal.SIGKILL)

    globals()["after"] = kill


def serve() -> None:
    for line in sys.stdin:
        error = None
        try:
            run(json.loads(line))
        except Exception as caught:  # noqa: BLE001 - the test that gave the command judges
            error = f"{type(caught).__name__}: {caught}"
        globals()["before"] = _nothing
        sys.stdout.write(json.dumps({"event": "end", "error": error}) + "\n")
        sys.stdout.flush()


def run(command: dict[str, Any]) -> None:
    if "sql" in command:
        session().sql(command["sql"])
        return
    if "before" in command:

        def interrupt(step: str) -> None:
            if step == command["before"]:
                globals()["before"] = _nothing
                run(command["do"])

        globals()["before"] = interrupt
    getattr(main, command["job"])(command["argv"])


if __name__ == "__main__":
    steer()
    match sys.argv[1:]:
        case ["serve"]:
            serve()
        case ["kill", step, "curate", *argv]:
            kill_at(step)
            main.run_curate(argv)
        case other:
            raise SystemExit(f"worker.py: {other}?")
