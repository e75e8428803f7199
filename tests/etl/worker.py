"""The jobs in a process that the tests steer: several runs in one Spark session, or a kill at a step.

    worker.py serve                      JSON commands on standard input, one a line
    worker.py kill STEP JOB ARG...       the job's own entry point (run_curate, ...), and SIGKILL once STEP is done

A step is a write: `merge curated.orders`, `swap curated.orders`, `replace exchange/orders`. What can be steered is
patched from here; the jobs know nothing of it. Commands of `serve`:

    {"job": "run_curate", "argv": [...]}                        run a job
    {"job": "run_curate", "argv": [...], "after": STEP, "do": COMMAND}     and let something else happen in the middle
    {"sql": "..."}                                              as somebody with a SQL shell
    {"remove": "exchange/orders"}                               remove the snapshots of an exchange

The log goes to standard output as in Glue, then {"event": "end", "error": null or text} after each command.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from etl.lakehouse import exchange, iceberg, main, publish
    from etl.lakehouse.session import session
else:  # from lakehouse.zip, as Glue has it
    from lakehouse import exchange, iceberg, main, publish
    from lakehouse.session import session


def steer() -> None:
    """Call the hook after every write of the jobs."""
    table, draft = iceberg.IcebergTable, iceberg.Draft
    for owner, method, name in (
        (table, "mark", "mark"),
        (table, "merge", "merge"),
        (table, "delete", "delete"),
        (table, "draft", "draft"),
        (draft, "_seal", "seal"),
        (draft, "_swap", "swap"),
        (exchange.Folder, "replace", "replace"),
        (exchange.Folder, "remove", "remove"),
    ):
        setattr(owner, method, _hooked(name, getattr(owner, method)))
    write = publish.write

    def written(rows: Any, shared: exchange.Exchange, *args: Any) -> Any:
        files = write(rows, shared, *args)
        hooks.after(f"write {shared.prefix}")
        return files

    setattr(publish, "write", written)  # noqa: B010 - mypy would hold it against the original


def _hooked(name: str, write: Callable[..., Any]) -> Callable[..., Any]:
    def hooked(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = write(self, *args, **kwargs)
        owner = self._table if isinstance(self, iceberg.Draft) else self
        hooks.after(f"{name} {owner.prefix if isinstance(owner, exchange.Folder) else owner.name}")
        return result

    return hooked


class Hooks:
    """What happens after a step, at most once."""

    step: str | None = None
    action: Callable[[], None]

    def after(self, done: str) -> None:
        if done == self.step:
            self.step = None
            self.action()

    def set(self, step: str, action: Callable[[], None]) -> None:
        self.step, self.action = step, action


hooks = Hooks()


def serve() -> None:
    for line in sys.stdin:
        error = None
        try:
            run(json.loads(line))
        except Exception as caught:  # noqa: BLE001 - the test that gave the command judges
            error = f"{type(caught).__name__}: {caught}"
        hooks.step = None
        sys.stdout.write(json.dumps({"event": "end", "error": error}) + "\n")
        sys.stdout.flush()


def run(command: dict[str, Any]) -> None:
    if "sql" in command:
        session().sql(command["sql"])
        return
    if "remove" in command:
        folder = exchange.Folder(command["bucket"], command["remove"])
        folder.remove([found.key for found in folder.stored() if not found.key.endswith("manifest.json")])
        return
    if "after" in command:
        hooks.set(command["after"], lambda: run(command["do"]))
    getattr(main, command["job"])(command["argv"])


if __name__ == "__main__":
    steer()
    match sys.argv[1:]:
        case ["serve"]:
            serve()
        case ["kill", step, job, *argv]:
            hooks.set(step, lambda: os.kill(os.getpid(), signal.SIGKILL))
            getattr(main, job)(argv)
        case other:
            raise SystemExit(f"worker.py: {other}?")
