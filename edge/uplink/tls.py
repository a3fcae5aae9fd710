"""TLS 1.2 or later; host and CA are always checked, the date as far as the node knows it.

While the kernel's clock is not synchronised OpenSSL may not look at dates. The certificate's are compared afterwards
with what the node knows itself: the date that a GNSS receiver gave, or else a date that is surely past.
"""

import select
import socket
import ssl
import time
from contextlib import ExitStack

from edge.clock import Clock
from edge.errors import UplinkDown
from edge.settings.model import UplinkSettings
from edge.uplink import secret
from edge.uplink.states import Broker

NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, openssl/x509_vfy.h
HANDSHAKE, ALERT = 0x16, 0x15  # the records that a TLS server may begin with (RFC 8446, 5.1)
NO_RECORD = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "BAD_RECORD_TYPE")
EARLY, EXPIRED, OTHER_HOST, OTHER_ADDRESS = 9, 10, 62, 64  # X509_V_ERR_*
DATES = (EARLY, EXPIRED)
OLD = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "HANDSHAKE_FAILURE", "NO_PROTOCOLS_AVAILABLE", "INSUFFICIENT")
OURS = ("ALERT_CERTIFICATE", "BAD_CERTIFICATE", "ALERT_UNKNOWN_CA", "ALERT_ACCESS_DENIED", "UNSUPPORTED_CERTIFICATE")


def wrapped(
    sock: socket.socket, settings: UplinkSettings, broker: Broker, clock: Clock, seconds: float
) -> ssl.SSLSocket:
    """The connection after a handshake of ``seconds`` at most. Raises ``UplinkDown``."""
    trusted = clock.synchronised
    context = _context(settings, broker, trusted)
    host: str | bytes = broker.host.encode() if broker.host.isascii() else broker.host  # no tables of IDNA
    with ExitStack() as failed:
        try:
            tls = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
            failed.callback(tls.close)
            _shake(tls, broker, time.monotonic() + seconds)
        except (OSError, ValueError) as error:
            raise broker.down(*fate(error)) from error
        if not trusted and (why := _out_of_date(tls, clock)):
            raise broker.down("tls-date", why)
        failed.pop_all()
    return tls


def ends(tls: ssl.SSLSocket) -> float:
    """When the certificate of the other side expires, in seconds since 1970."""
    return ssl.cert_time_to_seconds(str((tls.getpeercert() or {})["notAfter"]))


def fate(error: Exception) -> tuple[str, str]:
    """The state and the sentence for what went wrong in TLS."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code, why = error.verify_code, f"shows a certificate that is not accepted: {error.verify_message}"
        if code in DATES:
            return "tls-date", why
        return ("tls-host" if code in (OTHER_HOST, OTHER_ADDRESS) else "tls-ca"), why
    reason = (getattr(error, "reason", None) or "").upper()
    if any(word in reason for word in OLD):
        return "tls-version", f"has no TLS 1.2 with a strong cipher: {reason}"
    if any(word in reason for word in OURS):
        return "tls-client", f"refuses the node's certificate: {reason}"
    if isinstance(error, TimeoutError):
        return "tls", "does not finish the TLS handshake"
    return "tls", f"breaks TLS: {reason or error}"


def is_web(start: bytes) -> bool:
    """Whether what came is the beginning of an HTTP answer or of a page."""
    return start.startswith(b"HTTP/") or start.lstrip()[:1] == b"<"


def _context(settings: UplinkSettings, broker: Broker, trusted: bool) -> ssl.SSLContext:
    """Made anew for each connection, so that renewed certificates need no restart."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not trusted:
            context.verify_flags |= ssl.VerifyFlags(NO_CHECK_TIME)
        if settings.cert_file:
            secret.check(settings.key_file, broker)
            context.load_cert_chain(settings.cert_file, settings.key_file)
    except OSError as error:  # SSLError is one, too
        files = " ".join(filter(None, (settings.ca_file, settings.cert_file, settings.key_file)))
        why = f"is not tried: a certificate or key cannot be used ({error.strerror or error})"
        raise broker.down("secret", why, f"they must be PEM and belong together: ls -l {files}") from error
    return context


def _shake(tls: ssl.SSLSocket, broker: Broker, end: float) -> None:
    tls.setblocking(False)
    heard = False
    while True:
        try:
            tls.do_handshake()
            return
        except ssl.SSLWantReadError:
            ready = select.select([tls], [], [], max(0.0, end - time.monotonic()))[0]
        except ssl.SSLWantWriteError:
            ready = select.select([], [tls], [], max(0.0, end - time.monotonic()))[1]
        except ssl.SSLError as error:
            if error.reason in NO_RECORD:  # it was there before it could be looked at; five bytes are read
                rest = _peek(tls)
                raise _plain(b"HTTP/" + rest if rest.startswith(b"1.") else rest, broker) from error
            raise
        if not ready:
            raise TimeoutError
        if not heard and (start := _peek(tls)) and start[0] not in (HANDSHAKE, ALERT):
            raise _plain(start, broker)
        heard = True


def _peek(tls: ssl.SSLSocket) -> bytes:
    """What waits to be read, as it came over the wire."""
    try:
        return socket.socket.recv(tls, 48, socket.MSG_PEEK)
    except OSError:
        return b""


def _plain(start: bytes, broker: Broker) -> UplinkDown:
    """Tells who answers in plain text; what TLS itself would say of that is "wrong version number"."""
    if is_web(start):
        return broker.down("portal", f"answers with HTTP: {start!r}")
    return broker.down("tls-plain", f"does not speak TLS: {start[:16]!r}")


def _out_of_date(tls: ssl.SSLSocket, clock: Clock) -> str | None:
    certificate = tls.getpeercert() or {}
    now = clock.utc(clock.now())
    surely = clock.floor if now is None else now
    if ends(tls) * 1e9 < surely:
        return f"shows a certificate that expired on {certificate['notAfter']}"
    if now is not None and ssl.cert_time_to_seconds(str(certificate["notBefore"])) * 1e9 > now:
        return f"shows a certificate that is valid only from {certificate['notBefore']}"
    return None
