"""The hooks for commits call the project's own tools, which run, and say no where they should."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .prose import ROOT

CONFIG = ROOT / ".pre-commit-config.yaml"
REPOSITORIES = yaml.safe_load(CONFIG.read_text("utf-8"))["repos"]
HOOKS = {hook["id"]: hook for repository in REPOSITORIES for hook in repository["hooks"]}
SAMPLES = [
    "contracts/loader.py",
    "delivery/logins.yaml",
    ".github/workflows/deploy.yml",
    "README.md",
]
WRONG = {
    "ruff-format": ("wrong.py", "x = {'a':1}\n"),
    "ruff-check": ("wrong.py", "import os\n"),
    "yamllint": ("wrong.yaml", "a: 1\na: 2\n"),
    "documents": ("wrong.md", "One. Two.\n"),
}


def test_nothing_is_fetched() -> None:
    assert [repository["repo"] for repository in REPOSITORIES] == ["local"]
    assert {hook["language"] for hook in HOOKS.values()} == {"system"}


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_a_hook_is_a_tool_of_the_toolchain_that_is_pinned(hook: dict[str, Any]) -> None:
    (tool,) = [word for word in shlex.split(hook["entry"]) if word.startswith((".venv/bin/", ".toolchain/bin/"))]

    assert (ROOT / tool).exists(), "make toolchain"


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_passes_on_what_is_committed(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / "pre-commit", "run", name, "--files", *SAMPLES],
        cwd=ROOT,
        env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout, "no sample is of its kind"


@pytest.mark.parametrize("name", WRONG)
def test_a_hook_refuses_what_is_wrong(name: str, tmp_path: Path) -> None:
    file, text = WRONG[name]
    (tmp_path / file).write_text(text)
    entry = [word for word in shlex.split(HOOKS[name]["entry"]) if word != "--force-exclude"]
    done = subprocess.run([*entry, tmp_path / file], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert file in done.stdout + done.stderr
