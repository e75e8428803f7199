"""Runs the real Pulumi engine on our program, with the cloud providers replaced by `local.clouds.provider`.

    engine = Engine(Site.current(), "local")
    engine.up()                     # raises EngineError with the engine's own diagnostics
    Engine(site, "prod").preview()  # needs no service and no account

The engine's state lives in the site's folder, encrypted with a passphrase that protects nothing: what it
guards are the secrets of a platform on this machine. The committed stack files stay as they are: the
engine works on copies, into which it may write its encryption salt.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import yaml

from local.clouds.engine import guard
from local.clouds.engine.events import Diagnostic, Events, Outcome, Resource, read_events
from local.clouds.engine.references import account_ids, copy_state, fingerprint, in_clear, referenced_stack
from local.clouds.provider.live import LIVE_TYPES
from local.clouds.provider.server import PACKAGES, ProviderServer
from local.site import ROOT, TOOLCHAIN, Site

__all__ = ["Diagnostic", "Engine", "EngineError", "Outcome", "Resource"]

PASSPHRASE = "local"  # noqa: S105 - see above
PARALLEL = 16
STOP_SECONDS = 60
"""How long an interrupted engine may take to write its state."""
GONE_SECONDS = 3
"""How long a killed engine may take to be gone, on a busy machine."""
KEYS_OF_OTHERS = ("secretsprovider", "encryptedkey", "encryptionsalt")
"""Which key a stack's secrets are encrypted with: a key service that this machine cannot reach."""
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
class Engine:
    """One stack of the program in `project_dir`, on one site."""

    site: Site
    stack: str
    project_dir: Path = ROOT
    policy_packs: tuple[Path, ...] = ()

    def preview(self, into: Path | None = None) -> Outcome:
        """What `up` would do; touches no service and needs none.

        Args:
            into: file for the engine's own `--json` output, secrets masked; the default is
                `build/preview/<stack>.json` of the program.
        """
        file = into or self.project_dir / "build" / "preview" / f"{self.stack}.json"
        with self._beside_its_references() as engine:
            run = engine._run("preview", "--json", live=False)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(run.output, "utf-8")
        return run

    def up(self, *, refresh: bool = True) -> Outcome:
        """Apply the program; with `refresh` the engine looks first at what is there, as a server may be new."""
        return self._run("up", "--yes", "--skip-preview", *(["--refresh"] if refresh else []))

    def refresh(self) -> Outcome:
        """Bring the engine's state in line with what is there."""
        return self._run("refresh", "--yes", "--skip-preview")

    def destroy(self) -> Outcome:
        """Remove everything that the stack made, protected or not."""
        return self._run("destroy", "--yes", "--skip-preview", "--refresh", "--ignore-protect")

    def outputs(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """The stack's outputs; secret ones as `[secret]` unless asked for."""
        flags = ["--show-secrets"] if show_secrets else []
        return dict(json.loads(self._command("stack", "output", "--json", *flags)))

    def state(self) -> list[dict[str, Any]]:
        """The resources in the engine's state as it keeps them, secrets encrypted; empty before the first run."""
        return list(self._checkpoint().get("resources") or [])

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the engine's state, secrets in clear: for what works with them, never for what prints."""
        exported = json.loads(self._command("stack", "export", "--show-secrets"))
        return list(in_clear(exported["deployment"].get("resources") or []))

    def as_state(self) -> Engine:
        """This stack with every resource there as state only, on a site of its own, without an account.

        Made if it is not there, or of something else; the code that the program ships does not count.
        """
        ids = account_ids(self.project_dir, self._project)
        other = referenced_stack(self._stack_configuration().get("config") or {}, self._project)
        stacks = [self.stack, *([other] if other else [])]
        kept = self.site.state / "references" / f"{self.stack}-{fingerprint(self.project_dir, stacks, ids)}"
        if not kept.exists():
            self._keep(kept, replace(self, stack=other).as_state() if other else None, ids)
        return replace(self, site=replace(self.site, state=kept))

    def version(self) -> str:
        """The version of the Pulumi CLI, as `3.259.0`."""
        return self._cli("version").stdout.strip().removeprefix("v")

    # How a run goes

    @contextmanager
    def _beside_its_references(self) -> Iterator[Engine]:
        """This stack where the stack that it refers to is up as well; the state there is a copy."""
        stack = referenced_stack(self._stack_configuration().get("config") or {}, self._project)
        if stack is None:
            yield self
            return
        with tempfile.TemporaryDirectory() as folder:
            site = replace(self.site, state=Path(folder))
            copy_state(self.site.state, site.state)
            if not replace(self, stack=stack).state():  # not there, or only previewed
                copy_state(replace(self, stack=stack).as_state().site.state, site.state)
            yield replace(self, site=site)

    def _keep(self, kept: Path, beside: Engine | None, ids: Mapping[tuple[str, str], str]) -> None:
        """Bring the stack up in a new site that becomes `kept`, in place of what was kept of it before."""
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix=f"{self.stack}-") as folder:
            made = replace(self, site=replace(self.site, state=Path(folder, "site")), policy_packs=())
            if beside is not None:
                copy_state(beside.site.state, made.site.state)
            made._run("up", "--yes", "--skip-preview", live=False, ids=ids)
            for old in kept.parent.glob(f"{self.stack}-*"):
                if old != Path(folder) and old != kept:
                    shutil.rmtree(old)
            made.site.state.rename(kept)

    def _run(
        self, operation: str, *flags: str, live: bool = True, ids: Mapping[tuple[str, str], str] | None = None
    ) -> Outcome:
        started = time.monotonic()
        self._prepare()
        if live:
            self._break_lock()
        state = self.site.state / "provider" / "resources.sqlite" if live else None
        port = self.site.ports["provider"] if live else 0
        with (
            ProviderServer(self.site, self.project_dir, state, port=port, live=live, ids=ids) as provider,
            tempfile.TemporaryDirectory() as scratch,
        ):
            if live:
                self._repair(provider)
            log = Path(scratch, "events")
            packs = [part for pack in self.policy_packs for part in ("--policy-pack", str(pack))]
            arguments = [operation, *flags, *packs, "--stack", self.stack, "--config-file", str(self._config_file)]
            arguments += ["--parallel", str(PARALLEL), "--event-log", str(log)]
            debug = ",".join(f"{package}:{provider.port}" for package in PACKAGES)
            ended = self._cli(*arguments, variables={"PULUMI_DEBUG_PROVIDERS": debug}, check=False)
            events = read_events(log, LIVE_TYPES)
            if live and ended.returncode >= 0:  # an engine that a signal killed does not know all that exists
                provider.settle(self.stack)
        if ended.returncode != 0:
            raise EngineError(self._describe(operation, ended, events), events.diagnostics, events.resources)
        seconds = time.monotonic() - started
        return Outcome(operation, events.changes, events.resources, events.diagnostics, seconds, ended.stdout)

    def _describe(self, operation: str, ended: subprocess.CompletedProcess[str], events: Events) -> str:
        guarded = guard.explain(events, file=f"Pulumi.{self.stack}.yaml", project=self._project)
        errors = [str(d) for d in events.diagnostics if d.severity == "error" and not guard.is_about_protection(d)]
        errors += guarded
        if not errors:
            errors = [(ended.stderr or ended.stdout).strip().removeprefix("error: ")]
        return "\n".join([f"pulumi {operation} of the stack {self.stack!r} failed:", *errors])

    def _prepare(self) -> None:
        """Copy the project's configuration to where the engine may write, and make the stack if it is new."""
        self._work.mkdir(parents=True, exist_ok=True)
        self._backend.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.project_dir / "Pulumi.yaml", self._work / "Pulumi.yaml")
        config = self._stack_configuration()
        if self._config_file.exists():
            kept = yaml.safe_load(self._config_file.read_text("utf-8")) or {}
            config |= {key: kept[key] for key in ("encryptionsalt",) if key in kept}
        self._config_file.write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
        if not self._checkpoint_file.exists():
            # From the copy's folder, because a new stack's salt is written beside the Pulumi.yaml in use.
            self._cli("stack", "init", self.stack, "--no-select", folder=self._work)

    def _stack_configuration(self) -> dict[str, Any]:
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

    # What a killed run leaves behind

    def _repair(self, provider: ProviderServer) -> None:
        """Clear away what a killed run left: its unfinished operations, and what it made unnoted.

        The engine itself would ask a human about every creation that it began.
        """
        checkpoint = self._checkpoint()
        resources = checkpoint.get("resources") or []
        provider.clear_orphans(self.stack, {(r["type"], r["id"]) for r in resources if r.get("id")})
        if checkpoint.get("pending_operations"):
            exported = json.loads(self._cli("stack", "export", "--stack", self.stack).stdout)
            exported["deployment"].pop("pending_operations", None)
            self._cli("stack", "import", "--stack", self.stack, stdin=json.dumps(exported))

    def _break_lock(self) -> None:
        """Remove the lock of a process that is no more.

        Raises: EngineError if the process still runs.
        """
        for lock in self._backend.glob(f".pulumi/locks/**/{self.stack}/*.json"):
            pid = json.loads(lock.read_text("utf-8"))["pid"]
            deadline = time.monotonic() + GONE_SECONDS
            while _is_engine(pid) and time.monotonic() < deadline:
                time.sleep(0.1)
            if _is_engine(pid):
                raise EngineError(
                    f"another run of the stack {self.stack!r} is under way (process {pid}); wait for it or end it"
                )
            lock.unlink(missing_ok=True)

    # The command line

    def _command(self, *arguments: str) -> str:
        self._prepare()
        return self._cli(*arguments, "--stack", self.stack).stdout

    def _cli(
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
            "PULUMI_BACKEND_URL": self._backend.as_uri(),
            "PULUMI_HOME": str(self.site.state / "pulumi-home"),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DEBUG_COMMANDS": "true",  # shows --event-log, which Pulumi's Automation API uses too
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        }

    @property
    def _backend(self) -> Path:
        return self.site.state / "pulumi"

    @property
    def _work(self) -> Path:
        return self.site.state / "pulumi-stacks" / self._project

    @property
    def _config_file(self) -> Path:
        return self._work / f"Pulumi.{self.stack}.yaml"

    @property
    def _checkpoint_file(self) -> Path:
        return self._backend / ".pulumi" / "stacks" / self._project / f"{self.stack}.json"

    def _checkpoint(self) -> dict[str, Any]:
        if not self._checkpoint_file.exists():
            return {}
        checkpoint = json.loads(self._checkpoint_file.read_text("utf-8"))["checkpoint"]
        return dict(checkpoint.get("latest") or {})

    @cached_property
    def _project(self) -> str:
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
