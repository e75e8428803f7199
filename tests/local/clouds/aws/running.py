"""A site with its AWS server running, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import boto3

from local.site import REGION, ROOT, Site
from tests import ports

T = TypeVar("T")
WAIT_SECONDS = 120


def free_site(state: Path) -> Site:
    """A site whose ports are free now."""
    return Site(state=state, port_base=ports.free_block())


@contextmanager
def aws_server(site: Site) -> Iterator[subprocess.Popen[str]]:
    """Run `python -m local.clouds.aws` for the site; it is ready when the block starts."""
    log = site.logs / "aws.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.clouds.aws"],
            cwd=ROOT,
            env={**os.environ, **site.environment()},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        until(lambda: "ready" in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


def client(site: Site, service: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=site.aws_url,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def bucket(site: Site, name: str) -> str:
    """The bucket's name, once it is there."""
    s3 = client(site, "s3")
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def until(probe: Callable[[], T], seconds: float = WAIT_SECONDS) -> T:
    """The first truthy result of `probe`; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        result = probe()
        if result:
            return result
        assert time.monotonic() < end, f"still {result!r} after {seconds} s"
        time.sleep(0.05)
