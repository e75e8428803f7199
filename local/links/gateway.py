"""One strongSwan charon for one tunnel end, with its packets in user space (kernel-libipsec): no kernel needs ESP.

The tunnel's device moves into the namespace of the end's router, as a cloud's gateway has many tunnels and one router.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from local.links.namespaces import CHARON, NamespaceError, Namespaces, run
from local.links.plan import End
from local.links.waiting import wait

DPD_S = 10
"""Half or less of what the clouds have: BGP's hold time is what moves traffic, here as there."""

# Two lines with fwmark keep the packets of libipsec out of its own default route; fewer threads hang vici.
STRONGSWAN = """charon {{
  load_modular = no
  load = random nonce aes sha1 sha2 hmac kdf gcm openssl kernel-libipsec kernel-netlink socket-default vici
  install_routes = no
  install_virtual_ip = no
  threads = 16
  retransmit_tries = 2
  retransmit_timeout = 1.0
  filelog {{
    all {{
      path = {folder}/charon.log
      default = 1
      ike = 2
      cfg = 2
      flush_line = yes
    }}
  }}
  plugins {{
    vici {{
      socket = unix://{folder}/vici
    }}
    kernel-netlink {{
      fwmark = !0x42
    }}
    socket-default {{
      fwmark = 0x42
    }}
    kernel-libipsec {{
      allow_peer_ts = yes
    }}
  }}
}}
"""
SWANCTL = """connections {{
  tunnel {{
    version = 2
    local_addrs = {local}
    remote_addrs = {remote}
    proposals = {ike}
    rekey_time = {ike_s}s
    dpd_delay = {dpd}s
    unique = replace
    keyingtries = {tries}
    mobike = no
    local {{
      auth = psk
      id = {local}
    }}
    remote {{
      auth = psk
      id = {remote}
    }}
    children {{
      tunnel {{
        mode = tunnel
        local_ts = 0.0.0.0/0
        remote_ts = 0.0.0.0/0
        esp_proposals = {esp}
        rekey_time = {esp_s}s
        dpd_action = {dpd_action}
        start_action = none
      }}
    }}
  }}
}}
secrets {{
  ike-tunnel {{
    id-1 = {local}
    id-2 = {remote}
    secret = "{key}"
  }}
}}
"""
TELLING = re.compile(
    r"no acceptable|received proposals unaccept|MAC mismatch|AUTHENTICATION_FAILED|NO_PROPOSAL_CHOSEN|no matching peer|"
    r"received AUTH|no shared key|no IKE config|received NO_PROP|TS_UNACCEPT|giving up|INVALID_KE"
)


@dataclass(frozen=True)
class Association:
    """What the daemon says of a tunnel that is up."""

    local_id: str
    remote_id: str
    ike: frozenset[str]
    """The algorithms of the negotiation, by strongSwan's names."""
    esp: frozenset[str]
    """The algorithms of the traffic; without a group before the first rekey (RFC 7296, 1.2)."""
    spi: str
    ike_spi: str


