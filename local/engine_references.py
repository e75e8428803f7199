"""The stack that a previewed stack refers to, brought up as state only in a backend of its own.

Pulumi reads the outputs of another stack from the backend, where on a fresh machine there is none. So the preview of
`prod` first brings `organization` up beside it: the same program with the same stack file, on the provider that keeps
everything as state. What only AWS decides, the numbers of the accounts, comes from the stack files of their
environments. Nothing of it outlives the preview.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ACCOUNT_TYPE = "aws:organizations/account:Account"
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


def copy_state(site_state: Path, into: Path) -> None:
    """Copy the engine's own state, so that a preview may add a stack to it."""
    for part in KEPT:
        source = site_state / part
        if source.is_dir():
            shutil.copytree(source, into / part)
        elif source.exists():
            (into / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, into / part)
