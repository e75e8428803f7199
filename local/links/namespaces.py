"""Network namespaces of one run: an internet in the middle, a namespace for each tunnel end and each router.

Nothing leaves them: they have no link to the machine's own network. Their names begin with the run's process id, so two
runs do not meet, and what a killed run left is known by its dead process and removed by the next one.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

PREFIX = "novaretail-links-"
PROGRAMS = {
    "ip": "iproute2", "ping": "iputils-ping", "swanctl": "strongswan-swanctl", "bird": "bird2", "birdc": "bird2",
    "tcpdump": "tcpdump", "sysctl": "procps", "setpriv": "util-linux",
}  # fmt: skip
CHARON = Path("/usr/lib/ipsec/charon")
PLUGINS = {
    "kernel-libipsec": "libcharon-extra-plugins", "vici": "strongswan-swanctl", "gcm": "libstrongswan-standard-plugins",
    "openssl": "libstrongswan-standard-plugins",
}  # fmt: skip
HUB = "100.64.0.1"
"""The internet's side of each end's cable (RFC 6598)."""
STOP_S = 5
_SYSTEM_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


class NamespaceError(RuntimeError):
    """A command about namespaces failed, in its own words."""


def missing() -> list[str]:
    """What this machine lacks to run the daemons, in words; empty if nothing."""
    if os.geteuid() != 0:
        return ["root: daemons with addresses of their own need network namespaces, and those need root"]
    packages = missing_packages()
    if packages:
        install = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
        return [f"programs of the Debian packages {', '.join(packages)}: {install}"]
    if not Path("/dev/net/tun").exists():
        return ["the device /dev/net/tun, through which a tunnel's packets go"]
    probe = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        return [f"network namespaces, which the kernel or the container denies: {probe.stderr.strip()}"]
    return []


def missing_packages() -> list[str]:
    """The Debian packages whose programs are not there."""
    packages = {package for program, package in PROGRAMS.items() if _program(program) is None}
    if not CHARON.exists():
        packages.add("strongswan-charon")
    folder = CHARON.parent / "plugins"
    packages |= {name for plugin, name in PLUGINS.items() if not (folder / f"libstrongswan-{plugin}.so").exists()}
    return sorted(packages)


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_PATH}")


class Namespaces:
    """The namespaces and processes of a run; all end with the block, whatever happens in it."""

    def __init__(self) -> None:
        self.prefix = f"{PREFIX}{os.getpid()}-"
        self._names: list[str] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self._cables = 0

    def __enter__(self) -> Namespaces:
        _remove_left()
        try:
            self.add("internet")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        for process in reversed(self._processes):
            self.stop(process)
        for name in list(self._names):
            with contextlib.suppress(NamespaceError):
                run("ip", "netns", "del", self.prefix + name)
            self._names.remove(name)

    def add(self, name: str) -> None:
        run("ip", "netns", "add", self.prefix + name)
        self._names.append(name)
        self.ip(name, "link", "set", "lo", "up")
        filters = [f"net.ipv4.conf.{which}.rp_filter=0" for which in ("all", "default")]
        quiet = [f"net.ipv6.conf.{which}.disable_ipv6=1" for which in ("all", "default")]
        self.within(name, "sysctl", "-qw", "net.ipv4.ip_forward=1", *filters, *quiet)

    def connect(self, name: str, address: str, remote: str) -> None:
        """Give a tunnel end its outside address. What `remote` sends to it arrives, and nothing else does.

        Two ends may have the same address, as tunnels of one gateway have: the internet tells them by the sender.
        """
        self._cables += 1
        cable, table = f"cable{self._cables}", str(100 + self._cables)
        hub = self.prefix + "internet"
        run(
            "ip",
            "-n",
            hub,
            "link",
            "add",
            cable,
            "type",
            "veth",
            "peer",
            "name",
            "outside",
            "netns",
            self.prefix + name,
        )
        self.ip("internet", "addr", "add", f"{HUB}/32", "dev", cable)
        self.ip("internet", "link", "set", cable, "up")
        self.ip("internet", "route", "add", address, "dev", cable, "table", table)
        self.ip("internet", "rule", "add", "from", remote, "to", address, "lookup", table)
        self.ip(name, "addr", "add", f"{address}/32", "dev", "outside")
        self.ip(name, "link", "set", "outside", "up")
        self.ip(name, "route", "add", "default", "via", HUB, "dev", "outside", "onlink", "src", address)

    def cut(self, one: str, other: str) -> None:
        """Lose every packet between two outside addresses, without a word to either."""
        for source, target in ((one, other), (other, one)):
            self.ip("internet", "rule", "add", "pref", "10", "from", source, "to", target, "blackhole")

    def mend(self, one: str, other: str) -> None:
        for source, target in ((one, other), (other, one)):
            self.ip("internet", "rule", "del", "pref", "10", "from", source, "to", target, "blackhole")

    def ip(self, name: str, *arguments: str) -> str:
        return run("ip", "-n", self.prefix + name, *arguments)

    def within(self, name: str, *command: str, check: bool = True, timeout: float = 60) -> str:
        """The output of a command in a namespace."""
        return run("ip", "netns", "exec", self.prefix + name, *command, check=check, timeout=timeout)

    def start(
        self, name: str, command: Sequence[str], output: Path | int, environment: dict[str, str] | None = None
    ) -> Any:
        """A process in a namespace, which ends with us at the latest, also if we are killed.

        Call it from the main thread: the kernel ends such a process with the thread that started it.
        """
        whole = ["setpriv", "--pdeathsig", "KILL", "ip", "netns", "exec", self.prefix + name, *command]
        with contextlib.ExitStack() as stack:
            target: Any = stack.enter_context(output.open("ab")) if isinstance(output, Path) else output
            process = subprocess.Popen(
                whole,
                stdin=subprocess.DEVNULL,
                stdout=target,
                stderr=subprocess.STDOUT if isinstance(output, Path) else subprocess.DEVNULL,
                start_new_session=True,
                env=_environment(environment),
            )
        self._processes.append(process)
        return process

    def stop(self, process: Any, signal: int | None = None) -> None:
        if process.poll() is None:
            process.send_signal(signal) if signal else process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self._processes:
            self._processes.remove(process)


def run(*command: str, check: bool = True, timeout: float = 60, environment: dict[str, str] | None = None) -> str:
    """The output of a command, both streams.

    Raises: NamespaceError if `check` and it fails.
    """
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=False, env=_environment(environment)
        )
    except subprocess.TimeoutExpired:
        if check:
            raise NamespaceError(f"{' '.join(command)} did not end in {timeout:.0f} s") from None
        return ""
    if check and ended.returncode:
        raise NamespaceError(f"{' '.join(command)} failed: {(ended.stderr or ended.stdout).strip()}")
    return ended.stdout + ended.stderr


def _environment(more: dict[str, str] | None) -> dict[str, str]:
    return {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{_SYSTEM_PATH}", **(more or {})}


def _remove_left() -> None:
    """Namespaces of runs whose process is gone."""
    for name in re.findall(rf"^({PREFIX}(\d+)-\S+)", run("ip", "netns", "list"), re.MULTILINE):
        if not Path("/proc", name[1]).exists():
            run("ip", "netns", "del", name[0], check=False)
