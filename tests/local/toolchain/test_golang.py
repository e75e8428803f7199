"""Go and the Pulumi CLI are taken from PATH where they fit; the rest is built."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from local import toolchain
from local.toolchain import golang, versions
from local.toolchain.runner import Runner


def pretend(folder: Path, name: str, says: str) -> Path:
    program = folder / name
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\necho {says}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("version", "fits"), [("go1.26", True), ("go1.26.8", True), ("go1.27.3", True), ("go1.25.11", False), ("", False)]
)
def test_go_is_taken_from_path_only_in_a_series_that_is_known_to_work(tmp_path: Path, version: str, fits: bool) -> None:
    assert golang.go_fits(pretend(tmp_path, "go", version)) is fits


def test_a_program_of_the_toolchain_itself_does_not_count_as_one_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golang, "TOOLCHAIN", tmp_path / "toolchain")
    pretend(tmp_path / "toolchain" / "bin", "pulumi", versions.PULUMI)
    monkeypatch.setenv("PATH", str(tmp_path / "toolchain" / "bin"))
    assert golang.on_path("pulumi") is None

    mine = pretend(tmp_path / "mine", "pulumi", versions.PULUMI)
    monkeypatch.setenv("PATH", f"{tmp_path / 'toolchain' / 'bin'}:{tmp_path / 'mine'}")
    assert golang.on_path("pulumi") == str(mine)
    assert golang.pulumi_version(mine) == versions.PULUMI


def test_the_versions_named_are_those_of_the_go_modules() -> None:
    here = Path(golang.__file__).parent

    assert f"github.com/pulumi/pulumi/pkg/v3 {versions.PULUMI}" in (here / "pulumi" / "go.mod").read_text()
    assert f"{golang.PSTEST_MODULE} {versions.PSTEST}" in (here / "pstest" / "go.mod").read_text()
    assert f"{golang.ACTIONLINT_MODULE} {versions.ACTIONLINT}" in (here / "actionlint" / "go.mod").read_text()


MAJOR, MINOR, _ = versions.PULUMI.split(".")


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        (versions.PULUMI, True),
        (f"{MAJOR}.{MINOR}.1", True),
        (f"{MAJOR}.{int(MINOR) + 40}.0", True),
        (f"{MAJOR}.{int(MINOR) - 1}.9", False),
        ("v4.0.0", False),
        (f"{MAJOR}.{int(MINOR) + 1}.0-alpha.x1a2b3c", False),
        ("", False),
    ],
)
def test_a_pulumi_cli_fits_from_the_pinned_release_on_and_below_the_next_major_one(version: str, fits: bool) -> None:
    assert golang.pulumi_fits(version) is fits


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A toolchain of the test's own, with a CLI that was built before; nothing but `mine` is on PATH."""
    folder = tmp_path / "toolchain"
    monkeypatch.setattr(golang, "TOOLCHAIN", folder)
    monkeypatch.setattr(golang, "PULUMI", folder / "bin" / "pulumi")
    monkeypatch.setattr(golang, "BUILT_PULUMI", pretend(folder / "built", "pulumi", versions.PULUMI))
    monkeypatch.setenv("PATH", f"{tmp_path / 'mine'}:/bin")
    return folder


def pulumi_step(home: Path) -> Runner:
    """The one step that decides on the CLI, as the next run of any command would see it."""
    (step,) = [step for step in golang.steps() if step.name == "pulumi"]
    return Runner([dataclasses.replace(step, needs=[])], home, lambda _: None)


def test_a_cli_on_path_that_comes_changes_or_goes_is_noticed_and_none_is_built_twice(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golang, "build_pulumi", lambda work, place: pytest.fail("it is built already"))

    def again() -> str | None:
        assert pulumi_step(home).run() == 1
        assert pulumi_step(home).run() == 0
        return golang.pulumi_version(home / "bin" / "pulumi")

    later, latest = f"{MAJOR}.{int(MINOR) + 1}.0", f"{MAJOR}.{int(MINOR) + 2}.0"
    assert again() == versions.PULUMI
    mine = pretend(tmp_path / "mine", "pulumi", later)
    assert again() == later
    pretend(tmp_path / "mine", "pulumi", latest)
    assert again() == latest
    pretend(tmp_path / "mine", "pulumi", "v3.1.0")
    assert again() == versions.PULUMI
    mine.unlink()
    assert again() == versions.PULUMI
    assert not (home / "bin" / "pulumi").is_symlink()


def test_it_is_said_which_cli_is_used_and_why(tmp_path: Path, home: Path) -> None:
    assert golang.cli().why == "built: none on PATH"

    mine = pretend(tmp_path / "mine", "pulumi", versions.PULUMI)
    assert golang.cli() == golang.Cli(why="on PATH", on_path=mine, version=versions.PULUMI)

    pretend(tmp_path / "mine", "pulumi", "v3.1.0")
    assert golang.cli() == golang.Cli(why=f"built: {mine} is v3.1.0")

    mine.write_text("#!/bin/sh\nexit 1\n")
    assert golang.cli() == golang.Cli(why=f"built: {mine} does not run")


def test_the_builds_wait_for_nothing_but_a_go_that_has_to_be_fetched(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def needs() -> dict[str, Sequence[str]]:
        return {step.name: step.needs for step in golang.steps()}

    assert needs() == {"go": ["uv"], "pstest": ["go"], "pulumi": ["go"]}

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "go").symlink_to(pretend(tmp_path / "go", "go", versions.GO_SERIES[0]))
    assert needs() == {"go": [], "pstest": ["go"], "pulumi": ["go"]}
    assert toolchain.steps()[0].name == "go"
