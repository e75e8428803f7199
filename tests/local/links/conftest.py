"""A small state with one tunnel to Azure and one to Google, as the engine keeps it."""

from __future__ import annotations

from typing import Any

import pytest

AZURE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network"
GOOGLE = "projects/p/regions/europe-west1"
TRANSIT = "aws:ec2transitgateway/"
NETWORK = "azure-native:network:"
COMPUTE = "gcp:compute/"
PHASES = {
    f"Phase{phase}{name}": value
    for phase in (1, 2)
    for name, value in (
        ("EncryptionAlgorithms", ["AES256"]),
        ("IntegrityAlgorithms", ["SHA2-256"]),
        ("DhGroupNumbers", [14]),
        ("LifetimeSeconds", 3600),
    )
}


class Resources(list[dict[str, Any]]):
    """A state's resources; `of` gives the outputs of one, to change them."""

    def of(self, id: str) -> dict[str, Any]:
        return next(dict.__getitem__(each, "outputs") for each in self if each["id"] == id)


@pytest.fixture
def resources() -> Resources:
    return Resources(
        [*_aws("azure", 64640, "192.0.2.1", 21), *_aws("gcp", 64630, "192.0.2.3", 31), *_shared(), *_other()]
    )


def _resource(type_: str, id: str, **outputs: Any) -> dict[str, Any]:
    return {"type": type_, "id": id, "urn": f"urn:pulumi:prod::n::{type_}::{id}", "outputs": outputs}


def _aws(link: str, asn: int, peer: str, block: int) -> list[dict[str, Any]]:
    """Two tunnels, of which the second one has another block and address."""
    tunnels = {
        f"tunnel{n}{name}": value
        for n in (1, 2)
        for name, value in {
            "Address": f"203.0.113.{block + n}",
            "PresharedKey": f"key.of.{link}.{n}",
            "InsideCidr": f"169.254.{block}.{8 * n}/30",
            "VgwInsideAddress": f"169.254.{block}.{8 * n + 1}",
            "CgwInsideAddress": f"169.254.{block}.{8 * n + 2}",
            "BgpHoldtime": 30,
            "StartupAction": "start" if link == "azure" else "add",
            **PHASES,
        }.items()
    }
    return [
        _resource("aws:ec2/customerGateway:CustomerGateway", f"cgw-{link}", ipAddress=peer, bgpAsn=str(asn)),
        _resource(
            "aws:ec2/vpnConnection:VpnConnection",
            f"vpn-{link}",
            customerGatewayId=f"cgw-{link}",
            transitGatewayId="tgw-1",
            transitGatewayAttachmentId=f"attach-{link}",
            **tunnels,
        ),
        _resource(f"{TRANSIT}routeTable:RouteTable", f"rtb-{link}"),
        _resource(
            f"{TRANSIT}routeTableAssociation:RouteTableAssociation",
            f"association-{link}",
            transitGatewayAttachmentId=f"attach-{link}",
            transitGatewayRouteTableId=f"rtb-{link}",
        ),
        _resource(
            f"{TRANSIT}routeTablePropagation:RouteTablePropagation",
            f"propagation-{link}",
            transitGatewayAttachmentId=f"attach-{link}",
            transitGatewayRouteTableId="rtb-backbone",
        ),
        _resource(
            f"{TRANSIT}route:Route",
            f"route-{link}",
            destinationCidrBlock=f"10.20.{block}.0/24",
            transitGatewayAttachmentId="attach-vpc",
            transitGatewayRouteTableId=f"rtb-{link}",
        ),
    ]


def _shared() -> list[dict[str, Any]]:
    return [
        _resource(f"{TRANSIT}transitGateway:TransitGateway", "tgw-1", amazonSideAsn=64620, vpnEcmpSupport="enable"),
        _resource(f"{TRANSIT}routeTable:RouteTable", "rtb-backbone"),
        _resource(f"{TRANSIT}vpcAttachment:VpcAttachment", "attach-vpc"),
        _resource(
            f"{TRANSIT}routeTableAssociation:RouteTableAssociation",
            "association-vpc",
            transitGatewayAttachmentId="attach-vpc",
            transitGatewayRouteTableId="rtb-backbone",
        ),
    ]


def _other() -> list[dict[str, Any]]:
    return [*_azure(), *_google()]


