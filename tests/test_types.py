"""mypy reads the services of the SDKs that we use, all of them and no other; what it does not read is of type Any."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SDKS = ("pulumi_aws", "pulumi_azure_native", "pulumi_gcp")
UNTYPED = {"pulumi_azure_native.datafactory"}
"""Left out on purpose; pyproject.toml says why."""


def used() -> set[str]:
    """The modules of the SDKs that a file of the program or of its tools names: pulumi_aws.s3."""
    folders = ("stacks", "components", "settings", "local", "policy", "tests")
    files = [*ROOT.glob("*.py"), *(file for folder in folders for file in (ROOT / folder).rglob("*.py"))]
    return {name for file in files if ".venv" not in file.parts for name in _named(ast.parse(file.read_text("utf-8")))}


def _named(tree: ast.AST) -> Iterator[str]:
    doors = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in SDKS:
                    doors[alias.asname or alias.name] = alias.name
                elif alias.name.startswith(SDKS):
                    yield ".".join(alias.name.split(".")[:2])
        elif isinstance(node, ast.ImportFrom) and node.module in SDKS:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(SDKS):
            yield ".".join(node.module.split(".")[:2])
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in doors:
            yield f"{doors[node.value.id]}.{node.attr}"


def test_every_service_that_is_used_is_read_and_no_other() -> None:
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    (read,) = [each["module"] for each in overrides if each.get("follow_imports") == "normal"]
    (left_out,) = [each["module"] for each in overrides if each.get("follow_imports") == "skip"]
    services = {name.removesuffix(".*") for name in read if name.endswith(".*")}

    assert left_out == [f"{sdk}.*" for sdk in SDKS]
    assert services == {name for name in used() if _is_service(name)} - UNTYPED


def _is_service(name: str) -> bool:
    """Not a class at the SDK's door, such as aws.Provider."""
    return name.partition(".")[2].islower()
