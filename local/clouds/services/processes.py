"""Processes of services: the handle that finds one again, whether it lives, and how it is ended.

A handle holds the process's start time beside its pid, so that a pid that another program got meanwhile is
never mistaken for the service.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

START_TIME_TOLERANCE_SECONDS = 2.0
"""The kernel counts a start time from its boot time, which moves when the clock is set."""
POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Handle:
    """One started service, as it lies in `<state>/run/<service>.json`."""

    name: str
    pid: int
    started: float
    fingerprint: str
    log: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"{self.name}.json.partial"
        fresh.write_text(json.dumps(asdict(self), indent=2))
        fresh.replace(_path(folder, self.name))

    @classmethod
    def read(cls, folder: Path, name: str) -> Handle | None:
        """None if the service has not been started, or has been stopped."""
        try:
            return cls(**json.loads(_path(folder, name).read_text()))
        except FileNotFoundError:
            return None

    @classmethod
    def remove(cls, folder: Path, name: str) -> None:
        _path(folder, name).unlink(missing_ok=True)


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def start_time(pid: int) -> float:
    return float(psutil.Process(pid).create_time())


def is_alive(handle: Handle) -> bool:
    """Whether the process of the handle still runs: the same pid, started at the same time, no zombie."""
    try:
        process = psutil.Process(handle.pid)
        same = abs(process.create_time() - handle.started) <= START_TIME_TOLERANCE_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end(handle: Handle, *, state: Path, patience: float, ask: signal.Signals = signal.SIGTERM) -> None:
    """End the service and all that it started: `ask`, and SIGKILL for what is left after `patience` seconds."""
    for number in (ask, signal.SIGKILL):
        deadline = time.monotonic() + patience
        targets = list(_members(handle, state))
        for process in targets:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)  # checks that the pid is still the same process
        while time.monotonic() < deadline:
            _reap(handle.pid)
            if not any(_runs(process) for process in targets):
                break
            time.sleep(POLL_SECONDS)
        if not any(True for _ in _members(handle, state)):
            return


def _members(handle: Handle, state: Path) -> Iterator[psutil.Process]:
    """The service's process, and those of its process group that carry the site's mark in their environment.

    The group outlives its leader: a job that a killed service had started must not go on writing.
    """
    if is_alive(handle):
        yield psutil.Process(handle.pid)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):  # gone meanwhile, or another user's
            if (
                process.pid != handle.pid
                and os.getpgid(process.pid) == handle.pid
                and _runs(process)
                and process.environ().get("NOVARETAIL_SITE") == str(state)
            ):
                yield process


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _reap(pid: int) -> None:
    """Take leave of a child of this very process, which else stays as a zombie."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)  # with SO_REUSEADDR, binding alone may succeed beside a listener
        except OSError:
            return False
    return True


@dataclass(frozen=True)
class Owner:
    """Who holds a port, as far as this user may know."""

    pid: int | None = None
    command: str = ""
    site: str | None = None
    """The folder of the platform that the process belongs to; None if to none."""

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command[:160]})" if self.pid else "a process that this user may not see"


def port_owner(port: int) -> Owner:
    """The process that listens on a port."""
    with contextlib.suppress(psutil.Error):  # gone meanwhile, or another user's
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                process = psutil.Process(connection.pid)
                command, site = " ".join(process.cmdline()), process.environ().get("NOVARETAIL_SITE")
                return Owner(connection.pid, command, site)
    return Owner()
