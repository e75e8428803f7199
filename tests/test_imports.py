"""Who may import whom: the rules of pyproject.toml hold, and cover every package of the program."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_nobody_imports_what_the_design_forbids() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_of_the_program_is_under_the_rules() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"bridges", "etl"}
    assert packages - {"tests", "policy"} <= set(rules["root_packages"])


def test_the_clouds_know_of_nothing_but_the_site() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    wall = next(rule for rule in rules["contracts"] if rule.get("source_modules") == ["local.clouds"])
    rooms = {f"local.{path.stem}" for path in (ROOT / "local").glob("[!_]*") if path.suffix in ("", ".py")}
    known = {"local.clouds", "local.site"}
    assert rooms - known <= set(wall["forbidden_modules"])
    assert set(rules["root_packages"]) - {"local"} <= set(wall["forbidden_modules"])
