"""TI ADS1115 analog converter (data sheet SBAS444, chapter 9.6), and what may hang on its inputs."""

import struct
from collections.abc import Mapping
from typing import Any

from drivers.analog import OPTIONS, SENSORS
from drivers.bus import Wire
from drivers.driver import I2CDriver, Measurement
from drivers.errors import BadData, NoData
from drivers.option import Option
from drivers.quality import NONE, Reason
from drivers.quantity import Quantity

INPUTS = ("0-1", "0-3", "1-3", "2-3", "0", "1", "2", "3")
RANGES = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256)  # volts
RATES = (8, 16, 32, 64, 128, 250, 475, 860)  # samples a second


def config(channel: str, full_scale: float, rate: int) -> bytes:
    """The configuration register: one shot of an input, in the next range up and the next rate down, no comparator."""
    gain, pace = sum(volts >= full_scale for volts in RANGES) - 1, sum(samples <= rate for samples in RATES) - 1
    return (1 << 15 | INPUTS.index(channel) << 12 | gain << 9 | 1 << 8 | pace << 5 | 3).to_bytes(2, "big")


class ADS1115(I2CDriver):
    """I2C at 0x48 to 0x4b; 8 or 16 samples a second leave out mains hum, an open input floats near 0.6 V.

    A conversion is started and fetched in one go, so that sensors on other inputs do not come between.
    """

    wire = Wire("i2c", addresses=(0x48, 0x49, 0x4A, 0x4B), shared=True)
    measures = SENSORS["voltage"].measures
    options = (
        Option("sensor", str, "voltage", "what hangs on the input", choices=tuple(SENSORS)),
        Option("channel", str, "0", "the input, or two whose difference is measured", choices=INPUTS),
        Option("full_scale", float, 4.096, "the highest voltage at the input", "V", 0.001, 6.144),
        Option("rate", int, 16, "samples a second", "1/s", 8, 860),
        Option("divider", float, 1.0, "volts before a divider for each at the input", "", 0.001, 1000),
        *OPTIONS,
    )

    @classmethod
    def measured(cls, options: Mapping[str, Any]) -> tuple[Quantity, ...]:
        """By sensor."""
        return SENSORS[options.get("sensor", "voltage")].measures

    def read(self) -> Measurement:
        """One conversion. A register that is not as it was written means that someone else uses the chip."""
        asked = config(self.set["channel"], self.set["full_scale"], self.set["rate"])
        got = self.transfer(b"\x01" + asked, 2, pause=1.1 / RATES[asked[1] >> 5])
        if got == bytes((asked[0] & 0x7F, asked[1])):
            raise NoData("still converting")
        if got != asked:
            raise BadData(f"the configuration is {got.hex()}, written was {asked.hex()}")
        (raw,) = struct.unpack(">h", self.transfer(b"\x00", 2))
        volts = raw * RANGES[asked[0] >> 1 & 7] / 32768 * self.set["divider"]
        values, flags = SENSORS[self.set["sensor"]].convert(volts, self.set)
        flags |= Reason.SATURATED if abs(raw) >= 32767 else NONE
        return Measurement(values, dict.fromkeys(values, flags) if flags else {})
