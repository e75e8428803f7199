"""The AWS end of a link, and the one proposal that both ends of a tunnel are given."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from botocore.session import get_session
from pulumi_azure_native import network

from components.links.proposals import aws_phase, azure_esp, azure_ike, gcp_esp, gcp_ike
from settings import Proposal
from settings.links import OFFERS
from tests.graphs.recording import ROOT


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
        names = azure_ike(proposal)
        assert names["ike_encryption"] in list(network.IkeEncryption)
        assert names["ike_integrity"] in list(network.IkeIntegrity)
        assert names["dh_group"] in list(network.DhGroup)
    for proposal in _offered("Azure", "esp"):
        names = azure_esp(proposal)
        assert names["ipsec_encryption"] in list(network.IpsecEncryption)
        assert names["ipsec_integrity"] in list(network.IpsecIntegrity)
        assert names["pfs_group"] in list(network.PfsGroup)


@pytest.mark.parametrize("phase", [1, 2])
def test_whatever_settings_say_that_aws_offers_is_what_its_api_takes(phase: int) -> None:
    ec2 = get_session().get_service_model("ec2").shape_for("VpnTunnelOptionsSpecification").members
    for proposal in _offered("AWS", "ike"):
        for option, (value,) in aws_phase(proposal, phase).items():  # type: ignore[arg-type]
            name = {"encryption": "Encryption", "integrity": "Integrity"}.get(option.split("_")[1])
            member = f"Phase{phase}{name}Algorithms" if name else f"Phase{phase}DHGroupNumbers"
            assert f"<code>{value}</code>" in ec2[member].documentation, (option, value)


def test_a_proposal_is_the_same_in_every_clouds_spelling() -> None:
    plain = Proposal(encryption="aes256", integrity="sha256", group=14)
    assert aws_phase(plain, 1) == {
        "phase1_encryption_algorithms": ["AES256"],
        "phase1_integrity_algorithms": ["SHA2-256"],
        "phase1_dh_group_numbers": [14],
    }
    assert azure_ike(plain) == {"ike_encryption": "AES256", "ike_integrity": "SHA256", "dh_group": "DHGroup14"}
    assert azure_esp(plain) == {"ipsec_encryption": "AES256", "ipsec_integrity": "SHA256", "pfs_group": "PFS2048"}
    assert gcp_ike(plain) == {
        "encryptions": ["AES-CBC-256"],
        "integrities": ["HMAC-SHA2-256-128"],
        "prves": ["PRF-HMAC-SHA2-256"],
        "dhs": ["Group-14"],
    }
    assert gcp_esp(plain) == {
        "encryptions": ["AES-CBC-256"],
        "integrities": ["HMAC-SHA2-256-128"],
        "pfs": ["Group-14"],
    }


def test_galois_counter_mode_needs_no_integrity_beside_it() -> None:
    combined = Proposal(encryption="aes256-gcm", integrity="sha384", group=20)
    assert azure_esp(combined) == {
        "ipsec_encryption": "GCMAES256",
        "ipsec_integrity": "GCMAES256",
        "pfs_group": "ECP384",
    }
    # The pseudo-random function of IKE is chosen all the same.
    assert azure_ike(combined)["ike_integrity"] == "SHA384"
    assert (gcp_ike(combined)["integrities"], gcp_ike(combined)["prves"]) == ([], ["PRF-HMAC-SHA2-384"])
    assert gcp_esp(combined)["integrities"] == []


PROGRAM = """
import asyncio, json, sys
import pulumi, pulumi_aws as aws, yaml
import settings
from pulumi.runtime import mocks, rpc
from components.blocks.place import Place
from components.blocks.transit import Transit
from components.blocks.watched import WatchedPlace
from components.links.vpn import AwsEnd, AwsEndArgs, LinkArgs

seen = {}

class Mocks(mocks.Mocks):
    def new_resource(self, args):
        seen[args.name] = args.inputs
        return args.name, dict(args.inputs)
    def call(self, args):
        raise KeyError(args.token)

pulumi.runtime.set_mocks(Mocks(), preview=False)

@pulumi.runtime.test
def program():
    place = Place(environment="prod", account="1", region="eu-west-1", keep_data=False, organization_id="o", tags={})
    where = WatchedPlace.of(place, logs_key_arn="key", topic_arn="topic")
    zones = {z: aws.ec2transitgateway.RouteTable(z, transit_gateway_id="tgw") for z in ("azure", "backbone")}
    attachment = aws.ec2transitgateway.VpcAttachment("vpc", subnet_ids=[], transit_gateway_id="tgw", vpc_id="v")
    transit = Transit(gateway_id="tgw", asn=64620, trust_zones=zones, attachment=attachment)
    link = LinkArgs(
        where=where, transit=transit, planned=[], route_table_id="rtb", preshared_keys={"azure-2-1": "chosen"})
    with open("Pulumi.prod.yaml") as file:
        azure = yaml.safe_load(file)["config"]["novaretail:links"]["azure"]
    other_end = settings.AzureLink.model_validate_json(json.dumps(azure))
    end = AwsEnd("end", AwsEndArgs(
        name="azure", link=link, other_end=other_end, peer_addresses=["192.0.2.1", "192.0.2.2"], starts=False))
    return pulumi.Output.all(*(tunnel.address for tunnel in end.tunnels.values()))

program()
given = {n: {k: v for k, v in i.items() if k.endswith("PresharedKey") or k.endswith("StartupAction")}
         for n, i in seen.items() if n in ("end-1", "end-2")}
secret = {rpc._special_sig_key: rpc._special_secret_sig, "value": "chosen"}
json.dump({"given": given, "secret": secret}, sys.stdout)
"""


def test_a_given_key_reaches_one_tunnel_alone_as_a_secret_and_the_others_keep_those_of_aws() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    waits = {"tunnel1StartupAction": "add", "tunnel2StartupAction": "add"}
    assert found["given"] == {"end-1": waits, "end-2": waits | {"tunnel1PresharedKey": found["secret"]}}
