"""Certificates made for a test: an authority, and what it signs."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC)
PEM = serialization.Encoding.PEM


class Authority:
    """Signs; writes its own certificate to ``ca.pem`` in its folder."""

    def __init__(self, folder: Path, name: str = "City CA") -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.file = folder, folder / "ca.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._builder(self._name, self._key, NOW - timedelta(days=3650), NOW + timedelta(days=3650))
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.file.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(PEM))

    def sign(
        self, name: str, host: str = "localhost", *, since: timedelta = timedelta(days=-1), ends: datetime | None = None
    ) -> tuple[Path, Path]:
        """Certificate and key files for a host name or address; without ``ends`` it is valid for a year."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._builder(subject, key, NOW + since, ends or NOW + timedelta(days=365))
        made = made.add_extension(x509.SubjectAlternativeName([_general(host)]), critical=False)
        certificate, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        private.unlink(missing_ok=True)
        private.touch(mode=0o600)
        private.write_bytes(
            key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        )
        certificate.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(PEM))
        return certificate, private

    def _builder(self, subject: x509.Name, key: Any, since: datetime, ends: datetime) -> x509.CertificateBuilder:
        serial = x509.random_serial_number()
        since = min(since, ends - timedelta(days=1))
        return x509.CertificateBuilder(self._name, subject, key.public_key(), serial, since, ends)


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def server(files: tuple[Path, Path], clients: Path | None = None) -> ssl.SSLContext:
    """A context for a server; ``clients`` is the authority that has to have signed its clients."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    return context
