"""The AWS end of a link, and the one proposal that both ends of a tunnel are given."""

from __future__ import annotations

import pytest
from botocore.session import get_session
from pulumi_azure_native import network

from components.vpn import Proposal
from settings.links import OFFERS


def _offered(cloud: str, phase: str) -> list[Proposal]:
    offer = OFFERS[cloud][phase]  # type: ignore[index]
    return [
        Proposal(encryption=encryption, integrity=integrity, group=group)
        for encryption in offer.encryption
        for integrity in offer.integrity
        for group in offer.groups
    ]


def test_whatever_settings_say_that_azure_offers_has_azures_own_names() -> None:
    for proposal in _offered("Azure", "ike"):
        names = proposal.azure_ike()
        network.IkeEncryption(names["ike_encryption"])
        network.IkeIntegrity(names["ike_integrity"])
        network.DhGroup(names["dh_group"])
    for proposal in _offered("Azure", "esp"):
        names = proposal.azure_esp()
        network.IpsecEncryption(names["ipsec_encryption"])
        network.IpsecIntegrity(names["ipsec_integrity"])
        network.PfsGroup(names["pfs_group"])


@pytest.mark.parametrize("phase", [1, 2])
def test_whatever_settings_say_that_aws_offers_is_what_its_api_takes(phase: int) -> None:
    ec2 = get_session().get_service_model("ec2").shape_for("VpnTunnelOptionsSpecification").members
    for proposal in _offered("AWS", "ike"):
        for option, (value,) in proposal.aws(phase).items():  # type: ignore[arg-type]
            name = {"encryption": "Encryption", "integrity": "Integrity"}.get(option.split("_")[1])
            member = f"Phase{phase}{name}Algorithms" if name else f"Phase{phase}DHGroupNumbers"
            assert f"<code>{value}</code>" in ec2[member].documentation, (option, value)


def test_a_proposal_is_the_same_in_every_clouds_spelling() -> None:
    plain = Proposal(encryption="aes256", integrity="sha256", group=14)
    assert plain.aws(1) == {
        "phase1_encryption_algorithms": ["AES256"],
        "phase1_integrity_algorithms": ["SHA2-256"],
        "phase1_dh_group_numbers": [14],
    }
    assert plain.azure_ike() == {"ike_encryption": "AES256", "ike_integrity": "SHA256", "dh_group": "DHGroup14"}
    assert plain.azure_esp() == {"ipsec_encryption": "AES256", "ipsec_integrity": "SHA256", "pfs_group": "PFS2048"}
    assert plain.gcp_ike() == {
        "encryptions": ["AES-CBC-256"],
        "integrities": ["HMAC-SHA2-256-128"],
        "prves": ["PRF-HMAC-SHA2-256"],
        "dhs": ["Group-14"],
    }
    assert plain.gcp_esp() == {
        "encryptions": ["AES-CBC-256"],
        "integrities": ["HMAC-SHA2-256-128"],
        "pfs": ["Group-14"],
    }


def test_galois_counter_mode_needs_no_integrity_beside_it() -> None:
    combined = Proposal(encryption="aes256-gcm", integrity="sha384", group=20)
    assert combined.azure_esp() == {
        "ipsec_encryption": "GCMAES256",
        "ipsec_integrity": "GCMAES256",
        "pfs_group": "ECP384",
    }
    # The pseudo-random function of IKE is chosen all the same.
    assert combined.azure_ike()["ike_integrity"] == "SHA384"
    assert (combined.gcp_ike()["integrities"], combined.gcp_ike()["prves"]) == ([], ["PRF-HMAC-SHA2-384"])
    assert combined.gcp_esp()["integrities"] == []
