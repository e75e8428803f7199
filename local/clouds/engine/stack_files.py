"""The files of one stack: in the project, which stays as it is, and on the site, where the engine writes."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import yaml

from local.clouds.engine.cli import EngineError

GONE_SECONDS = 3
"""How long a killed engine may take to be gone, on a busy machine."""
KEYS_OF_OTHERS = ("secretsprovider", "encryptedkey", "encryptionsalt")
"""Which key a stack's secrets are encrypted with: a key service that this machine cannot reach."""


@dataclass(frozen=True)
class StackFiles:
    """Where the files of the stack are, and what they say."""

    project_dir: Path
    stack: str
    state: Path
    """The site's folder."""
    backend: Path
    """The engine's own state, below it."""

    def configuration(self) -> dict[str, Any]:
        """What the stack's file in the project says, without the key that its secrets are encrypted with.

        Raises: EngineError if there is no such file, or a secret in it that this machine cannot open.
        """
        source = self.project_dir / f"Pulumi.{self.stack}.yaml"
        if not source.exists():
            stacks = sorted(p.name.split(".")[1] for p in self.project_dir.glob("Pulumi.*.yaml"))
            raise EngineError(
                f"there is no stack {self.stack!r}: {source.name} is missing (stacks: {', '.join(stacks)})"
            )
        config = yaml.safe_load(source.read_text("utf-8")) or {}
        closed = [key for key, value in (config.get("config") or {}).items() if "secure" in _keys(value)]
        if closed:
            raise EngineError(
                f"{source.name} holds secrets that only its own key service can open ({', '.join(closed)});"
                " give the program secrets as outputs of resources instead"
            )
        return {key: value for key, value in config.items() if key not in KEYS_OF_OTHERS}

    def copy_configuration(self) -> None:
        """Copy the project's configuration to where the engine may write; its encryption salt there stays."""
        self.work.mkdir(parents=True, exist_ok=True)
        self.backend.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.project_dir / "Pulumi.yaml", self.work / "Pulumi.yaml")
        config = self.configuration()
        if self.config_file.exists():
            kept = yaml.safe_load(self.config_file.read_text("utf-8")) or {}
            config |= {key: kept[key] for key in ("encryptionsalt",) if key in kept}
        self.config_file.write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")

    def break_lock(self) -> None:
        """Remove the lock of a process that is no more.

        Raises: EngineError if the process still runs.
        """
        for lock in self.backend.glob(f".pulumi/locks/**/{self.stack}/*.json"):
            pid = json.loads(lock.read_text("utf-8"))["pid"]
            deadline = time.monotonic() + GONE_SECONDS
            while _is_engine(pid) and time.monotonic() < deadline:
                time.sleep(0.1)
            if _is_engine(pid):
                raise EngineError(
                    f"another run of the stack {self.stack!r} is under way (process {pid}); wait for it or end it"
                )
            lock.unlink(missing_ok=True)

    @property
    def work(self) -> Path:
        return self.state / "pulumi-stacks" / self.project

    @property
    def config_file(self) -> Path:
        return self.work / f"Pulumi.{self.stack}.yaml"

    @property
    def checkpoint_file(self) -> Path:
        return self.backend / ".pulumi" / "stacks" / self.project / f"{self.stack}.json"

    def checkpoint(self) -> dict[str, Any]:
        if not self.checkpoint_file.exists():
            return {}
        checkpoint = json.loads(self.checkpoint_file.read_text("utf-8"))["checkpoint"]
        return dict(checkpoint.get("latest") or {})

    @cached_property
    def project(self) -> str:
        return str(yaml.safe_load((self.project_dir / "Pulumi.yaml").read_text("utf-8"))["name"])


def _is_engine(pid: int) -> bool:
    """Whether this process is the Pulumi CLI and runs; a dead one may linger as a zombie, or its number be reused."""
    try:
        process = psutil.Process(pid)
        return process.name() == "pulumi" and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _keys(value: Any) -> set[str]:
    """All keys in a configuration value."""
    if isinstance(value, dict):
        return set(value).union(*(_keys(inner) for inner in value.values()))
    return set().union(*(_keys(inner) for inner in value)) if isinstance(value, list) else set()
