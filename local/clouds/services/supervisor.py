"""Starts, watches and stops the services of one site.

A service is started as a process group of its own, with a log file and a handle of its process. `start` makes it
so: a service that already runs as wanted is left alone, one that hangs or runs with other settings is started
anew. So a site that was left half started never stands in the way of the next run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.clouds.services import processes
from local.clouds.services.definition import (
    DiskSpaceError,
    NotReadyError,
    PortInUseError,
    Service,
    ServiceDiedError,
    ServiceError,
)
from local.clouds.services.processes import Handle
from local.site import ROOT, Site

MINIMUM_FREE_BYTES = 4 * 1024**3
LOG_TAIL_LINES = 15
SETTLE_SECONDS = 1.0
AS_USER = Path(__file__).with_name("as_user.py")
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Status:
    """How a service is: `stopped`, `running`, or `died` (it was started and not stopped, but is gone)."""

    name: str
    state: str
    pid: int | None
    since: float | None
    log: Path


class Supervisor:
    """The services of one site, by their handles."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._handles = site.state / "run"
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def handle(self, name: str) -> Handle | None:
        return Handle.read(self._handles, name)

    def start(self, service: Service, options: Mapping[str, Any] | None = None) -> None:
        """Have the service running and ready; ServiceError if that cannot be.

        Args:
            options: what `service` was defined with; kept in the handle, so that a restart can repeat it.
        """
        handle = self.handle(service.name)
        if handle is not None:
            if handle.fingerprint == service.fingerprint and self._alive(handle) and _answers(service):
                return
            self.stop(service)
        require_disk_space(self._site.state)
        self._require_ports(service)
        log = self._fresh_log(service.name)
        for folder in service.folders:
            folder.mkdir(parents=True, exist_ok=True)
            if service.user:
                shutil.chown(folder, service.user)
        for path, text in service.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        if service.setup:
            self._set_up(service, log)
        process = self._spawn(service, log)
        Handle(
            name=service.name,
            pid=process.pid,
            started=processes.start_time(process.pid),
            fingerprint=service.fingerprint,
            log=str(log),
            options=dict(options or {}),
        ).write(self._handles)
        try:
            self._await_ready(service, process, log)
        except BaseException:  # also when interrupted: a service that is not ready is not left behind
            self.stop(service)
            raise

    def stop(self, service: Service) -> None:
        """End the service's processes, if they run, and forget it."""
        handle = self.handle(service.name)
        if handle is None:
            return
        processes.end(handle, state=self._site.state, patience=service.stop_seconds, ask=service.stop_signal)
        Handle.remove(self._handles, service.name)

    def status(self, name: str) -> Status:
        handle = self.handle(name)
        if handle is None:
            return Status(name, "stopped", None, None, self._log(name))
        state = "running" if self._alive(handle) else "died"
        return Status(name, state, handle.pid, handle.started, Path(handle.log))

    def check(self, name: str) -> None:
        """ServiceDiedError if the service was started and is gone."""
        handle = self.handle(name)
        if handle is not None and not self._alive(handle):
            child = self._children.get(handle.pid)
            raise ServiceDiedError(_died(name, child.returncode if child else None, Path(handle.log)))

    def _alive(self, handle: Handle) -> bool:
        child = self._children.get(handle.pid)
        if child is not None and child.poll() is not None:
            return False
        return processes.is_alive(handle)

    def _spawn(self, service: Service, log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            try:
                process = subprocess.Popen(
                    _as_user(service, service.command),
                    cwd=ROOT,
                    env=self._environment(service),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise ServiceError(
                    f"the service '{service.name}' cannot be started: {error}\n"
                    "  what to do: make doctor says what the toolchain lacks"
                ) from error
        self._children[process.pid] = process
        return process

    def _set_up(self, service: Service, log: Path) -> None:
        with log.open("ab") as output:
            run = subprocess.run(
                _as_user(service, service.setup or ()),
                cwd=ROOT,
                env=self._environment(service),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if run.returncode != 0:
            raise ServiceDiedError(_died(f"{service.name} (its setup)", run.returncode, log))

    def _environment(self, service: Service) -> dict[str, str]:
        return {**os.environ, **self._site.environment(), **service.environment}

    def _require_ports(self, service: Service) -> None:
        for port in service.ports:
            if not processes.port_is_free(port):
                raise PortInUseError(
                    f"the service '{service.name}' needs port {port}, but {processes.port_owner(port)} has it\n"
                    "  what to do: end that process, or choose other ports: NOVARETAIL_PORT_BASE=<first port>"
                )

    def _await_ready(self, service: Service, process: subprocess.Popen[bytes], log: Path) -> None:
        began = time.monotonic()
        while True:
            waited = time.monotonic() - began
            if process.poll() is not None:
                raise ServiceDiedError(_died(service.name, process.returncode, log))
            if service.ready is None:
                if waited >= SETTLE_SECONDS:
                    return
            elif service.ready():
                return
            if waited >= service.ready_seconds:
                raise NotReadyError(
                    f"the service '{service.name}' does not answer {service.ready_seconds:.0f} s after its start\n"
                    + _tail(log)
                    + f"  log: {log}"
                )
            time.sleep(POLL_SECONDS)

    def _log(self, name: str) -> Path:
        return self._site.logs / f"{name}.log"

    def _fresh_log(self, name: str) -> Path:
        """An empty log; that of the run before stays beside it as `<service>.previous.log`."""
        log = self._log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_suffix(".previous.log"))
        log.touch()
        return log


def require_disk_space(folder: Path, minimum: int = MINIMUM_FREE_BYTES) -> None:
    """DiskSpaceError if the disk of `folder` (which need not exist yet) has less than `minimum` bytes free."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < minimum:
        raise DiskSpaceError(
            f"the local platform wants {minimum / 1024**3:.1f} GiB free for {folder}; there are "
            f"{free / 1024**3:.1f} GiB\n"
            "  what to do: free some (make down, then remove build/local), or put the platform on another disk: "
            "NOVARETAIL_SITE=<folder>"
        )


def _as_user(service: Service, command: Sequence[str]) -> list[str]:
    """The command, by way of a program that first becomes the service's user, if it has one."""
    become = [sys.executable, "-I", "-S", str(AS_USER), service.user] if service.user else []
    return [*become, *command]


def _answers(service: Service) -> bool:
    return service.ready is None or service.ready()


def _died(name: str, code: int | None, log: Path) -> str:
    how = "ended" if code is None else f"ended with exit code {code}" if code >= 0 else f"was killed by signal {-code}"
    return f"the service '{name}' {how}\n{_tail(log)}  log: {log}"


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
    return "".join(f"  | {line}\n" for line in lines)
