"""Ultrasonic distance sensors that send FF, two bytes and a sum (DFRobot SEN0311, SEN0313; JSN-SR04T version 3)."""

from drivers.bus import Wire
from drivers.driver import StreamDriver, Timing
from drivers.errors import NoData
from drivers.framing import Fixed
from drivers.quantity import Quantity


def _sum_all(frame: bytes) -> bool:
    return sum(frame[:3]) & 0xFF == frame[3]


def _sum_data(frame: bytes) -> bool:
    return sum(frame[1:3]) & 0xFF == frame[3]


class A02YYUW(StreamDriver):
    """9600 baud, a frame of 4 bytes each 0.1 to 0.3 s: mm, high byte first. No echo is 0 and gives nothing.

    Sound is 0.18 % faster with each degree, and the sensor does not know the temperature of the shaft.
    """

    wire = Wire("port", baud=9600)
    measures = (Quantity("distance", "mm", 30, 4500),)
    timing = Timing(interval=1.0)
    framing = (Fixed(b"\xff", 4, _sum_all),)

    def decode(self, frame: bytes) -> dict[str, float]:
        """The distance to the nearest echo."""
        distance = int.from_bytes(frame[1:3], "big")
        if not distance:
            raise NoData("no echo")
        return {"distance": distance}


class A01NYUB(A02YYUW):
    """As the A02YYUW, with a longer range and a longer blind zone."""

    measures = (Quantity("distance", "mm", 280, 7500),)


class ME007YS(A02YYUW):
    """As the A02YYUW, with a longer blind zone."""

    measures = (Quantity("distance", "mm", 280, 4500),)


class JSNSR04T(A02YYUW):
    """Mode 2 (47 kOhm at R27): 9600 baud, the byte 55 asks for a frame, at most each 60 ms; blind below 25 cm.

    Mode 1, an echo pulse to be timed, is not for this: user space errs by centimetres.
    """

    measures = (Quantity("distance", "mm", 250, 6000),)
    timing = Timing(measure=0.1, interval=1.0)
    streaming = False

    def trigger(self) -> None:
        """Asks for one frame."""
        self.stream.write(b"\x55")


class AJSR04M(JSNSR04T):
    """As the JSN-SR04T, with a sum that leaves out the FF."""

    framing = (Fixed(b"\xff", 4, _sum_data),)
