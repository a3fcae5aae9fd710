"""Nova Fitness SDS198 dust sensor: all particles up to 100 um (laser dust sensor control protocol v1.3)."""

from drivers.air.sds011 import SDS011, command, sum8
from drivers.driver import StreamDriver
from drivers.framing import Fixed
from drivers.quantity import Quantity


class SDS198(StreamDriver):
    """9600 baud, a frame of 10 bytes a second; takes the commands of the SDS011. For building sites and quarries."""

    wire = SDS011.wire
    measures = (Quantity("pm100", "ug/m3", 0, 20000),)
    timing = SDS011.timing
    grade = "R"
    framing = (Fixed(b"\xaa\xcf", 10, sum8),)

    def start(self) -> None:
        """Active mode, in case someone left it asking to be asked."""
        self.stream.write(command(2, 1, 0))

    def decode(self, frame: bytes) -> dict[str, float]:
        """One word, little endian, in ug/m3; what stands before it is reserved."""
        return {"pm100": int.from_bytes(frame[4:6], "little")}
