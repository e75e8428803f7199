"""How each cloud spells a proposal: `settings.Proposal` has the neutral names, and says who offers which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from settings import Proposal

_Spelling = Mapping[str, str]
_ENCRYPTION: Mapping[str, _Spelling] = {
    "aes256": {"aws": "AES256", "azure": "AES256", "gcp": "AES-CBC-256"},
    "aes256-gcm": {"aws": "AES256-GCM-16", "azure": "GCMAES256", "gcp": "AES-GCM-16-256"},
}
_INTEGRITY: Mapping[str, _Spelling] = {
    "sha256": {"aws": "SHA2-256", "azure": "SHA256", "gcp": "HMAC-SHA2-256-128"},
    "sha384": {"aws": "SHA2-384", "azure": "SHA384", "gcp": "HMAC-SHA2-384-192"},
    "sha512": {"aws": "SHA2-512", "gcp": "HMAC-SHA2-512-256"},
}
_AZURE_GROUPS: Mapping[int, tuple[str, str]] = {
    14: ("DHGroup14", "PFS2048"),
    19: ("ECP256", "ECP256"),
    20: ("ECP384", "ECP384"),
    24: ("DHGroup24", "PFS24"),
}
"""Azure's names of a Diffie-Hellman group in IKE, and for perfect forward secrecy."""


def combined(proposal: Proposal) -> bool:
    """Return whether encryption checks integrity itself; `integrity` then names IKE's pseudo-random function only."""
    return proposal.encryption.endswith("-gcm")


def aws_phase(proposal: Proposal, phase: Literal[1, 2]) -> dict[str, list[Any]]:
    """Return the arguments of a VPN connection's tunnel, without the tunnel's own prefix."""
    return {
        f"phase{phase}_encryption_algorithms": [_ENCRYPTION[proposal.encryption]["aws"]],
        f"phase{phase}_integrity_algorithms": [_INTEGRITY[proposal.integrity]["aws"]],
        f"phase{phase}_dh_group_numbers": [proposal.group],
    }


def azure_ike(proposal: Proposal) -> dict[str, str]:
    """Return the arguments of an IPsec policy that are about IKE; what Azure does not offer raises KeyError."""
    return {
        "ike_encryption": _ENCRYPTION[proposal.encryption]["azure"],
        "ike_integrity": _INTEGRITY[proposal.integrity]["azure"],
        "dh_group": _AZURE_GROUPS[proposal.group][0],
    }


def azure_esp(proposal: Proposal) -> dict[str, str]:
    """Return the arguments of an IPsec policy that are about the traffic; Azure wants GCM named for both."""
    encryption = _ENCRYPTION[proposal.encryption]["azure"]
    return {
        "ipsec_encryption": encryption,
        "ipsec_integrity": encryption if combined(proposal) else _INTEGRITY[proposal.integrity]["azure"],
        "pfs_group": _AZURE_GROUPS[proposal.group][1],
    }


def gcp_ike(proposal: Proposal) -> dict[str, list[str]]:
    """Return `phase1` of a tunnel's cipher suite."""
    return {
        "encryptions": [_ENCRYPTION[proposal.encryption]["gcp"]],
        "integrities": [] if combined(proposal) else [_INTEGRITY[proposal.integrity]["gcp"]],
        "prves": [f"PRF-HMAC-SHA2-{proposal.integrity.removeprefix('sha')}"],
        "dhs": [f"Group-{proposal.group}"],
    }


def gcp_esp(proposal: Proposal) -> dict[str, list[str]]:
    """Return `phase2` of a tunnel's cipher suite."""
    return {
        "encryptions": [_ENCRYPTION[proposal.encryption]["gcp"]],
        "integrities": [] if combined(proposal) else [_INTEGRITY[proposal.integrity]["gcp"]],
        "pfs": [f"Group-{proposal.group}"],
    }
