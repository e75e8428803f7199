"""A root certificate of the site's own, and a server's certificate that it signed.

On AWS, clients trust the roots of Amazon RDS. Nobody else has their keys, so on this machine the site's root takes
their part: `replace_roots` puts it where a function's archive has theirs, and a replication trusts it.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.site import Site

RDS_ROOT = "Amazon RDS"
"""Beginning of the common names of RDS's roots."""
VALID = timedelta(days=3650)


def root_file(site: Site) -> Path:
    return _folder(site) / "root.pem"


def server_files(site: Site) -> tuple[Path, Path]:
    """The server's certificate and its key."""
    return _folder(site) / "server.pem", _folder(site) / "server.key"


def make(site: Site) -> None:
    """Have root and server certificate, unless they are there."""
    certificate_file, key_file = server_files(site)
    if certificate_file.exists():
        return
    _folder(site).mkdir(parents=True, exist_ok=True)
    root_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, server_name = _name(f"{RDS_ROOT} of this site"), _name("127.0.0.1")
    root = (
        _begun(root_name, root_name, root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    server = (
        _begun(server_name, root_name, server_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), address]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    key_file.write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    key_file.chmod(0o600)
    root_file(site).write_bytes(root.public_bytes(serialization.Encoding.PEM))
    certificate_file.write_bytes(server.public_bytes(serialization.Encoding.PEM))


def replace_roots(site: Site, folder: Path) -> None:
    """Put the site's root in the place of every root of RDS that lies in the folder."""
    for file in folder.glob("*.pem"):
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        if names and str(names[0].value).startswith(RDS_ROOT):
            file.write_bytes(root_file(site).read_bytes())


def _folder(site: Site) -> Path:
    return site.state / "rds"


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
