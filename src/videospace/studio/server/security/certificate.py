"""The access code and a self-signed TLS certificate for other devices."""

import datetime
import ipaddress
import secrets
import socket
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from videospace.studio.server.security.private_files import write_private

VALID_DAYS, RENEW_DAYS = 397, 30
"""How long a new certificate is valid, and how long before its end it is replaced."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def access_code() -> str:
    """Make an access code that is easy to read aloud and too long to guess.

    Example:
        >>> len(access_code())
        14
    """
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))


def make_certificate(folder: Path, addresses: Sequence[str]) -> tuple[Path, Path]:
    """Write a self-signed certificate and its key, which only their owner may read.

    Those of an earlier start are kept while they fit, so that a device that was told to trust the
    certificate goes on trusting it.

    Args:
        folder: Where to write.
        addresses: The IP addresses of the studio.

    Returns:
        The certificate and the key as PEM files.

    Raises:
        UserError: They cannot be written.
    """
    host = socket.gethostname()
    names: list[x509.GeneralName] = [x509.DNSName(each) for each in (host, f"{host}.local")]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    files = folder / ".certificate.pem", folder / ".key.pem"
    if _fits(*files, names):
        return files
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "videospace studio")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for path, content in zip(files, (certificate.public_bytes(pem), secret), strict=True):
        write_private(path, content)
    return files


def _fits(certificate: Path, key: Path, names: Sequence[x509.GeneralName]) -> bool:
    """Whether the files of an earlier start belong together, name this studio and stay valid."""
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        secret = serialization.load_pem_private_key(key.read_bytes(), None)
        named = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False
    renewed = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=RENEW_DAYS)
    is_pair = found.public_key() == secret.public_key()
    return is_pair and set(names) <= set(named) and found.not_valid_after_utc > renewed


def fingerprint(certificate: Path) -> str:
    """The SHA-256 fingerprint, which people compare on another device."""
    digest = x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256())
    return digest.hex(":").upper()
