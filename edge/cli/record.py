"""``edge record``: writes what crosses a sensor's wire, so that a fault at a pole becomes a test at a desk."""

import errno
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import drivers
from drivers import BadData, Bus, Driver, DriverError, NoData, trace
from edge.cli import args, exits, words
from edge.control import ask
from edge.settings import SensorSettings, SettingsError, load

BUSY = (errno.EBUSY, errno.EAGAIN)
GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
LOOK = {
    "port": "ls -l /dev/serial/by-id",
    "i2c": "ls /dev/i2c-*, sudo raspi-config nonint do_i2c 0",
    "gpio": "ls /dev/gpiochip*",
    "pps": "ls /sys/class/pps, dtoverlay=pps-gpio,gpiopin=18 in /boot/firmware/config.txt",
    "w1": "ls /sys/bus/w1/devices, dtoverlay=w1-gpio in /boot/firmware/config.txt",
}


def main(argv: list[str]) -> int:
    """Records for some seconds, or until Ctrl-C; then tells how to read the file."""
    example = "record pm pole217.trace --seconds 60"
    parser = args.parser("record", "Writes what crosses a configured sensor's wire into a .trace.", example)
    parser.add_argument("name", metavar="NAME", help="a sensor of the configuration")
    parser.add_argument("file", metavar="OUT.trace", type=Path, help="a new file")
    parser.add_argument("--seconds", type=float, default=30.0, metavar="N", help="how long (default: 30)")
    args.add_config(parser)
    args.add_state(parser)
    given = parser.parse_args(argv)
    if given.file.suffix != ".trace":
        parser.error(f"{given.file}: the name must end in .trace, or edge decode takes it for raw bytes")
    sensor = _sensor(given.config, given.name)
    bus = _opened(sensor, given.state)
    with closing(bus), _created(given.file) as out:
        print(f"# edge record: sensor {sensor.name}, driver {sensor.driver}", file=out)
        recording = _record(sensor, trace.Recorder(bus, out), given.seconds)
    print(recording.told(sensor, given.file), file=sys.stderr)
    return exits.IO if recording.lost else exits.OK


@dataclass(slots=True)
class Recording:
    """A driver at work, and how its measurements come out; ``lost`` is why it ended early, if it did."""

    driver: Driver
    good: int = 0
    bad: int = 0
    failed: int = 0
    lost: str = ""
    trouble: str = ""

    def measure(self) -> None:
        """One measurement."""
        self.driver.measure()
        self.good += 1

    def step(self, hook: Callable[[], None]) -> bool:
        """Whether a step worked. A chip that does not answer may do so later; a stream that failed is gone."""
        try:
            hook()
        except NoData:
            return False
        except BadData as error:
            self.bad, self.trouble = self.bad + 1, str(error)
            return False
        except Exception as error:
            why = str(error) if isinstance(error, DriverError) else f"{type(error).__name__}: {error}"
            self.failed, self.trouble = self.failed + 1, why
            self.lost = why if self.driver.streaming else ""
            return False
        return True

    def told(self, sensor: SensorSettings, file: Path) -> str:
        """For the engineer: what is in the file, and what to do with it."""
        options = "".join(f" --set {key}={_text(self.driver, key, value)}" for key, value in sensor.options.items())
        lines = [f"{file}: {words.counted(self.good, 'good measurement')}, {self.bad} bad"]
        lines[0] += f", the wire failed {words.counted(self.failed, 'time')}" if self.failed else ""
        lines += [f"the last trouble: {self.trouble}"] if self.trouble else []
        lines += ["it ended early, because the wire was lost"] if self.lost else []
        return "\n".join([*lines, f"next: edge decode {sensor.driver} {file}{options}"])


def _sensor(config: Path, name: str) -> SensorSettings:
    try:
        sensors = {sensor.name: sensor for sensor in load(config).sensors}
    except SettingsError as error:
        raise exits.Failure(f"the configuration is wrong\n{error}", exits.CONFIG) from None
    if name not in sensors:
        known = f"it has: {', '.join(sensors)}" if sensors else "it has none"
        raise exits.Failure(f"{config} has no sensor {name!r}; {known}", exits.USAGE)
    return sensors[name]


def _opened(sensor: SensorSettings, state: Path) -> Bus:
    debounce = sensor.options.get("debounce")
    try:
        return drivers.plug(sensor.driver, sensor.place, baud=sensor.baud, debounce=debounce).open()
    except DriverError as error:
        number = getattr(error.__cause__, "errno", None)
        code = exits.PERMISSION if number == errno.EACCES else exits.IO
        raise exits.Failure(f"{error}\n{_remedy(sensor, number, state)}", code) from None


def _remedy(sensor: SensorSettings, number: int | None, state: Path) -> str:
    if number == errno.EACCES:
        return "you may not open it: sudo edge record ..., or join its group: ls -l shows which"
    if _held(sensor, state):
        return (f"the running node holds {sensor.name!r}: sudo systemctl stop edge, record, sudo systemctl start edge "
                "(meanwhile nothing is measured)")  # fmt: skip
    if number in BUSY:
        return f"another program holds it: sudo fuser -v {sensor.place}"
    if number in GONE:
        return f"there is no such device: is it plugged in? {LOOK[sensor.wire]}"
    return f"what there is: {LOOK[sensor.wire]}"


def _held(sensor: SensorSettings, state: Path) -> bool:
    """Whether a node runs that reads this sensor well."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        sensors = ask(state, "status")["sensors"]
        return any(told["name"] == sensor.name for told in sensors)
    return False


def _created(path: Path) -> TextIO:
    """A file that is new or empty: a recording is not to be had again."""
    try:
        if path.exists() and path.stat().st_size:
            raise exits.Failure(f"{path} exists already: give another name", exits.CANNOT_CREATE)
        return path.open("w", encoding="utf-8", buffering=1)
    except OSError as error:
        raise exits.Failure(f"{path} cannot be written: {error.strerror}", exits.CANNOT_CREATE) from None


def _record(sensor: SensorSettings, bus: trace.Recorder, seconds: float) -> Recording:
    """Start, then trigger and measure in turn and nothing else: so a decoder can go the same way."""
    kind = drivers.load(sensor.driver)
    address = {} if sensor.address is None else {"address": sensor.address}
    recording = Recording(kind(bus, **address, **sensor.options))
    pace = 0.0 if kind.streaming else sensor.interval or kind.timing.interval
    end = time.monotonic() + seconds
    with suppress(KeyboardInterrupt):
        recording.step(recording.driver.start)
        while not recording.lost:
            due = time.monotonic() + pace
            if recording.step(recording.driver.trigger):
                bus.wait(kind.timing.measure)
                recording.step(recording.measure)
            if max(due, time.monotonic()) >= end:
                break
            bus.wait(max(0.0, due - time.monotonic()))
    return recording


def _text(driver: Driver, key: str, value: object) -> str:
    """An option as ``edge decode --set`` takes it."""
    kind = next(option.kind for option in driver.options if option.name == key)
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return f"{value:g}s" if kind == "duration" else str(value)
