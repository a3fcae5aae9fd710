"""Hydreon RG-15 optical rain gauge (instructions of the RG-15, serial protocol)."""

import re

from drivers.bus import Wire
from drivers.driver import Measurement, StreamDriver, Timing
from drivers.errors import BadData
from drivers.framing import Line
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity

SETUP = b"P\nH\nM\n"  # polled, high resolution, metric
LINE = re.compile(
    r"Acc {N} (mm|in), EventAcc {N} \2, TotalAcc {N} \2, RInt {N} (?:mm|i)ph(.*)".format(N=r" *(\d+\.\d+)")
)
CLOUDBURST = 300.0  # mm/h
FLAGS = {"LensBad": Reason.MAINTENANCE, "EmSat": Reason.SENSOR_FAULT, "TooCold": Reason.SENSOR_FAULT}


class RG15(StreamDriver):
    """9600 baud, text lines: ``R`` asks for rain since the last answer and since the total was cleared, in mm.

    An answer that is lost takes its rain with it, ``rain_total`` does not; a power loss sets that to 0. After one
    the gauge says ``PwrDays`` and wants its settings again.
    """

    wire = Wire("port", baud=9600)
    grade = "R"
    measures = (Quantity("rain", "mm", 0, 1000, 2), Quantity("rain_total", "mm", 0, 100_000, 2))
    timing = Timing(measure=0.5, interval=60.0)
    streaming = False
    framing = (Line(b"Acc", b"\n", 160), Line(b"PwrDays", b"\n"))

    def start(self) -> None:
        """Sends the settings."""
        self.stream.write(SETUP)

    def trigger(self) -> None:
        """Asks for one line."""
        self.stream.write(b"R\n")

    def decode(self, frame: bytes) -> Measurement | None:
        """What a line says; None where the gauge has restarted. Inches are refused, and the settings sent again."""
        text = frame.decode().strip()
        if text.startswith("PwrDays"):
            self.start()
            return None
        found = LINE.fullmatch(text)
        if not found:
            raise BadData(f"{text!r} is no answer")
        if found[2] != "mm":
            self.start()
            raise BadData("the gauge has lost its settings and measures in inches")
        flags = Reason.RATE if float(found[5]) > CLOUDBURST else NONE
        for word, reason in FLAGS.items():
            flags |= reason if word in found[6] else NONE
        values = {"rain": float(found[1]), "rain_total": float(found[4])}
        return Measurement(values, dict.fromkeys(values, flags) if flags else {})
