"""The algorithms of a tunnel, from each cloud's own spelling to strongSwan's.

Nothing here knows what a link's settings say: an end is what its own cloud would be told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any


class SpellingError(ValueError):
    """An algorithm that the cloud's own list does not have."""


GROUPS = {
    2: "modp1024", 14: "modp2048", 15: "modp3072", 16: "modp4096", 17: "modp6144", 18: "modp8192", 19: "ecp256",
    20: "ecp384", 21: "ecp521", 22: "modp1024s160", 23: "modp2048s224", 24: "modp2048s256",
}  # fmt: skip
_AZURE_GROUPS = {
    "DHGroup2": 2, "DHGroup14": 14, "DHGroup2048": 14, "DHGroup24": 24, "PFS2": 2, "PFS14": 14, "PFS2048": 14,
    "PFS24": 24, "ECP256": 19, "ECP384": 20,
}  # fmt: skip
_AES = {
    "AWS": re.compile(r"AES(?P<bits>128|256)(?P<gcm>-GCM-16)?"),
    "Azure": re.compile(r"(?P<gcm>GCM)?AES(?P<bits>128|192|256)"),
    "Google Cloud": re.compile(r"AES-(?:CBC|(?P<gcm>GCM)-16)-(?P<bits>128|192|256)"),
}
_SHA = {
    "AWS": re.compile(r"SHA(?P<one>1)|SHA2-(?P<bits>256|384|512)"),
    "Azure": re.compile(r"SHA(?P<one>1)|SHA(?P<bits>256|384)"),
    "Google Cloud": re.compile(r"(?:PRF-)?HMAC-(?:SHA(?P<one>1)(?:-96)?|SHA2-(?P<bits>256|384|512)(?:-\d+)?)"),
}


def aws(tunnel: Mapping[str, Any]) -> tuple[str, str]:
    """Spell (IKE, ESP) of a VPN connection's tunnel, its options without their prefix `tunnel1`.

    An option that was left away is AWS's whole list; that is not rendered, for it would hide what differs.
    """

    def phase(number: int) -> tuple[list[str], list[str], list[str]]:
        ciphers, hashes, groups = (
            tunnel.get(f"Phase{number}{part}") or []
            for part in ("EncryptionAlgorithms", "IntegrityAlgorithms", "DhGroupNumbers")
        )
        return (
            [_cipher("AWS", name) for name in ciphers],
            [_hash("AWS", name) for name in hashes],
            [_group(int(number)) for number in groups],
        )

    ike, esp = phase(1), phase(2)
    return _ike(*ike, prfs=ike[1]), _esp(*esp)


def azure(policy: Mapping[str, Any]) -> tuple[str, str]:
    """Spell (IKE, ESP) of an IPsec policy."""
    integrity = _hash("Azure", policy["ikeIntegrity"])
    ike = _ike([_cipher("Azure", policy["ikeEncryption"])], [integrity], [_azure_group(policy["dhGroup"])], [integrity])
    cipher = _cipher("Azure", policy["ipsecEncryption"])
    if "gcm" in cipher:
        if policy["ipsecIntegrity"] != policy["ipsecEncryption"]:
            raise SpellingError(f"Azure wants {policy['ipsecEncryption']} as the integrity too")
        hashes = []
    else:
        hashes = [_hash("Azure", policy["ipsecIntegrity"])]
    return ike, _esp([cipher], hashes, [_azure_group(policy["pfsGroup"])])


def google(suite: Mapping[str, Any]) -> tuple[str, str]:
    """Spell (IKE, ESP) of a tunnel's cipher suite."""
    cloud, first, second = "Google Cloud", suite["phase1"], suite["phase2"]
    ike = _ike(
        [_cipher(cloud, name) for name in first["encryptions"]],
        [_hash(cloud, name) for name in first.get("integrities") or []],
        [_google_group(name) for name in first["dhs"]],
        [_hash(cloud, name) for name in first["prves"]],
    )
    esp = _esp(
        [_cipher(cloud, name) for name in second["encryptions"]],
        [_hash(cloud, name) for name in second.get("integrities") or []],
        [_google_group(name) for name in second["pfs"]],
    )
    return ike, esp


def negotiated(proposal: str) -> frozenset[str]:
    """Spell the parts of a proposal as `swanctl --list-sas` names them."""
    names = set()
    for part in proposal.split("-"):
        if match := re.fullmatch(r"aes(\d+)(gcm16)?", part):
            names.add(f"AES_GCM_16-{match[1]}" if match[2] else f"AES_CBC-{match[1]}")
        elif match := re.fullmatch(r"(prf)?sha(\d+)", part):
            bits = {"1": "SHA1"}.get(match[2], f"SHA2_{match[2]}")
            tail = {"1": "96", "256": "128", "384": "192", "512": "256"}[match[2]]
            names.add(f"PRF_HMAC_{bits}" if match[1] else f"HMAC_{bits}_{tail}")
        elif match := re.fullmatch(r"(modp|ecp)(\d+)(?:s(\d+))?", part):
            names.add("_".join(filter(None, [match[1].upper(), match[2], match[3]])))
    return frozenset(names)


def _ike(ciphers: list[str], hashes: list[str], groups: list[str], prfs: Iterable[str]) -> str:
    combined = [] if all("gcm" in cipher for cipher in ciphers) else hashes
    return _joined([*ciphers, *combined, *(f"prf{name}" for name in prfs), *groups], ciphers, groups)


def _esp(ciphers: list[str], hashes: list[str], groups: list[str]) -> str:
    combined = [] if all("gcm" in cipher for cipher in ciphers) else hashes
    return _joined([*ciphers, *combined, *groups], ciphers, groups)


def _joined(parts: list[str], *needed: list[str]) -> str:
    if not all(needed):
        raise SpellingError("encryption and group are not both given, so the cloud would offer its whole list")
    return "-".join(parts)


def _cipher(cloud: str, name: str) -> str:
    match = _AES[cloud].fullmatch(name)
    if match is None:
        raise SpellingError(f"{cloud} has no encryption {name!r}")
    return f"aes{match['bits']}" + ("gcm16" if match["gcm"] else "")


def _hash(cloud: str, name: str) -> str:
    match = _SHA[cloud].fullmatch(name)
    if match is None:
        raise SpellingError(f"{cloud} has no integrity {name!r}")
    return f"sha{match['one'] or match['bits']}"


def _group(number: int) -> str:
    if number not in GROUPS:
        raise SpellingError(f"there is no Diffie-Hellman group {number}")
    return GROUPS[number]


def _azure_group(name: str) -> str:
    if name not in _AZURE_GROUPS:
        raise SpellingError(f"Azure has no group {name!r} that keeps earlier traffic secret")
    return GROUPS[_AZURE_GROUPS[name]]


def _google_group(name: str) -> str:
    match = re.fullmatch(r"Group-(\d+)", name)
    if match is None:
        raise SpellingError(f"Google Cloud has no group {name!r}")
    return _group(int(match[1]))
