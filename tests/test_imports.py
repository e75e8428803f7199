"""What import-linter cannot see: `settings` is a module of its own, not a package."""

from __future__ import annotations

import ast

from local.site import ROOT

OURS = {"contracts", "components", "etl", "bridges", "local", "policy", "tests"}


def test_settings_imports_nothing_of_ours():
    tree = ast.parse((ROOT / "settings.py").read_text("utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
    }

    assert "pydantic" in imported
    assert imported.isdisjoint(OURS)
