"""Runs the Pulumi engine on the real clouds, with whatever login the job or the person has.

    preview("prod", role="preview")  # build/plan/prod.json, the engine's own; nothing is changed
    deploy("prod")
    drift("prod", role="preview")

The CLI is the one on PATH: an official one, which brings the language hosts that a build of the module lacks.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
UNREAD = (
    "aws:ec2/vpnConnection:VpnConnection",
    "aws:secretsmanager/secretVersion:SecretVersion",
    "azure-native:keyvault:Secret",
    "gcp:compute/vPNTunnel:VPNTunnel",
)
"""Types that a look at what is there leaves out: the answer holds keys, which the role that looks may not read."""


class EngineError(RuntimeError):
    """The engine could not be run, or ended with a failure that its own output explains."""


def preview(stack: str, *, role: str = "") -> int:
    """Write what an update of the stack would do, held against the policy pack; returns the engine's exit code.

    Args:
        role: which role of the account to take (`novaretail:deployment.role`): preview in a job that may only read,
            admin for a person; empty for what the stack's file says.
    """
    return _plan("preview", stack, ["--policy-pack", str(ROOT / "policy")], role)


def drift(stack: str, *, role: str = "") -> int:
    """Write what is not as the last deployment left it, and change nothing; returns the engine's exit code.

    The program runs as well: the providers in the state have the role of the last deployment, not of whoever looks.
    """
    left_out = [part for type_ in UNREAD for part in ("--exclude", f"urn:pulumi:{stack}::*::**{type_}::*")]
    return _plan("refresh", stack, ["--preview-only", "--run-program", *left_out], role)


def deploy(stack: str, *, role: str = "") -> int:
    """Bring the stack up, held against the policy pack; prints as it goes and returns the engine's exit code.

    Args:
        role: as for a preview; a person's is admin.
    """
    arguments = ["up", "--yes", "--stack", stack, "--policy-pack", str(ROOT / "policy"), *_role(stack, role)]
    command = [_program(), *arguments, "--non-interactive"]
    return subprocess.run(command, cwd=ROOT, env=_environment(), check=False).returncode


def pulumi(arguments: list[str]) -> None:
    """Run the CLI. Raises: EngineError if it fails."""
    done = subprocess.run([_program(), *arguments, "--non-interactive"], cwd=ROOT, env=_environment(), check=False)
    if done.returncode != 0:
        raise EngineError(f"pulumi {arguments[0]} ended with {done.returncode}; its message stands above")


def plans() -> Path:
    """Return the folder of the last plans: NOVARETAIL_PLANS, or build/plan."""
    return Path(os.environ.get("NOVARETAIL_PLANS") or ROOT / "build" / "plan")


def output_of(stack: str) -> Path:
    """Return where the engine's JSON of the last plan is."""
    return plans() / f"{stack}.json"


def events_of(stack: str) -> Path:
    """Return where the engine's event log of the last plan is."""
    return plans() / f"{stack}.events"


def _plan(operation: str, stack: str, flags: list[str], role: str) -> int:
    plans().mkdir(parents=True, exist_ok=True)
    output, events = output_of(stack), events_of(stack)
    for old in (output, events):
        old.unlink(missing_ok=True)
    arguments = [operation, "--stack", stack, "--json", "--event-log", str(events), *flags, *_role(stack, role)]
    with output.open("w", encoding="utf-8") as file:
        done = subprocess.run(
            [_program(), *arguments, "--non-interactive"], cwd=ROOT, env=_environment(), stdout=file, check=False
        )
    print(f"pulumi {operation} of {stack} ended with {done.returncode}; its plan is {output}")
    return done.returncode


def _role(stack: str, role: str) -> list[str]:
    """Return the flags for another role; by a copy of the stack's file, for `--config` would write into the file."""
    if not role:
        return []
    name = f"Pulumi.{stack}.yaml"
    settings = yaml.safe_load((ROOT / name).read_text("utf-8"))
    settings["config"].setdefault("novaretail:deployment", {})["role"] = role
    copy = plans() / name
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(yaml.safe_dump(settings, sort_keys=False), "utf-8")
    return ["--config-file", str(copy)]


def _environment() -> dict[str, str]:
    """Return the job's environment, with the program's Python first and the event log's flag shown."""
    path = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
    return {**os.environ, "PATH": path, "PULUMI_DEBUG_COMMANDS": "true", "PULUMI_SKIP_UPDATE_CHECK": "true"}


def _program() -> str:
    found = shutil.which("pulumi")
    if found is None:
        raise EngineError("there is no Pulumi CLI on PATH; https://www.pulumi.com/docs/iac/download-install/ has it")
    return found
