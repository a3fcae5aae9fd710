"""MaxBotix ultrasonic sensors with serial output: HRXL (MB73xx, in mm) and XL (MB70xx, in cm)."""

import re
from typing import NamedTuple

from drivers.bus import Wire
from drivers.driver import Measurement, StreamDriver, Timing
from drivers.errors import BadData, NoData
from drivers.framing import Line
from drivers.option import Option
from drivers.quality import Reason
from drivers.quantity import Quantity

RANGE = re.compile(rb"R(\d{3,4})(?: ?P[01])?\r$")  # P1: something is near


class Model(NamedTuple):
    """Lowest and highest number that a model sends, their digits, and the mm of one."""

    low: int
    high: int
    digits: tuple[int, ...]
    unit: int


MODELS = {
    "hrxl-5m": Model(300, 5000, (4,), 1),
    "hrxl-10m": Model(500, 9999, (4,), 1),
    "xl-7m": Model(20, 765, (3,), 10),
    "xl-10m": Model(20, 1068, (3, 4), 10),
}


class MaxBotix(StreamDriver):
    """9600 baud, TTL or RS-232 levels by model, 6 to 10 lines a second; compensates its own temperature.

    The highest number means that nothing came back; the lowest one that the target is there or nearer.
    """

    wire = Wire("port", baud=9600)
    measures = (Quantity("distance", "mm", 200, 10_680),)
    timing = Timing(warmup=0.25, interval=1.0)
    options = (Option("model", str, "hrxl-5m", "family and range", choices=tuple(MODELS)),)
    framing = (Line(b"R"),)

    def decode(self, frame: bytes) -> Measurement | None:
        """The distance to the nearest echo; None for the text at power-on."""
        found, model = RANGE.search(frame), MODELS[self.set["model"]]
        if not found:
            return None
        number = int(found[1])
        if len(found[1]) not in model.digits or not model.low <= number <= model.high:
            raise BadData(f"{frame!r} is nothing that a {self.set['model']} sends")
        if number == model.high:
            raise NoData("no target in range")
        flags = {"distance": Reason.SATURATED} if number == model.low else {}
        return Measurement({"distance": number * model.unit}, flags)
