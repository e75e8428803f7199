"""The Pulumi CLI: how it is started, what it is told of its surroundings, and how it is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.clouds.engine.events import Diagnostic, Resource
from local.site import ROOT, TOOLCHAIN, Site

PASSPHRASE = "local"  # noqa: S105 - it protects nothing: what it guards are the secrets of a platform on this machine
STOP_SECONDS = 60
"""How long an interrupted engine may take to write its state."""
# The CLI ends with the process that started it, also when that is killed (PR_SET_PDEATHSIG is 1).
LAUNCH = (
    "import ctypes, os, signal, sys; ctypes.CDLL(None).prctl(1, signal.SIGKILL); os.execv(sys.argv[1], sys.argv[1:])"
)


class EngineError(RuntimeError):
    """A run that failed, in the engine's own words: resource, argument and reason of every problem."""

    def __init__(
        self, message: str, diagnostics: tuple[Diagnostic, ...] = (), resources: tuple[Resource, ...] = ()
    ) -> None:
        """`resources` are those that the run began to work on."""
        super().__init__(message)
        self.diagnostics, self.resources = diagnostics, resources


@dataclass(frozen=True)
class Cli:
    """The CLI as it works for one site, with the site's folder as its backend."""

    site: Site
    project_dir: Path

    @property
    def backend(self) -> Path:
        return self.site.state / "pulumi"

    def run(
        self,
        *arguments: str,
        folder: Path | None = None,
        variables: Mapping[str, str] | None = None,
        stdin: str = "",
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run the CLI to its end; interrupted, it gets the time to write its state.

        Raises: EngineError if `check` and it fails, or if the CLI is not installed.
        """
        program = TOOLCHAIN / "bin" / "pulumi"
        if not program.exists():
            raise EngineError(f"the Pulumi CLI is missing ({program.relative_to(ROOT)}); `make up` installs it")
        command = [
            sys.executable,
            "-S",
            "-c",
            LAUNCH,
            str(program),
            *arguments,
            "--non-interactive",
            "--color",
            "never",
        ]
        process = subprocess.Popen(
            [*command, "--cwd", str(folder or self.project_dir)],
            env={**os.environ, **self.site.environment(), **self._environment, **(variables or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C comes to us; we tell the engine, once
        )
        try:
            stdout, stderr = process.communicate(stdin)
        except BaseException:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=STOP_SECONDS)  # and not `wait`: an engine that nobody reads would hang
            except subprocess.TimeoutExpired:
                process.kill()
            raise
        if check and process.returncode != 0:
            raise EngineError(f"pulumi {' '.join(arguments)} failed:\n{(stderr or stdout).strip()}")
        return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "PULUMI_BACKEND_URL": self.backend.as_uri(),
            "PULUMI_HOME": str(self.site.state / "pulumi-home"),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DEBUG_COMMANDS": "true",  # shows --event-log, which Pulumi's Automation API uses too
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        }
