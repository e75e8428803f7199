"""Go and the Pulumi CLI are taken from PATH where they fit; the rest is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.toolchain import golang, versions


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
