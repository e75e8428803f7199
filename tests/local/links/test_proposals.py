"""Three spellings of the same algorithms are one proposal; what a cloud does not have is an error."""

from __future__ import annotations

from typing import Any

import pytest

from local.links import proposals
from local.links.proposals import SpellingError


def aws(encryption: str, integrity: str, group: int) -> dict[str, Any]:
    return {
        f"Phase{phase}{name}": value
        for phase in (1, 2)
        for name, value in (
            ("EncryptionAlgorithms", [encryption]),
            ("IntegrityAlgorithms", [integrity]),
            ("DhGroupNumbers", [group]),
        )
    }


def azure(encryption: str, integrity: str, group: str, pfs: str, esp_integrity: str = "") -> dict[str, str]:
    return {
        "ikeEncryption": encryption,
        "ikeIntegrity": integrity,
        "dhGroup": group,
        "ipsecEncryption": encryption,
        "ipsecIntegrity": esp_integrity or integrity,
        "pfsGroup": pfs,
    }


def google(encryption: str, integrities: list[str], prf: str, group: str) -> dict[str, Any]:
    first = {"encryptions": [encryption], "integrities": integrities, "prves": [prf], "dhs": [group]}
    return {"phase1": first, "phase2": {"encryptions": [encryption], "integrities": integrities, "pfs": [group]}}


CBC = "aes256-sha256-prfsha256-modp2048", "aes256-sha256-modp2048"
GCM = "aes256gcm16-prfsha384-ecp384", "aes256gcm16-ecp384"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (proposals.aws(aws("AES256", "SHA2-256", 14)), CBC),
        (proposals.azure(azure("AES256", "SHA256", "DHGroup14", "PFS14")), CBC),
        (proposals.azure(azure("AES256", "SHA256", "DHGroup2048", "PFS2048")), CBC),
        (proposals.google(google("AES-CBC-256", ["HMAC-SHA2-256-128"], "PRF-HMAC-SHA2-256", "Group-14")), CBC),
        (proposals.aws(aws("AES256-GCM-16", "SHA2-384", 20)), GCM),
        (proposals.azure(azure("GCMAES256", "SHA384", "ECP384", "ECP384", "GCMAES256")), GCM),
        (proposals.google(google("AES-GCM-16-256", [], "PRF-HMAC-SHA2-384", "Group-20")), GCM),
    ],
)
def test_each_cloud_spells_the_same_proposal(found: tuple[str, str], expected: tuple[str, str]) -> None:
    assert found == expected


def test_what_was_negotiated_is_told_in_the_daemons_words() -> None:
    assert proposals.negotiated(CBC[0]) == {"AES_CBC-256", "HMAC_SHA2_256_128", "PRF_HMAC_SHA2_256", "MODP_2048"}
    assert proposals.negotiated(GCM[1]) == {"AES_GCM_16-256", "ECP_384"}
    assert proposals.negotiated("aes256-sha512-modp2048s256") == {"AES_CBC-256", "HMAC_SHA2_512_256", "MODP_2048_256"}


@pytest.mark.parametrize(
    ("read", "given", "says"),
    [
        (proposals.aws, aws("AES-256", "SHA2-256", 14), "AWS has no encryption 'AES-256'"),
        (proposals.aws, aws("AES256", "SHA256", 14), "AWS has no integrity 'SHA256'"),
        (proposals.aws, aws("AES256", "SHA2-256", 99), "no Diffie-Hellman group 99"),
        (proposals.aws, {}, "would offer its whole list"),
        (proposals.azure, azure("AES256", "SHA2-256", "DHGroup14", "PFS14"), "Azure has no integrity 'SHA2-256'"),
        (proposals.azure, azure("AES256", "SHA256", "DHGroup14", "None"), "Azure has no group 'None'"),
        (proposals.azure, azure("GCMAES256", "SHA256", "DHGroup14", "PFS14"), "wants GCMAES256 as the integrity too"),
        (proposals.google, google("AES256", [], "PRF-HMAC-SHA2-256", "Group-14"), "Google Cloud has no encryption"),
        (proposals.google, google("AES-CBC-256", [], "PRF-HMAC-SHA2-256", "14"), "Google Cloud has no group '14'"),
    ],
)
def test_a_spelling_of_another_cloud_is_refused(read: Any, given: Any, says: str) -> None:
    with pytest.raises(SpellingError, match=says):
        read(given)
