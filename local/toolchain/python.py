"""uv, and with it the project's Python packages."""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from local.site import ROOT, TOOLCHAIN
from local.toolchain import versions
from local.toolchain.runner import Step, Work

VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
UV = TOOLCHAIN / "bin" / "uv"
REQUIREMENTS = ROOT / "requirements.txt"
PACK = ROOT / "policy"
"""Its environment is its own: pulumi-policy wants an older protobuf than grpcio-status does."""

PIP_FILES = ("/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")


def steps() -> list[Step]:
    return [
        Step(
            name="uv",
            what=f"uv {versions.UV}, which installs packages fast",
            inputs=[versions.UV],
            outputs=[UV],
            run=_install_uv,
            way_out="see that this Python has the venv module (Debian: apt-get install python3.11-venv) "
            "and that pip reaches a package index, then run the same command again",
        ),
        Step(
            name="packages",
            what="the Python packages of requirements.txt, into .venv",
            inputs=[REQUIREMENTS],
            outputs=[VENV_PYTHON],
            run=_install_packages,
            needs=["uv"],
            way_out="see that a package index is reached and that the disk has 3 GiB to spare, "
            "then run the same command again: what was fetched is kept",
            stamp=VENV / "packages.stamp",
        ),
        Step(
            name="policy",
            what="the policy pack's packages, into policy/.venv",
            inputs=[PACK / "requirements.txt"],
            outputs=[PACK / ".venv" / "bin" / "python"],
            run=_install_pack,
            needs=["uv"],
            stamp=PACK / ".venv" / "packages.stamp",
        ),
    ]


def uv_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What uv must be told that pip knows: uv reads neither pip's variables nor its files."""
    found = {}
    for variable, setting in (("UV_DEFAULT_INDEX", "index-url"), ("SSL_CERT_FILE", "cert")):
        value = pip_setting(setting, environ)
        if value and variable not in environ:
            found[variable] = value
    return found


def pip_setting(name: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """A global setting of pip, from its variable or its files; the variable wins, then the later file."""
    if value := environ.get("PIP_" + name.upper().replace("-", "_")):
        return value
    files = configparser.ConfigParser(interpolation=None)
    files.read([*(Path(path).expanduser() for path in PIP_FILES), environ.get("PIP_CONFIG_FILE", "")])
    return files.get("global", name, fallback=None)


def _install_uv(work: Work) -> None:
    folder = work.partial / "venv"
    work.call([sys.executable, "-m", "venv", folder])
    work.call([folder / "bin" / "python", "-m", "pip", "install", "--no-cache-dir", f"uv=={versions.UV}"])
    work.publish(folder / "bin" / "uv", UV)


def _install_packages(work: Work) -> None:
    _sync(work, VENV, REQUIREMENTS)


def _install_pack(work: Work) -> None:
    _sync(work, PACK / ".venv", PACK / "requirements.txt")


def _sync(work: Work, venv: Path, requirements: Path) -> None:
    # the interpreter below any virtual environment, so that .venv never depends on another one
    base = Path(sys.base_prefix) / "bin" / f"python{versions.PYTHON[0]}.{versions.PYTHON[1]}"
    python = venv / "bin" / "python"
    keep = ["--allow-existing"] if python.exists() else ["--clear"]
    work.call([UV, "venv", *keep, "--no-project", "--python", base, venv], env=uv_environment())
    work.call([UV, "pip", "sync", "--python", python, requirements], env=uv_environment())
