"""Who a job of the pipeline is at AWS, Azure and Google Cloud, and where the engine keeps its state."""

from __future__ import annotations

import json
import os
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml

from delivery.engine import ROOT, pulumi

FILE = ROOT / "delivery" / "logins.yaml"
CLOUD = "https://api.pulumi.com"
"""Pulumi's own service, which takes GitHub's identity for a token of its own; any other backend is a cloud's bucket."""
IDENTITY_SECONDS = 30

Use = Literal["preview", "deploy"]


class LoginError(RuntimeError):
    """There is no login for that; the text says what to write where."""


def target(stack: str, use: Use) -> dict[str, str]:
    """Return what the workflow's login steps need, by name, for a stack of `logins.yaml`.

    Raises: LoginError if the stack has no login: `organization` is deployed by a person.
    """
    stacks = _logins()["stacks"]
    if stack not in stacks:
        raise LoginError(f"{FILE.relative_to(ROOT)} has no login for {stack!r}, only for {', '.join(sorted(stacks))}")
    azure, google = stacks[stack]["azure"], stacks[stack]["google"]
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"]
    return {
        "aws_role": f"arn:aws:iam::{config['novaretail:account']}:role/novaretail-{use}",
        "aws_region": config["aws:region"],
        "azure_tenant": azure["tenant"],
        "azure_subscription": azure["subscription"],
        "azure_client": azure[use],
        "google_provider": google["provider"],
        "google_account": google[use],
        "google_project": config["novaretail:gcp"]["project"],
    }


def log_in(environ: Mapping[str, str] = os.environ) -> str:
    """Log the engine in where its state is, and return that address.

    PULUMI_BACKEND_URL, if set, goes before `logins.yaml`: for a look at a state elsewhere.
    """
    logins = _logins()
    backend = environ.get("PULUMI_BACKEND_URL") or str(logins["backend"])
    if backend.rstrip("/") != CLOUD:
        pulumi(["login", backend])  # by the cloud's own login, which the job has made before
        return backend
    organization = str(logins["organization"])
    with tempfile.TemporaryDirectory() as folder:  # an argument could be read by every process
        token = Path(folder, "token")
        token.touch(0o600)
        token.write_text(identity(f"urn:pulumi:org:{organization}", environ), "utf-8")
        pulumi(["login", backend, "--oidc-org", organization, "--oidc-token", f"file://{token}"])
    return backend


def identity(audience: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the identity that GitHub signs for this job and an audience.

    Raises: LoginError outside of a job, or in one without the permission `id-token: write`.
    """
    try:
        address, bearer = environ["ACTIONS_ID_TOKEN_REQUEST_URL"], environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
    except KeyError as missing:
        raise LoginError(f"no {missing.args[0]}: only a job with the permission id-token: write has it") from None
    request = urllib.request.Request(  # noqa: S310 - the address is the runner's own
        f"{address}&audience={audience}", headers={"Authorization": f"Bearer {bearer}"}
    )
    with urllib.request.urlopen(request, timeout=IDENTITY_SECONDS) as answer:  # noqa: S310 - as above
        return str(json.load(answer)["value"])


def _logins() -> Any:
    return yaml.safe_load(FILE.read_text("utf-8"))
