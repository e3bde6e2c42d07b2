"""Certificates for a mail server on the loopback, made for a test and trusted by nobody else."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Certified:
    """A server's side of TLS, and the file of the authority that a client has to trust."""

    context: ssl.SSLContext
    authority: Path


def certified(folder: Path, address: str = "127.0.0.1", *, days: int = 2) -> Certified:
    """A certificate for an address, valid for so many days; below nothing, not any more.

    Args:
        folder: where its files are written.
        address: whose certificate it is.
        days: for how many days from now it is valid.
    """
    now = datetime.now(UTC)
    of_authority, of_server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test's authority")])
    authority = (
        x509.CertificateBuilder()
        .subject_name(issuer)
        .issuer_name(issuer)
        .public_key(of_authority.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 9 * DAY)
        .not_valid_after(now + 9 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(of_authority.public_key()), critical=False
        )
        .sign(of_authority, hashes.SHA256())
    )
    server = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)]))
        .issuer_name(issuer)
        .public_key(of_server.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 8 * DAY)
        .not_valid_after(now + days * DAY)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(of_authority.public_key()),
            critical=False,
        )
        .sign(of_authority, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    chain, key, root = (folder / name for name in ("server.pem", "server.key", "authority.pem"))
    chain.write_bytes(server.public_bytes(pem))
    key.write_bytes(
        of_server.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    root.write_bytes(authority.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return Certified(context, root)
