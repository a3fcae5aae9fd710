"""u-blox receivers in UBX, set up by the driver: M7, M8, M9, M10, F9P, F9T; a NEO-6M is set up and stays with NMEA."""

from collections.abc import Mapping
from typing import Any

from drivers.bus import Stream, Wire
from drivers.driver import Measurement
from drivers.gnss.nmea import NMEA
from drivers.gnss.quantities import IN_VIEW, POSITION
from drivers.gnss.ublox_setup import MODELS, OUTPUTS, Setup
from drivers.gnss.ubx_epochs import Epochs
from drivers.option import Option


class Ublox(NMEA):
    """One measurement a fix. Finds the rate of the port; a receiver that cannot be set up is taken as it is."""

    wire = Wire("port", baud=9600)
    measures = (*POSITION, IN_VIEW)
    flood = 8192
    options = (
        Option("rate", float, 1.0, "fixes a second; more than 1 needs 38400 baud or more", "Hz", 1, 10),
        Option("model", str, "portable", "how the node moves", choices=tuple(MODELS)),
        Option("output", str, "uart1", "port of the receiver that leads here; from u-blox 9 on", choices=OUTPUTS),
    )

    def __init__(self, bus: Stream, **options: Any) -> None:
        super().__init__(bus, **options)
        self.epochs, self.setup = Epochs(), Setup(bus, self.set)

    def start(self) -> None:
        """Asks for the version; the settings follow its answer."""
        self.setup.begin()

    def identity(self) -> Mapping[str, str]:
        """What it has said since the start: nothing before its first answer, the model from M8 on."""
        return self.setup.identity

    def read(self) -> Mapping[str, float] | Measurement:
        """Goes on with the set-up meanwhile."""
        self.setup.pass_round()
        return super().read()

    def decode(self, frame: bytes) -> Measurement | None:
        """NMEA counts until NAV-PVT comes."""
        before = self.setup.binary
        self.setup.hear(frame)
        if frame.startswith(b"$"):
            return None if self.setup.binary else super().decode(frame)
        if self.setup.binary and not before:
            self.fixes.close()
        return self.epochs.add(frame) or self.fixes.next()

    def pending(self) -> Measurement | None:
        """Silence ends a moment."""
        return self.epochs.close() or super().pending()