def _azure() -> list[dict[str, Any]]:
    instances = [
        {
            "name": name,
            "publicIPAddress": {"id": f"{AZURE}/publicIPAddresses/{name}"},
            "subnet": {"id": f"{AZURE}/virtualNetworks/n/subnets/GatewaySubnet"},
        }
        for name in ("first", "second")
    ]
    found = [
        _resource(
            f"{NETWORK}VirtualNetwork", f"{AZURE}/virtualNetworks/n", addressSpace={"addressPrefixes": ["10.96.0.0/20"]}
        ),
        _resource(f"{NETWORK}PublicIPAddress", f"{AZURE}/publicIPAddresses/first", ipAddress="192.0.2.1"),
        _resource(f"{NETWORK}PublicIPAddress", f"{AZURE}/publicIPAddresses/second", ipAddress="192.0.2.2"),
        _resource(f"{NETWORK}VirtualNetworkGateway", "gw", bgpSettings={"asn": 64640}, ipConfigurations=instances),
    ]
    for n in (1, 2):
        own = [f"169.254.21.{8 * n + 2}", "169.254.22.2"]
        found += [
            _resource(
                f"{NETWORK}LocalNetworkGateway",
                f"lng-{n}",
                gatewayIpAddress=f"203.0.113.{21 + n}",
                bgpSettings={"asn": 64620, "bgpPeeringAddress": f"169.254.21.{8 * n + 1}"},
            ),
            _resource(
                f"{NETWORK}VirtualNetworkGatewayConnection",
                f"azure-{n}",
                name=f"azure-1-{n}",
                virtualNetworkGateway1={"id": "gw"},
                localNetworkGateway2={"id": f"lng-{n}"},
                sharedKey=f"key.of.azure.{n}",
                connectionMode="ResponderOnly",
                ipsecPolicies=[
                    {
                        "ikeEncryption": "AES256",
                        "ikeIntegrity": "SHA256",
                        "dhGroup": "DHGroup14",
                        "ipsecEncryption": "AES256",
                        "ipsecIntegrity": "SHA256",
                        "pfsGroup": "PFS14",
                        "saLifeTimeSeconds": 27000,
                    }
                ],
                gatewayCustomBgpIpAddresses=[
                    {"ipConfigurationId": f"gw/ipConfigurations/{name}", "customBgpIpAddress": address}
                    for name, address in zip(("first", "second"), own, strict=True)
                ],
            ),
        ]
    return found


def _google() -> list[dict[str, Any]]:
    suite = {
        "phase1": {
            "encryptions": ["AES-CBC-256"],
            "integrities": ["HMAC-SHA2-256-128"],
            "prves": ["PRF-HMAC-SHA2-256"],
            "dhs": ["Group-14"],
        },
        "phase2": {"encryptions": ["AES-CBC-256"], "integrities": ["HMAC-SHA2-256-128"], "pfs": ["Group-14"]},
    }
    addresses = [{"id": n, "ipAddress": f"203.0.113.{32 + n}"} for n in (0, 1)]
    term = {
        "priority": 1,
        "match": {"expression": "destination == '10.20.31.0/24'"},
        "actions": [{"expression": "med.set(100)"}, {"expression": "accept()"}],
    }
    drop = {"priority": 2, "match": {"expression": "anything"}, "actions": [{"expression": "drop()"}]}
    bgp = {
        "asn": 64630,
        "keepaliveInterval": 20,
        "advertiseMode": "CUSTOM",
        "advertisedIpRanges": [{"range": "10.64.0.0/20"}],
    }
    found = [
        _resource(
            f"{COMPUTE}haVpnGateway:HaVpnGateway",
            f"{GOOGLE}/vpnGateways/gw",
            name="gw",
            vpnInterfaces=[{"id": 0, "ipAddress": "192.0.2.3"}, {"id": 1, "ipAddress": "192.0.2.4"}],
        ),
        _resource(f"{COMPUTE}externalVpnGateway:ExternalVpnGateway", "external", name="external", interfaces=addresses),
        _resource(f"{COMPUTE}router:Router", f"{GOOGLE}/routers/r", name="r", bgp=bgp),
        _resource(f"{COMPUTE}routerRoutePolicy:RouterRoutePolicy", "policy", name="planned", terms=[term, drop]),
    ]
    for n in (1, 2):
        name = f"gcp-1-{n}"
        found += [
            _resource(
                f"{COMPUTE}vPNTunnel:VPNTunnel",
                f"{GOOGLE}/vpnTunnels/{name}",
                name=name,
                vpnGateway=f"{GOOGLE}/vpnGateways/gw",
                vpnGatewayInterface=0,
                peerExternalGateway="external",
                peerExternalGatewayInterface=n - 1,
                sharedSecret=f"key.of.gcp.{n}",
                cipherSuite=suite,
            ),
            _resource(
                f"{COMPUTE}routerInterface:RouterInterface",
                f"interface-{n}",
                name=f"interface-{n}",
                vpnTunnel=name,
                ipRange=f"169.254.31.{8 * n + 2}/30",
            ),
            _resource(
                f"{COMPUTE}routerPeer:RouterPeer",
                f"peer-{n}",
                name=name,
                interface=f"interface-{n}",
                router="r",
                peerIpAddress=f"169.254.31.{8 * n + 1}",
                peerAsn=64620,
                advertisedRoutePriority=100 * n,
                importPolicies=["planned"],
            ),
        ]
    return found
