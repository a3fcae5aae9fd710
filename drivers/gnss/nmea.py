"""GNSS receivers: NMEA 0183 (RMC GGA GNS GLL GSA VTG ZDA; u-blox, MediaTek, CASIC, modems) or UBX NAV-PVT."""

from collections.abc import Mapping
from typing import Any

import pynmea2

from drivers.bus import Stream, Wire
from drivers.driver import Measurement, StreamDriver, Timing
from drivers.framing import Sentence
from drivers.gnss import ubx
from drivers.gnss.fix import SENTENCES, Fixes
from drivers.quantity import Quantity


class NMEA(StreamDriver):
    """One measurement a fix; without one ``fix`` is 0 and there is no position. The date may be 1024 weeks late."""

    wire = Wire("port", baud=9600)
    measures = (
        Quantity("latitude", "deg", -90, 90, 7),
        Quantity("longitude", "deg", -180, 180, 7),
        Quantity("altitude", "m", -500, 18000, 3),
        Quantity("height", "m", -600, 18000, 3),
        Quantity("speed", "m/s", 0, 515, 3),
        Quantity("course", "deg", 0, 360, 2),
        Quantity("hdop", "1", 0, 99.98, 2),
        Quantity("pdop", "1", 0, 99.98, 2),
        Quantity("satellites", "count", 0, 99),
        Quantity("fix", "1", 0, 3),
        Quantity("fix_quality", "1", 0, 9),
        Quantity("utc", "s", 315964800, 4102444800, 3),
    )
    timing = Timing(interval=1.0, timeout=5.0)
    grade = "R"
    framing = (Sentence(), ubx.FRAME)

    def __init__(self, bus: Stream, **options: Any) -> None:
        super().__init__(bus, **options)
        self.fixes = Fixes()

    def read(self) -> Mapping[str, float] | Measurement:
        """The sentence that begins a fix may also end one: then that one waits here."""
        return self.fixes.next() or super().read()

    def decode(self, frame: bytes) -> Measurement | None:
        """Raises ``BadData`` for a sentence without fields; sentences of no use are passed over."""
        if not frame.startswith(b"$"):
            return ubx.measurement(frame)
        if frame[1:2] != b"P" and frame[3:6].decode() in SENTENCES:
            sentence = pynmea2.parse(frame.decode(), check=True)
            self.fixes.add(sentence.sentence_type, sentence.data)
        return self.fixes.next()

    def pending(self) -> Measurement | None:
        """Silence ends a burst."""
        self.fixes.close()
        return self.fixes.next()
