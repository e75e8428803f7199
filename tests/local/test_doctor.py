"""The doctor says what is there, what is missing and the way out, also before anything is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local import doctor
from local.doctor import Finding
from local.site import ROOT, Site
from local.toolchain import versions


def test_on_an_installed_toolchain_all_tools_are_found_at_their_versions() -> None:
    wrong = [finding for finding in doctor.findings() if finding.way_out and finding.what not in ("layer", "plugin")]

    assert wrong == []


def test_the_pulumi_cli_is_named_with_its_version_and_why_it_is_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tmp_path / "pulumi"
    older.write_text("#!/bin/sh\necho v3.1.0\n")
    older.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    (cli,) = [finding for finding in doctor.findings() if finding.what == "pulumi"]

    assert cli.wanted == f"{versions.PULUMI} or a later 3.x"
    assert cli.found.endswith(f", built: {older} is v3.1.0")


def test_on_a_fresh_clone_each_missing_thing_has_its_way_out_and_the_exit_code_is_1(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "local", tmp_path / "local", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "bridges", tmp_path / "bridges", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    bare = [Path(sys.base_prefix) / "bin" / "python3.11", "-I", "-c"]  # no packages, no environment of ours
    start = "import sys; sys.path.insert(0, ''); from local import doctor; sys.exit(doctor.main())"

    run = subprocess.run([*bare, start], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run.returncode == 1, run.stderr
    lines = run.stdout.splitlines()
    for name in ("uv", "packages", "go", "pulumi", "pstest", "host", "archives kafka", "layer", "plugin"):
        number, line = next((n, line) for n, line in enumerate(lines) if line[4:].startswith(f"{name} "))
        assert line.startswith("! "), line
        assert "-> " in lines[number + 1]
        assert "make" in lines[number + 1]
    assert str(tmp_path) not in "".join(line for line in lines if "  .toolchain/" in line)


def test_a_port_that_another_program_has_is_named_with_that_program(site: Site) -> None:
    port = site.ports["kafka"]
    with socket.create_server(("127.0.0.1", port)):
        found = {finding.what: finding for finding in doctor.machine(site)}

    assert "process" in found["port of kafka"].found
    assert "NOVARETAIL_PORT_BASE" in found["port of kafka"].way_out
    assert found["port of aws"].found == "free"
    assert found["port of aws"].way_out == ""


def test_too_little_disk_is_in_the_report(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "WANTED_FREE_DISK_GIB", 2**30)

    found = {finding.what: finding for finding in doctor.machine(site)}

    assert "NOVARETAIL_SITE" in found["disk"].way_out


def test_the_way_out_stands_below_its_line() -> None:
    table = doctor.render([Finding("go", "1.27", "", "bin/go", "install it"), Finding("uv", "1", "1", "bin/uv")])

    assert table.splitlines() == [
        "    what  wanted  found  where",
        "!   go    1.27    -      bin/go",
        "    -> install it",
        "ok  uv    1       1      bin/uv",
    ]
