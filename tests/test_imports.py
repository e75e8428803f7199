"""Who may import whom: the rules of pyproject.toml hold, cover every package, and each is seen to fail once."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
RULES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
LINT = Path(sys.executable).with_name("lint-imports")


def test_nobody_imports_what_the_design_forbids() -> None:
    done = subprocess.run([LINT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_of_the_program_is_under_the_rules() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"bridges", "etl"}
    assert packages - {"tests", "policy"} <= set(RULES["root_packages"])


def test_the_clouds_know_of_nothing_but_the_site() -> None:
    wall = next(rule for rule in RULES["contracts"] if rule.get("source_modules") == ["local.clouds"])
    rooms = {f"local.{path.stem}" for path in (ROOT / "local").glob("[!_]*") if path.suffix in ("", ".py")}
    known = {"local.clouds", "local.site"}
    assert rooms - known <= set(wall["forbidden_modules"])
    assert set(RULES["root_packages"]) - {"local"} <= set(wall["forbidden_modules"])


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The packages under the rules, to be spoilt."""
    for package in RULES["root_packages"]:
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=lambda folder, names: {n for n in names if not _is_code(folder, n)},
        )
    return tmp_path


def _is_code(folder: str, name: str) -> bool:
    return name.endswith(".py") or (name != "__pycache__" and Path(folder, name).is_dir())


@pytest.mark.parametrize("rule", RULES["contracts"], ids=lambda rule: rule["name"])
def test_a_rule_fails_on_each_import_that_it_forbids(rule: Mapping[str, Any], tree: Path) -> None:
    (tree / ".importlinter").write_text(_settings(rule))
    for importer, imported in _forbidden(rule):
        with _file(tree, importer).open("a") as file:
            file.write(f"\nimport {_module(tree, imported)}\n")

    done = subprocess.run([LINT, "--no-cache"], cwd=tree, capture_output=True, text=True, check=False)

    words = " ".join(done.stdout.split())
    assert done.returncode == 1, done.stdout + done.stderr
    unseen = [
        (importer, imported)
        for importer, imported in _forbidden(rule)
        if f"{_module(tree, importer)} -> {_module(tree, imported)}" not in words
    ]
    assert unseen == [], done.stdout


def _settings(rule: Mapping[str, Any]) -> str:
    """A file of import-linter's with one rule."""

    def written(value: Any) -> str:
        return "\n    " + "\n    ".join(value) if isinstance(value, list) else str(value)

    general = {key: value for key, value in RULES.items() if key != "contracts"}
    parts = {"importlinter": general, "importlinter:contract:rule": rule}
    lines = (
        f"[{part}]\n" + "\n".join(f"{key} = {written(value)}" for key, value in values.items())
        for part, values in parts.items()
    )
    return "\n".join(lines) + "\n"


def _forbidden(rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Imports that a rule forbids (importer, imported): for layers, of the next one up and of the first two beside."""
    match rule["type"]:
        case "forbidden":
            yield from itertools.product(rule["source_modules"], rule["forbidden_modules"])
        case "independence":
            yield from itertools.permutations(rule["modules"][:2], 2)
        case "layers":
            for container in rule.get("containers", [""]):
                layers = [_names(container, layer) for layer in rule["layers"]]
                yield from ((below[0], above[0]) for above, below in itertools.pairwise(layers))
                yield from ((layer[0], layer[1]) for layer in layers if len(layer) > 1)
        case other:
            raise NotImplementedError(f"say here what a rule of type {other} forbids: {json.dumps(dict(rule))}")


def _names(container: str, layer: str) -> list[str]:
    return [f"{container}.{name.strip()}".removeprefix(".") for name in layer.split("|")]


def _file(tree: Path, module: str) -> Path:
    """The file of a module; of a package without a file of its own, the first one in it."""
    place = tree.joinpath(*module.split("."))
    own = [place.with_suffix(".py"), place / "__init__.py"]
    return next((file for file in own if file.exists()), None) or min(place.rglob("*.py"))


def _module(tree: Path, name: str) -> str:
    """The module whose file `_file` gives; a name of somebody else's package stays."""
    if not tree.joinpath(name.partition(".")[0]).exists():
        return name
    parts = _file(tree, name).relative_to(tree).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")
