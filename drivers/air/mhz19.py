"""Winsen MH-Z19B, C, D, E, MH-Z14A and MH-Z16 carbon dioxide sensors (MH-Z19B manual version 1.0)."""

from drivers.air.co2 import judged
from drivers.bus import Wire
from drivers.checks import winsen8
from drivers.driver import Measurement, StreamDriver, Timing
from drivers.framing import Fixed, Framer
from drivers.option import Option
from drivers.quality import Reason
from drivers.quantity import Quantity

READ, ZERO, SPAN, SELF_CALIBRATION, RANGE = 0x86, 0x87, 0x88, 0x79, 0x99


def command(code: int, *data: int) -> bytes:
    """Nine bytes: FF, the sensor's number, the command, its data, the check."""
    frame = bytes((0xFF, 0x01, code, *data)).ljust(8, b"\0")
    return frame + bytes((-sum(frame[1:]) & 0xFF,))


class MHZ19(StreamDriver):
    """9600 baud, asked at most each 5 s; for the first 3 min it tells constants such as 400, 410 or 515 ppm.

    Byte 5 of the answer is not zero while something is wrong, the end of the range is where it stops.
    """

    grade = "R"
    wire = Wire("port", baud=9600)
    measures = (Quantity("co2", "ppm", 300, 10000),)
    timing = Timing(warmup=180.0, measure=0.1, interval=10.0)
    streaming = False
    options = (
        Option("range", int, 5000, "what the sensor was made for or set to: its last value", "ppm", 1000, 10000),
        Option("self_calibration", bool, None, "needs fresh air once a day; not given: as the sensor has it"),
    )
    framing = (Fixed(b"\xff\x86", 9, winsen8),)
    asked = False

    def start(self) -> None:
        """Turns the daily calibration on or off if that is configured."""
        if self.set["self_calibration"] is not None:
            self.stream.write(command(SELF_CALIBRATION, 0xA0 if self.set["self_calibration"] else 0))

    def trigger(self) -> None:
        """Asks; an answer that came too late for the last question is thrown away."""
        if self.asked:
            self.stream.read(256)
        self.frames = Framer(*self.framing)
        self.asked = True
        self.stream.write(command(READ))

    def decode(self, frame: bytes) -> Measurement:
        """CO2 in ppm is a word, high byte first; the temperature behind it is undocumented and left alone."""
        self.asked = False
        got = judged({"co2": int.from_bytes(frame[2:4], "big")}, self.set["range"])
        return Measurement(got.values, {"co2": got.flags.get("co2", Reason.SENSOR_FAULT)}) if frame[5] else got
