"""The installation goes on in the background once the step that a command waits for is done."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from local import bootstrap, toolchain
from local.toolchain.runner import Runner, Step, Work

INSTALLATION = """
import sys
from pathlib import Path
from tests.local.test_bootstrap import runner
runner(Path(sys.argv[1])).run()
"""


def runner(folder: Path) -> Runner:
    """Two steps: `packages` is done at once, `cli` once somebody says `go` (or fails, told so)."""

    def packages(work: Work) -> None:
        (folder / "packages").touch()

    def cli(work: Work) -> None:
        while not (folder / "go").exists():
            time.sleep(0.05)
        (folder / "cli").touch()

    steps = [
        Step("cli", "the CLI", [], [folder / "cli"], cli),
        Step("packages", "the packages", [], [folder / "packages"], packages),
    ]
    return Runner(steps, folder)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bootstrap, "Runner", lambda steps, folder: runner(tmp_path))
    monkeypatch.setattr(bootstrap, "LOG", tmp_path / "logs" / "bootstrap.log")
    monkeypatch.setattr(bootstrap, "INSTALLATION", (sys.executable, "-c", INSTALLATION, str(tmp_path)))
    return tmp_path


def test_the_wait_is_for_the_step_that_is_named_and_the_rest_is_done_behind_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap.main(["packages"]) == 0
    assert not (folder / "cli").exists()
    assert "the packages" in capsys.readouterr().err

    (folder / "go").touch()
    assert runner(folder).run() == 0  # waits for the other one, which does the work
    assert (folder / "cli").exists()

    assert bootstrap.main(["packages"]) == 0
    assert capsys.readouterr().err == "", "all is there, and nothing is said"


def test_an_installation_that_fails_before_the_step_is_a_failure_with_its_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = (sys.executable, "-c", "print('no route to the index'); raise SystemExit(3)")
    monkeypatch.setattr(bootstrap, "INSTALLATION", command)

    assert bootstrap.main(["packages"]) == 3
    assert "no route to the index" in capsys.readouterr().err


def test_the_step_that_the_makefile_waits_for_is_one_of_the_toolchain() -> None:
    makefile = (toolchain.python.ROOT / "Makefile").read_text()

    assert "-m local.bootstrap packages" in makefile
    assert "packages" in {step.name for step in toolchain.steps()}
