"""uv reaches the package index as the machine's own pip does."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.toolchain import python
from local.toolchain.python import pip_setting, uv_environment


def test_uv_is_told_what_pips_files_and_variables_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine, user = tmp_path / "pip.conf", tmp_path / "user.conf"
    machine.write_text("[global]\nindex-url = https://machine.example/simple\ncert = /certificates.pem\n")
    user.write_text("[global]\nindex-url = https://user.example/100%/simple\n")
    monkeypatch.setattr(python, "PIP_FILES", (str(machine),))

    assert uv_environment({}) == {
        "UV_DEFAULT_INDEX": "https://machine.example/simple",
        "SSL_CERT_FILE": "/certificates.pem",
    }
    assert pip_setting("index-url", {"PIP_CONFIG_FILE": str(user)}) == "https://user.example/100%/simple"
    assert pip_setting("index-url", {"PIP_INDEX_URL": "https://variable.example"}) == "https://variable.example"


def test_what_uv_is_told_by_the_environment_itself_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python, "PIP_FILES", ())

    assert uv_environment({"UV_DEFAULT_INDEX": "https://uv.example", "PIP_INDEX_URL": "https://pip.example"}) == {}
