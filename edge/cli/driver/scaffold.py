"""What ``edge driver new`` writes: a device that nobody makes, whole and green, to be turned into one that exists."""

import builtins
import re
from pathlib import Path
from string import Template

WIRES = ("port", "i2c")

# Family: the quantity of its device, with unit and limits; all of them hold what the traces and the simulator say.
FAMILIES = {
    "air": ("temperature", "Cel", "-40, 85"),
    "flow": ("flow", "L/min", "0, 300"),
    "generic": ("voltage", "V", "0, 30"),
    "gnss": ("altitude", "m", "-320, 320"),
    "water": ("water_temperature", "Cel", "-5, 60"),
    "weather": ("wind_speed", "m/s", "0, 75"),
}

DRIVERS = {
    "port": '''\
"""$name, which nobody makes: maker, model, data sheet and version belong here."""

import struct

from drivers.bus import Wire
from drivers.checks import sum16
from drivers.driver import StreamDriver, Timing
from drivers.errors import NoData
from drivers.framing import Fixed
from drivers.quantity import Quantity

NOTHING = -0x8000  # the raw word that means "no value"


class $kind(StreamDriver):
    """9600 baud, a frame of 6 bytes a second: 55 AA, a word, the sum of all before as a word."""

    wire = Wire("port", baud=9600)
    measures = (Quantity("$quantity", "$unit", $limits, 2),)
    timing = Timing(interval=1.0)
    framing = (Fixed(b"\\x55\\xaa", 6, sum16),)

    def decode(self, frame: bytes) -> dict[str, float]:
        """The word is signed, high byte first, in hundredths of $unit."""
        (word,) = struct.unpack_from(">h", frame, 2)
        if word == NOTHING:
            raise NoData("nothing is measured yet")
        return {"$quantity": word / 100}
''',
    "i2c": '''\
"""$name, which nobody makes: maker, model, data sheet and version belong here."""

import struct

from drivers.bus import Wire
from drivers.checks import crc8
from drivers.driver import I2CDriver, Timing
from drivers.errors import BadData, NoData
from drivers.quantity import Quantity

MEASURE = b"\\x2c"
NOTHING = -0x8000  # the raw word that means "no value"


class $kind(I2CDriver):
    """I2C at 0x40; a command begins a measurement, 10 ms later a word and its CRC-8 can be read."""

    wire = Wire("i2c", addresses=(0x40,))
    measures = (Quantity("$quantity", "$unit", $limits, 2),)
    timing = Timing(measure=0.01, interval=10.0)

    def trigger(self) -> None:
        """Begins a measurement."""
        self.transfer(MEASURE)

    def read(self) -> dict[str, float]:
        """The word is signed, high byte first, in hundredths of $unit."""
        answer = self.transfer(b"", 3)
        if len(answer) != 3 or crc8(answer):
            raise BadData(f"wrong CRC in {answer.hex(' ')}")
        (word,) = struct.unpack_from(">h", answer)
        if word == NOTHING:
            raise NoData("nothing is measured yet")
        return {"$quantity": word / 100}
''',
}

SIMULATORS = {
    "port": '''\
"""The device's side of $name."""

from drivers.sim.buses import SimStream, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time


class Device:
    """Sends a frame a second and takes no commands."""

    period = 1.0

    def frame(self, at: float) -> bytes:
        """Header, hundredths of $unit, sum."""
        head = b"\\x55\\xaa" + round(100 * wave(at, 12, 22, 600)).to_bytes(2, "big", signed=True)
        return head + sum(head).to_bytes(2, "big")

    def receive(self, data: bytes) -> bytes:
        """It answers nothing."""
        return b""


def simulator(time: Time, faults: Faults) -> SimStream:
    """A device whose value swings."""
    return SimStream(time, faults, Device())
''',
    "i2c": '''\
"""The device's side of $name."""

import errno

from drivers.checks import crc8
from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time

TAKES = 0.009  # seconds


class Chip:
    """Knows one command; no acknowledge to any other, nor before it has measured."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self._ready = 0.0
        self._answer = b""

    def write(self, data: bytes, at: float) -> None:
        """Begins a measurement."""
        if data != b"\\x2c":
            raise OSError(errno.EREMOTEIO, "unknown command")
        word = round(100 * wave(at, 12, 22, 600)).to_bytes(2, "big", signed=True)
        self._answer = word + bytes((crc8(word),))
        self._ready = self._time.now() + TAKES

    def read(self, size: int, at: float) -> bytes:
        """The word and its CRC."""
        if not self._answer or self._time.now() < self._ready:
            raise OSError(errno.EREMOTEIO, "not ready")
        return self._answer[:size].ljust(size, b"\\xff")


def simulator(time: Time, faults: Faults) -> SimI2C:
    """A device whose value swings."""
    return SimI2C(time, faults, Chip(time))
''',
}

TRACES = {
    "port": """\
# invented: a value, a damaged frame, no value yet, a torn frame and a value
< 55 aa 08 52 01 59
< 55 aa 08 53 01 59
< 55 aa 80 00 01 7f
< 55 aa 08
< 55 aa 04 b3 01 b6
""",
    "i2c": """\
# invented: a value, a wrong CRC, no value yet, no acknowledge, a value
40 > 2c
40 < 08 52 aa
40 > 2c
40 < 08 53 aa
40 > 2c
40 < 80 00 a2
40 ! error 121
40 > 2c
40 < 04 b3 ee
""",
}

EXPECTS = {
    "port": """\
{"$quantity": 21.3}
{"error": "BadData"}
{"error": "NoData"}
{"error": "BadData"}
{"$quantity": 12.03}
""",
    "i2c": """\
{"$quantity": 21.3}
{"error": "BadData"}
{"error": "NoData"}
{"error": "BusError"}
{"$quantity": 12.03}
""",
}

PLACES = {"port": 'port = "/dev/serial/by-id/..."', "i2c": "i2c = 1"}

PAGE = """\
# $name

What it measures, how it is wired, what it needs: supply, warm-up, cleaning, how long it lasts. `edge driver show $name`
tells quantities and options.

```toml
[[sensor]]
name = "$name"
driver = "$name"
$place
# $wire = "sim://"  # in place of the wire: a simulated device
```

* the driver: `drivers/$family/$name.py`
* its simulator: `drivers/sim/$name.py`
* what crosses the wire, and what the driver makes of it: `tests/captures/$name/first.trace`,
  `tests/captures/$name/first.expect`
"""


def files(name: str, family: str, wire: str) -> dict[Path, str]:
    """The text of every file, by its path in the clone."""
    quantity, unit, limits = FAMILIES[family]
    words = {"name": name, "family": family, "wire": wire, "kind": class_of(name, wire), "place": PLACES[wire]}
    words |= {"quantity": quantity, "unit": unit, "limits": limits}
    texts = {
        f"drivers/{family}/{name}.py": DRIVERS[wire],
        f"drivers/sim/{name}.py": SIMULATORS[wire],
        f"tests/captures/{name}/first.trace": TRACES[wire],
        f"tests/captures/{name}/first.expect": EXPECTS[wire],
        f"docs/drivers/{name}.md": PAGE,
    }
    return {Path(path): Template(text).substitute(words) for path, text in texts.items()}


def class_of(name: str, wire: str) -> str:
    """The name of the driver's class: neither one of Python's own nor one that the driver imports."""
    kind = "".join(part.capitalize() for part in name.split("_"))
    taken = hasattr(builtins, kind) or re.search(rf"import .*\b{kind}\b", DRIVERS[wire])
    return f"{kind}Device" if taken else kind
