"""What a reading costs on the wire: python -m tests.benchmarks.bench_wire [CONFIG]

The station (config/examples/mixed.toml if none is given) runs in virtual time; its readings go through the real uplink
over a real TLS connection to a peer that counts the bytes that arrive: TLS records, MQTT header, topic, user properties
and payload. TCP and IP add 40 to 60 bytes a segment of 1,400.
"""

import contextlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from edge.clock import Anchor, Clock
from edge.forwarding.publication import Publication, Publisher
from edge.payload import Channels, load, names
from edge.reading import Batch, Stored
from edge.settings import UplinkSettings
from edge.settings import load as load_settings
from edge.uplink.mqtt import MqttUplink
from tests import station

ROOT = Path(__file__).parent.parent.parent
NODE = "LP-0417"
BATCHES, SIZES = 5, (10, 100, 500)
ANCHOR = Anchor(station.BOOT, station.START, 1_790_000_000_123_456_789, "ntp", 0.01)
WARM = 120.0  # seconds until no sensor warms up any more


def certificate(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate for localhost that signs itself."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(cert), "-days", "30", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(command, check=True, capture_output=True)
    return key, cert


class Peer:
    """Takes one MQTT connection over TLS, acknowledges everything, and counts what comes out of the socket."""

    def __init__(self, key: Path, cert: Path) -> None:
        self.bytes = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(cert, key)
        self._coming, self._going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = self._context.wrap_bio(self._coming, self._going, server_side=True)
        self._listener = socket.create_server(("localhost", 0))
        self.port = self._listener.getsockname()[1]
        self._plain = b""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        sock, _ = self._listener.accept()
        with contextlib.suppress(ConnectionError):
            self._serve(sock)
        sock.close()

    def _serve(self, sock: socket.socket) -> None:
        while data := sock.recv(65536):
            self.bytes += len(data)
            self._coming.write(data)
            with contextlib.suppress(ssl.SSLWantReadError):
                self._tls.do_handshake()
                self._take()
            sock.sendall(self._going.read())

    def _take(self) -> None:
        with contextlib.suppress(ssl.SSLWantReadError):
            while piece := self._tls.read(65536):
                self._plain += piece
        for kind, body in self._packets():
            if kind == 0x10:  # CONNECT: CONNACK, no session, accepted, ten topic aliases as mosquitto has them
                self._tls.write(bytes.fromhex("20 06 00 00 03 22 00 0a"))
            elif kind == 0x30:  # PUBLISH with QoS 1: PUBACK
                at = 2 + int.from_bytes(body[:2], "big")
                self._tls.write(b"\x40\x02" + body[at : at + 2])

    def _packets(self) -> Iterator[tuple[int, bytes]]:
        """MQTT 5, 1.5.5: seven bits of the remaining length a byte, and the last one below 0x80."""
        while (head := next((at for at, byte in enumerate(self._plain) if at and byte < 0x80), None)) is not None:
            size = sum((byte & 0x7F) << 7 * at for at, byte in enumerate(self._plain[1 : head + 1]))
            if len(self._plain) <= head + size:
                return
            kind, body = self._plain[0] & 0xF0, self._plain[head + 1 : head + 1 + size]
            self._plain = self._plain[head + 1 + size :]
            yield kind, body


class Wire:
    """The uplink of a node, connected to a peer that counts."""

    def __init__(self, folder: Path) -> None:
        key, cert = certificate(folder)
        self.peer = Peer(key, cert)
        self.settings = UplinkSettings("city", "mqtt", "localhost", self.peer.port, ca_file=str(cert))
        self._uplink = MqttUplink(self.settings, NODE, lambda online: b"{}", Clock())
        self._uplink.connect()
        self._settle(1)

    def cost(self, publication: Publication) -> int:
        """Bytes that this message takes."""
        before = self.peer.bytes
        self._uplink.send(*publication)
        self._settle(1)
        return self.peer.bytes - before

    def _settle(self, seconds: float) -> None:
        """Returns when the acknowledgement is there, which comes behind all of the message."""
        while not self._uplink.poll(seconds) and self.peer.bytes == 0:
            continue

    def close(self) -> None:
        self._uplink.close()


def batches(config: Path, size: int) -> list[Batch]:
    """As many batches of a station as are measured."""
    settings = load_settings(config)
    rate = len(station.readings(settings, 60.0)) / 60
    found = station.readings(settings, WARM + size * BATCHES / rate * 1.5)
    found = [reading for reading in found if reading.at.ticks > station.START + WARM * 1e9]
    stored: list[Stored] = list(enumerate(found, 4_711_000))
    return [Batch(NODE, stored[at : at + size], "live") for at in range(0, size * BATCHES, size)]


def cost(wire: Wire, name: str, stored: list[Batch], *, deflate: bool) -> tuple[float, float]:
    """Bytes a reading of this payload: of the message alone, and on the wire."""
    settings = replace(wire.settings, compress="deflate" if deflate else "none")
    publisher = Publisher(NODE, settings, load(name)(Channels()), Clock(boot=station.BOOT, anchors=[ANCHOR]))
    inside = outside = 0
    for batch in stored:
        publication = publisher.of(batch)
        inside += len(publication.payload)
        outside += wire.cost(publication)
    count = sum(len(batch.readings) for batch in stored)
    return inside / count, outside / count


def main(config: Path) -> None:
    print(f"bytes a reading, {BATCHES} batches of a {config.stem} station over TLS: message alone / on the wire")
    print(f"{'payload':<14}" + "".join(f"{f'{size}{how}':>18}" for size in SIZES for how in ("", " deflated")))
    stored = {size: batches(config, size) for size in SIZES}
    with tempfile.TemporaryDirectory() as folder:
        wire = Wire(Path(folder))
        for name in names():
            costs = [cost(wire, name, stored[size], deflate=how) for size in SIZES for how in (False, True)]
            print(f"{name:<14}" + "".join(f"{f'{inside:.1f} / {outside:.1f}':>18}" for inside, outside in costs))
        wire.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "config" / "examples" / "mixed.toml")
