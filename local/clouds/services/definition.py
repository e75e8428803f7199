"""What a service of the local platform is, and the errors that its supervision raises."""

from __future__ import annotations

import hashlib
import json
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


class ServiceError(Exception):
    """A service cannot run; the text names it, the reason, its log and the way out."""


class PortInUseError(ServiceError):
    """Another process listens where the service wants to."""


class ServiceDiedError(ServiceError):
    """The service's process ended without being told to."""


class NotReadyError(ServiceError):
    """The service's process lives, but does not answer in time."""


class DiskSpaceError(ServiceError):
    """Too little room for what the platform writes."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """How one service is started and how one sees that it is there."""

    name: str
    command: Sequence[str]
    """The program; it runs in a process group of its own, in the project's folder."""
    ports: Sequence[int] = ()
    """What it listens on, on 127.0.0.1."""
    ready: Callable[[], bool] | None = None
    """Says whether it answers; None for a service without a port: it is ready once it has stayed alive for a moment."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Besides the environment of the site."""
    files: Mapping[Path, str] = field(default_factory=dict)
    """Configuration files, written before it starts."""
    folders: Sequence[Path] = ()
    """What must exist before it starts."""
    setup: Sequence[str] | None = None
    """A program that must have run once before, for example to format a store."""
    user: str | None = None
    """Whom program and setup run as, and who owns `folders`; None for the user of this process."""
    stop_signal: signal.Signals = signal.SIGTERM
    """What asks the process to end."""
    ready_seconds: float = 60
    stop_seconds: float = 15

    @property
    def fingerprint(self) -> str:
        """Changes with everything that a running process of the service would have to be restarted for."""
        files = {str(path): text for path, text in self.files.items()}
        described = json.dumps([list(self.command), dict(self.environment), files], sort_keys=True)
        return hashlib.sha256(described.encode()).hexdigest()


def python_module(name: str) -> list[str]:
    """The command that runs a module of ours."""
    return [sys.executable, "-u", "-m", name]
