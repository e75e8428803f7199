"""Runs the real Pulumi engine on a program, with the cloud providers replaced by `local.clouds.provider`.

    engine = Engine(Site.current(), "local")
    engine.up()                     # raises EngineError with the engine's own diagnostics
    Engine(site, "prod").preview()  # needs no service and no account

The engine's state lives in the site's folder, encrypted with a passphrase that protects nothing: what it
guards are the secrets of a platform on this machine. The committed stack files stay as they are: the
engine works on copies, into which it may write its encryption salt.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from local.clouds.engine import guard
from local.clouds.engine.cli import Cli, EngineError
from local.clouds.engine.events import Diagnostic, Events, Outcome, Resource, read_events
from local.clouds.engine.references import account_ids, copy_state, fingerprint, in_clear, referenced_stack
from local.clouds.engine.stack_files import StackFiles
from local.clouds.provider.server import PACKAGES, ProviderServer
from local.clouds.provider.types import live_types
from local.site import ROOT, Site

__all__ = ["Diagnostic", "Engine", "EngineError", "Outcome", "Resource"]

PARALLEL = 16


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
        return list(self._files.checkpoint().get("resources") or [])

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the engine's state, secrets in clear: for what works with them, never for what prints."""
        exported = json.loads(self._command("stack", "export", "--show-secrets"))
        return list(in_clear(exported["deployment"].get("resources") or []))

    def as_state(self) -> Engine:
        """This stack with every resource there as state only, on a site of its own, without an account.

        Made if it is not there, or of something else; the code that the program ships does not count.
        """
        ids = account_ids(self.project_dir, self._files.project)
        other = referenced_stack(self._files.configuration().get("config") or {}, self._files.project)
        stacks = [self.stack, *([other] if other else [])]
        kept = self.site.state / "references" / f"{self.stack}-{fingerprint(self.project_dir, stacks, ids)}"
        if not kept.exists():
            self._keep(kept, replace(self, stack=other).as_state() if other else None, ids)
        return replace(self, site=replace(self.site, state=kept))

    def version(self) -> str:
        """The version of the Pulumi CLI, as `3.259.0`."""
        return self._cli.run("version").stdout.strip().removeprefix("v")

    # How a run goes

    @contextmanager
    def _beside_its_references(self) -> Iterator[Engine]:
        """This stack where the stack that it refers to is up as well; the state there is a copy."""
        stack = referenced_stack(self._files.configuration().get("config") or {}, self._files.project)
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
            self._files.break_lock()
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
            arguments = [operation, *flags, *packs, "--stack", self.stack, "--parallel", str(PARALLEL)]
            arguments += ["--config-file", str(self._files.config_file), "--event-log", str(log)]
            debug = ",".join(f"{package}:{provider.port}" for package in PACKAGES)
            ended = self._cli.run(*arguments, variables={"PULUMI_DEBUG_PROVIDERS": debug}, check=False)
            events = read_events(log, live_types())
            if live and ended.returncode >= 0:  # an engine that a signal killed does not know all that exists
                provider.settle(self.stack)
        if ended.returncode != 0:
            raise EngineError(self._describe(operation, ended, events), events.diagnostics, events.resources)
        seconds = time.monotonic() - started
        return Outcome(operation, events.changes, events.resources, events.diagnostics, seconds, ended.stdout)

    def _describe(self, operation: str, ended: subprocess.CompletedProcess[str], events: Events) -> str:
        guarded = guard.explain(events, file=f"Pulumi.{self.stack}.yaml", project=self._files.project)
        errors = [str(d) for d in events.diagnostics if d.severity == "error" and not guard.is_about_protection(d)]
        errors += guarded
        if not errors:
            errors = [(ended.stderr or ended.stdout).strip().removeprefix("error: ")]
        return "\n".join([f"pulumi {operation} of the stack {self.stack!r} failed:", *errors])

    # What a killed run leaves behind

    def _repair(self, provider: ProviderServer) -> None:
        """Clear away what a killed run left: its unfinished operations, and what it made unnoted.

        The engine itself would ask a human about every creation that it began.
        """
        checkpoint = self._files.checkpoint()
        resources = checkpoint.get("resources") or []
        provider.clear_orphans(self.stack, {(r["type"], r["id"]) for r in resources if r.get("id")})
        if checkpoint.get("pending_operations"):
            exported = json.loads(self._cli.run("stack", "export", "--stack", self.stack).stdout)
            exported["deployment"].pop("pending_operations", None)
            self._cli.run("stack", "import", "--stack", self.stack, stdin=json.dumps(exported))

    # The command line

    @cached_property
    def _cli(self) -> Cli:
        return Cli(self.site, self.project_dir)

    @cached_property
    def _files(self) -> StackFiles:
        return StackFiles(self.project_dir, self.stack, self.site.state, self._cli.backend)

    def _prepare(self) -> None:
        """Have the stack's configuration where the engine may write, and the stack, if it is new."""
        self._files.copy_configuration()
        if not self._files.checkpoint_file.exists():
            # From the copy's folder, because a new stack's salt is written beside the Pulumi.yaml in use.
            self._cli.run("stack", "init", self.stack, "--no-select", folder=self._files.work)

    def _command(self, *arguments: str) -> str:
        self._prepare()
        return self._cli.run(*arguments, "--stack", self.stack).stdout