class Gateway:
    """The end's daemon, in the namespace `name`."""

    def __init__(self, spaces: Namespaces, folder: Path, name: str, end: End, router: str, device: str) -> None:
        self.name, self.end, self._spaces = name, end, spaces
        self._router, self._device = router, device
        self._folder = folder / name
        self._folder.mkdir()
        self._file = self._folder / "swanctl.conf"

    def start(self) -> None:
        """Start the daemon in a namespace with a cable to the other end."""
        self._spaces.add(self.name)
        self._spaces.connect(self.name, self.end.address, self.end.remote)
        settings = self._folder / "strongswan.conf"
        settings.write_text(STRONGSWAN.format(folder=self._folder))
        # Where its process id goes is compiled in, so each has a /run of its own.
        command = f"mount -t tmpfs none /run && STRONGSWAN_CONF={settings} exec {CHARON}"
        self._process = self._spaces.start(self.name, ["sh", "-c", command], self._folder / "charon.out")

    def attach(self) -> None:
        """Wait for the daemon, and give its device to the router."""
        wait(self._answers, 30, lambda: f"charon of {self.name} does not answer: {self._output()}")
        spaces, own = self._spaces, self._spaces.prefix
        spaces.ip(self.name, "link", "set", "ipsec0", "netns", own + self._router, "name", self._device)
        spaces.ip(self.name, "tuntap", "add", "ipsec0", "mode", "tun")  # its daemon looks for one of this name
        spaces.ip(self.name, "link", "set", "ipsec0", "up")
        spaces.ip(self._router, "addr", "add", self.end.inside, "dev", self._device)
        spaces.ip(self._router, "link", "set", self._device, "up")
        self.load()

    def load(self, *, tries: int = 0, change: Callable[[End], End] = lambda end: end) -> None:
        """Tell the daemon its end; `tries` 0 goes on for ever, as gateways do."""
        end = change(self.end)
        self._file.write_text(
            SWANCTL.format(
                local=end.address,
                remote=end.remote,
                ike=end.ike,
                esp=end.esp,
                ike_s=end.ike_s,
                esp_s=end.esp_s,
                dpd=DPD_S,
                tries=tries,
                key=end.key,
                dpd_action="restart" if end.starts and tries == 0 else "clear",
            )
        )
        self._swanctl("--load-all", "--clear", "--file", str(self._file))
        self._file.unlink()  # it has the key

    def renew(self, key: str) -> None:
        """Take another key from now on; associations that are up stay so."""
        self.end = replace(self.end, key=key)
        self.load()

    def initiate(self) -> bool:
        """Begin the negotiation; whether the tunnel is up then."""
        said = self._swanctl("--initiate", "--child", "tunnel", "--timeout", "12", check=False)
        return "completed successfully" in said and self.association() is not None

    def terminate(self) -> None:
        """Close the tunnel if it is up."""
        self._swanctl("--terminate", "--ike", "tunnel", "--force", "--timeout", "2", check=False)

    def rekey(self, what: str) -> None:
        """Rekey the traffic (`what` is child) or the negotiation (ike)."""
        self._swanctl("--rekey", f"--{what}", "tunnel")

    def association(self) -> Association | None:
        """Ask the daemon for the newest association; None if the tunnel is down."""
        said = self._swanctl("--list-sas")
        if "ESTABLISHED" not in said or "INSTALLED" not in said:
            return None
        ids = re.findall(r"^  (?:local|remote)\s+'([^']*)'", said, re.MULTILINE)
        ike = re.findall(r"^  (AES\S+)$", said, re.MULTILINE)
        esp = re.findall(r"INSTALLED, \S+, ESP:(\S+)", said)
        spis = re.findall(r"^    in  (\w+)", said, re.MULTILINE)
        ike_spis = re.findall(r"ESTABLISHED, IKEv2, (\w+)_i\S* (\w+)_r", said)
        if not (len(ids) >= 2 and ike and esp and spis and ike_spis):
            return None
        return Association(ids[0], ids[1], _parts(ike[0]), _parts(esp[-1]), spis[-1], "".join(ike_spis[0]))

    def mark(self) -> int:
        """Give the place where the log ends now."""
        return len(self._log())

    def said(self, since: int) -> list[str]:
        """Read the log from a mark on: the lines that tell why a negotiation failed."""
        lines = [re.sub(r"^.*?\[\w+\]\s*(<\S+>)?\s*", "", line) for line in self._log()[since:].splitlines()]
        return list(dict.fromkeys(line.strip() for line in lines if TELLING.search(line)))

    def _log(self) -> str:
        file = self._folder / "charon.log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def _answers(self) -> bool:
        return (self._folder / "vici").exists() and "loaded" in self._swanctl("--stats", check=False)

    def _output(self) -> str:
        return (self._folder / "charon.out").read_text("utf-8", "replace")[-500:] + self._log()[-500:]

    def _swanctl(self, *arguments: str, check: bool = True) -> str:
        environment = {"STRONGSWAN_CONF": str(self._folder / "strongswan.conf")}
        command = ("swanctl", *arguments, "--uri", f"unix://{self._folder}/vici")
        try:
            return run(*command, check=check, environment=environment)
        except NamespaceError as error:
            raise NamespaceError(f"{self.name}: {error}") from error


def _parts(said: str) -> frozenset[str]:
    return frozenset(said.split("/"))
