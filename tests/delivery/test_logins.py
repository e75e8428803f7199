"""The engine logs in where its state is: by the clouds' own login, or by the identity that GitHub signs for the job."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from delivery import engine, logins
from tests.workflows.fakes import install

KEEPS = """\
import json, os, sys
from pathlib import Path

token = next((word.removeprefix("file://") for word in sys.argv if word.startswith("file://")), "")
held = {"text": Path(token).read_text(), "mode": oct(Path(token).stat().st_mode)[-3:]} if token else {}
Path(os.environ["FAKE_PULUMI_LOG"]).write_text(json.dumps({"arguments": sys.argv[1:], "token": held}))
sys.exit(int(os.environ.get("FAKE_PULUMI_EXIT", "0")))
"""


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the CLI was told."""
    install(tmp_path / "bin", "pulumi", KEEPS)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_PULUMI_LOG", str(tmp_path / "said.json"))
    return tmp_path / "said.json"


@pytest.fixture
def github() -> Iterator[str]:
    """Where a runner asks for its job's identity; it answers with the audience and the bearer that it got."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            value = f"{self.path.split('audience=')[1]} for {self.headers['Authorization']}"
            self.wfile.write(json.dumps({"value": value}).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/identity?api-version=2"
    server.shutdown()


def test_a_bucket_is_logged_in_to_by_the_clouds_own_login(said: Path) -> None:
    assert logins.log_in({}) == "gs://novaretail-pulumi-state"
    assert json.loads(said.read_text())["arguments"] == ["login", "gs://novaretail-pulumi-state", "--non-interactive"]


def test_pulumis_service_takes_the_jobs_identity_from_a_file_that_nobody_else_reads(said: Path, github: str) -> None:
    job = {"ACTIONS_ID_TOKEN_REQUEST_URL": github, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "runner"}

    logins.log_in({"PULUMI_BACKEND_URL": logins.CLOUD, **job})

    told = json.loads(said.read_text())
    assert told["arguments"][:4] == ["login", logins.CLOUD, "--oidc-org", "novaretail"]
    assert told["token"] == {"text": "urn:pulumi:org:novaretail for Bearer runner", "mode": "600"}
    assert not Path(told["arguments"][5].removeprefix("file://")).exists()


def test_a_job_without_the_right_to_an_identity_is_told_so(said: Path) -> None:
    with pytest.raises(logins.LoginError, match="id-token: write"):
        logins.log_in({"PULUMI_BACKEND_URL": logins.CLOUD})


def test_a_login_that_is_refused_ends_with_an_error(said: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_PULUMI_EXIT", "1")

    with pytest.raises(engine.EngineError, match="pulumi login ended with 1"):
        logins.log_in({})


def test_without_a_cli_the_error_says_where_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(engine.EngineError, match="no Pulumi CLI on PATH"):
        engine.deploy("prod")
