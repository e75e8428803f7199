"""A stack brought up as state only in a backend of its own: one that a previewed stack refers to, or one to look into.

Pulumi reads the outputs of another stack from the backend, where on a fresh machine there is none. So the preview of
`prod` first brings `organization` up beside it: the same program with the same stack file, on the provider that keeps
everything as state. What only AWS decides, the numbers of the accounts, comes from the stack files of their
environments. The site keeps the result in a place of its own for the next preview, as long as nothing that it was made
of changes; no stack of the site is added or changed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from local.clouds.provider.wire import SECRET, SIGNATURE

ACCOUNT_TYPE = "aws:organizations/account:Account"
PROGRAM = (
    "*.py",
    "Pulumi.yaml",
    "stacks/**/*",
    "components/**/*",
    "contracts/**/*",
    "settings/**/*",
    "local/clouds/provider/*.py",
    "local/clouds/provider/types/*.py",
)
"""What the stack that is brought up is made of, besides its own file and that of the stack it refers to."""
KEPT = ("pulumi/.pulumi/stacks", "pulumi/.pulumi/meta.yaml", "pulumi-stacks")
"""What of a site's state a preview needs: stacks that are there, and the salt of their secrets."""


def referenced_stack(config: Mapping[str, Any], project: str) -> str | None:
    """The name of the stack that this configuration deploys by; None if it says everything itself."""
    deployment = config.get(f"{project}:deployment")
    full_name = deployment.get("stack") if isinstance(deployment, dict) else None
    return str(full_name).rsplit("/", 1)[-1] if full_name else None


def account_ids(project_dir: Path, project: str) -> dict[tuple[str, str], str]:
    """(type, name) -> id of each account, by the stack file of its environment: prod's is the one of prod-core."""
    found = {}
    for file in project_dir.glob("Pulumi.*.yaml"):
        config = (yaml.safe_load(file.read_text("utf-8")) or {}).get("config") or {}
        account = config.get(f"{project}:account")
        if account and referenced_stack(config, project):
            found[ACCOUNT_TYPE, f"{file.name.split('.')[1]}-core"] = str(account)
    return found


def fingerprint(project_dir: Path, stacks: Iterable[str], ids: Mapping[tuple[str, str], str]) -> str:
    """A name for what `stacks` are brought up from: the program, their files, and the accounts' ids."""
    digest = hashlib.sha256(repr(sorted(ids.items())).encode())
    patterns = (*PROGRAM, *(f"Pulumi.{stack}.yaml" for stack in stacks))
    files = {file for pattern in patterns for file in project_dir.glob(pattern)}
    for file in sorted(files):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(str(file.relative_to(project_dir)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def copy_state(site_state: Path, into: Path) -> None:
    """Copy the engine's own state, so that a preview may add a stack to it."""
    for part in KEPT:
        source = site_state / part
        if source.is_dir():
            shutil.copytree(source, into / part, dirs_exist_ok=True)
        elif source.exists():
            (into / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, into / part)


def in_clear(value: Any) -> Any:
    """A part of an exported state whose secrets are shown, without the marks around them."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return in_clear(json.loads(value["plaintext"]))
        return {name: in_clear(item) for name, item in value.items()}
    return [in_clear(item) for item in value] if isinstance(value, list) else value
