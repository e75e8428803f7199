"""The program's own stacks on the real engine, without an account and without a service."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.clouds.engine.engine import Engine
from local.site import ROOT, Site

pytestmark = pytest.mark.engine

SECRET_MARK = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def work_tree() -> str:
    return subprocess.run(
        ["git", "status", "--porcelain", "--", "Pulumi*.yaml"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def secrets(value: Any) -> list[Any]:
    """What is said in the place of each secret."""
    if isinstance(value, dict):
        if SECRET_MARK.items() <= value.items():
            return [value.get("plaintext", value.get("ciphertext", value.get("value")))]
        return [found for item in value.values() for found in secrets(item)]
    return [found for item in value for found in secrets(item)] if isinstance(value, list) else []


@pytest.mark.parametrize("stack", ["prod", "nonprod", "organization", "local"])
def test_a_preview_needs_no_account_and_changes_no_committed_file(stack: str, tmp_path: Path) -> None:
    before = work_tree()
    file = tmp_path / f"{stack}.json"
    outcome = Engine(Site(state=tmp_path / "site"), stack).preview(file)
    plan = json.loads(file.read_text())

    assert set(outcome.changes) == {"create"}
    assert [str(d) for d in outcome.diagnostics if d.severity in ("error", "warning")] == []
    assert len(plan["steps"]) >= outcome.changes["create"]
    assert set(secrets(plan)) <= {"[secret]"}
    assert work_tree() == before
