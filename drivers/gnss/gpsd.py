"""Receivers behind gpsd, whichever they are (gpsd 3.20 and later, gpsd_json(5)); other clients see the same."""

import json

from drivers.bus import Wire
from drivers.driver import Measurement, StreamDriver, Timing
from drivers.errors import BadData
from drivers.framing import Line
from drivers.gnss import gpsd_reports
from drivers.gnss.quantities import IN_VIEW, POSITION

WATCH = b'?WATCH={"enable":true,"json":true};\n'


class GPSD(StreamDriver):
    """A measurement for each TPV, with what SKY said since the one before; without a fix ``fix`` is 0, no position."""

    wire = Wire("port")
    measures = (*POSITION, IN_VIEW)
    timing = Timing(interval=1.0, timeout=5.0)
    grade = "R"
    framing = (Line(b'{"class":"', b"\n", 20_000),)

    def start(self) -> None:
        """Asks for reports, which gpsd sends to no one by itself."""
        self.sky: dict[str, float] = {}
        self.stream.write(WATCH)

    def decode(self, frame: bytes) -> Measurement | None:
        """A line of JSON. Raises ``BadData`` for a complaint of gpsd, ``ValueError`` for a torn line."""
        told = json.loads(frame)
        match told["class"]:
            case "SKY":
                self.sky |= gpsd_reports.sky(told)
            case "TPV":
                around, self.sky = self.sky, {}
                return gpsd_reports.fix(told, around)
            case "ERROR":
                raise BadData(f"gpsd says: {told.get('message')}")
        return None
