"""GNSS receivers: NMEA 0183 (RMC GGA GNS GLL GSA VTG ZDA; u-blox, MediaTek, CASIC, modems) or UBX NAV-PVT."""

from collections.abc import Mapping
from typing import Any

import pynmea2

from drivers.bus import Stream, Wire
from drivers.driver import Measurement, StreamDriver, Timing
from drivers.framing import Sentence
from drivers.gnss import ubx
from drivers.gnss.fix import SENTENCES, Fixes
from drivers.gnss.quantities import POSITION


class NMEA(StreamDriver):
    """One measurement a fix; without one ``fix`` is 0 and there is no position. The date may be 1024 weeks late."""

    wire = Wire("port", baud=9600)
    measures = POSITION
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
