"""A small program over three clouds, a moto server, and the real engine on both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.clouds.engine.engine import Engine
from local.clouds.provider.live import Clients
from local.clouds.provider.types import TYPES
from local.site import ROOT, Site
from tests import ports

SECRET = "hunter2-never-in-plain-text"

PROGRAM = """\
import json
import pulumi, pulumi_aws as aws, pulumi_azure_native as azure, pulumi_gcp as gcp

config = pulumi.Config()
password = pulumi.Output.secret("hunter2" + "-never-in-plain-text")  # so that this file has it in parts only
key = aws.kms.Key("key", description="lake", enable_key_rotation=True)
bucket = aws.s3.Bucket("lake", bucket=config.require("bucket"), tags={"zone": config.require("zone")})
aws.s3.BucketServerSideEncryptionConfiguration(
    "lake-encryption",
    bucket=bucket.id,
    rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}}],
)
aws.s3.BucketObjectv2("code", bucket=bucket.bucket, key="code.zip", source=pulumi.FileArchive("code"))
aws.ssm.Parameter("password", type="SecureString", value=password)
topic = gcp.pubsub.Topic("orders", project="p")
group = azure.resources.ResourceGroup("link", location="westeurope")
MORE
pulumi.export("bucket", bucket.bucket)
pulumi.export("arn", bucket.arn)
pulumi.export("password", password)
"""


@dataclass(frozen=True)
class Program:
    """The program's folder; what tests change in it."""

    folder: Path

    def write(self, more: str = "", **config: str) -> None:
        settings = {"bucket": "toy-lake", "zone": "raw", **config}
        self.folder.joinpath("__main__.py").write_text(PROGRAM.replace("MORE", more))
        lines = [f"  toy:{key}: {value}" for key, value in settings.items()]
        self.folder.joinpath("Pulumi.dev.yaml").write_text("\n".join(["config:", *lines, ""]))


@pytest.fixture
def program(tmp_path: Path) -> Program:
    folder = tmp_path / "program"
    folder.joinpath("code").mkdir(parents=True)
    folder.joinpath("code", "handler.py").write_text("def handler(event, context): ...\n")
    folder.joinpath("Pulumi.yaml").write_text("name: toy\nruntime: python\n")
    made = Program(folder)
    made.write()
    return made


@pytest.fixture(scope="session")
def moto() -> Iterator[int]:
    """The port of a moto server of this process."""
    from moto.server import ThreadedMotoServer

    port = ports.free_block()  # the provider and others have the next ones
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    yield port
    server.stop()


@pytest.fixture
def toy_site(tmp_path: Path, moto: int) -> Site:
    import requests

    # All moto servers of a process share one account, so other tests may have left something in it.
    requests.post(f"http://127.0.0.1:{moto}/moto-api/reset", timeout=10).raise_for_status()
    return Site(state=tmp_path / "site", port_base=moto)


@pytest.fixture
def engine(toy_site: Site, program: Program, monkeypatch: pytest.MonkeyPatch) -> Engine:
    # pstest stands in for Pub/Sub elsewhere; here nothing but moto runs.
    monkeypatch.delitem(TYPES, "gcp:pubsub/topic:Topic")
    return Engine(toy_site, "dev", program.folder)


@pytest.fixture
def client(toy_site: Site) -> Callable[[str], Any]:
    return Clients(toy_site).get


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The program, with stack files that a test may change."""
    folder = tmp_path / "project"
    folder.mkdir()
    for path in ROOT.iterdir():
        if path.name.startswith("Pulumi."):
            (folder / path.name).write_text(path.read_text())
        elif path.name != "build":
            (folder / path.name).symlink_to(path)
    (folder / "build").mkdir()
    (folder / "build" / "packages").symlink_to(ROOT / "build" / "packages")
    return folder
