"""How the services that are Java programs are called."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from local.site import TOOLCHAIN, Site

LOG_SETTINGS = Path(__file__).with_name("log4j2.properties")


def java(site: Site, main_class: str, *arguments: str | Path, heap: str) -> list[str]:
    """The command for a class of Kafka's archives."""
    return [
        str(site.java_home / "bin" / "java"),
        *(f"-Xmx{heap}", "-XX:+UseSerialGC"),  # small heaps on few cores: the simplest collector is the fastest
        f"-Dlog4j2.configurationFile={LOG_SETTINGS}",
        *("-cp", str(TOOLCHAIN / "jars" / "kafka" / "*")),
        main_class,
        *(str(argument) for argument in arguments),
    ]


def properties(settings: Mapping[str, object]) -> str:
    """A Java properties file; of the characters that it wants escaped, only the backslash occurs in values here."""
    return "".join(f"{key}={str(value).replace(chr(92), chr(92) * 2)}\n" for key, value in settings.items())
