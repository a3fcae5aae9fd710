"""``edge decode``: feeds a file to a driver, so that a recording can be read where no hardware is."""

import difflib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import drivers
from drivers import framing, sim, trace
from edge.cli import args, exits
from edge.cli.driver.command import find

Line = dict[str, Any]
TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def main(argv: list[str]) -> int:
    """A JSON line a measurement on stdout; the file is always read to its end."""
    examples = "decode pms5003 capture.bin", "decode pulse_flow main.trace --set pulses_per_litre=450"
    parser = args.parser("decode", "Feeds a file to a driver; a JSON line a measurement.", *examples)
    parser.add_argument("driver", metavar="DRIVER", help="a name of: edge driver list")
    parser.add_argument("file", metavar="FILE", type=Path, help="raw bytes of a device that streams, or a .trace")
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help="an option of the driver")
    parser.add_argument("--json", action="store_true", help="it is JSON anyway")
    given = parser.parse_args(argv)
    kind = find(given.driver)
    options = _options(kind, given.set)
    count = 0
    with _opened(given.file) as file:
        for line in _lines(kind, given.driver, file, options):
            print(json.dumps(line))
            count += 1
    if not count:
        print(f"edge decode: {given.file} holds nothing for {given.driver}", file=sys.stderr)
    return exits.OK


def option(kind: type[drivers.Driver], text: str) -> tuple[str, object]:
    """Key and value of ``KEY=VALUE``, as the driver's option table has it; ``Failure`` when it does not."""
    key, equals, value = text.partition("=")
    known = {option.name: option for option in kind.options}
    if not equals or key not in known:
        near = difflib.get_close_matches(key, known, 1)
        remedy = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(known) or 'none'}"
        what = f"the driver has no option {key!r}; {remedy}" if equals else f"--set {text}: give KEY=VALUE"
        raise exits.Failure(what, exits.USAGE)
    try:
        return key, _checked(known[key], _converted(known[key].kind, value))
    except (KeyError, ValueError) as error:
        why = str(error) if isinstance(error, ValueError) else f"{value!r} is not true or false"
        raise exits.Failure(f"--set {text}: {why}", exits.USAGE) from None


def _options(kind: type[drivers.Driver], texts: list[str]) -> dict[str, object]:
    given = dict(option(kind, text) for text in texts)
    missing = [option.name for option in kind.options if option.required and option.name not in given]
    if missing:
        raise exits.Failure(f"the driver needs {missing[0]!r}: --set {missing[0]}=VALUE", exits.USAGE)
    return given


def _converted(kind: type | str, text: str) -> Any:
    if kind == "duration":
        return sim.seconds(text)
    if kind is bool:
        return TRUTH[text.lower()]
    if kind is list:
        return [part.strip() for part in text.split(",")]
    return int(text, 0) if kind is int else kind(text) if isinstance(kind, type) else text


def _checked(option: drivers.Option, value: Any) -> Any:
    if option.choices and value not in option.choices:
        raise ValueError(f"choose one of {', '.join(option.choices)}")
    low = option.low is not None and not value >= option.low
    if low or (option.high is not None and not value <= option.high):
        raise ValueError(f"must be {'at least' if low else 'at most'} {option.low if low else option.high:g}")
    return value


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except PermissionError:
        raise exits.Failure(f"{path} may not be read by you: chmod or sudo", exits.PERMISSION) from None
    except OSError as error:
        raise exits.Failure(f"{path}: {error.strerror}; give a file that exists", exits.DATA) from None


def _lines(kind: type[drivers.Driver], name: str, file: BinaryIO, options: dict[str, object]) -> Iterator[Line]:
    if file.name.endswith(".trace"):
        steps = _steps(file)
        if kind.streaming:
            return _stream(kind(_Heard(steps), **options))
        return _asked(kind, steps, options)
    if issubclass(kind, drivers.StreamDriver):
        raw: Any = _Raw(file)
        return _stream(kind(raw, **options))
    if kind.wire.key == "w1":
        text = file.read().decode("ascii", "replace")
        return _asked(kind, [trace.Step("=", f"w1_slave {json.dumps(text)}")] if text else [], options)
    why = f"raw bytes mean nothing to {name}, which answers questions on {kind.wire.key}; give a .trace"
    raise exits.Failure(f"{why} (edge record SENSOR OUT.trace writes one)", exits.DATA)


def _steps(file: BinaryIO) -> list[trace.Step]:
    try:
        steps = trace.parse(file.read().decode("utf-8"))
        for step in steps:
            _check(step)
    except ValueError as error:
        raise exits.Failure(f"{file.name} is no trace: {error}; see drivers/trace.py", exits.DATA) from None
    return steps


def _check(step: trace.Step) -> None:
    if step.sign in "<>":
        bytes.fromhex(step.what)
    elif step.sign == "!" and step.what != "timeout":
        int(step.what.removeprefix("error"))


class _Raw:
    """A stream of raw bytes; ``over`` once it was asked for more than there is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.over = False

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.over = not data
        return data

    def write(self, data: bytes) -> None:
        """Nobody listens."""


class _Heard(trace.Replay):
    """Only what came: a recording may begin anywhere, and what was sent does not change what a stream says."""

    def __init__(self, steps: list[trace.Step]) -> None:
        super().__init__(step for step in steps if step.sign not in (">", "%"))
        self.over = False

    def read(self, want: Any) -> Any:
        self.over = self.ended
        return super().read(want)

    def write(self, data: bytes) -> None:
        """Nobody listens."""

    def rate(self, baud: int) -> None:
        """It was recorded at the right one."""


class _Tail(framing.Framer):
    """Knows how many bytes came behind the last frame, be it whole or damaged."""

    def __init__(self, *formats: framing.Format) -> None:
        super().__init__(*formats)
        self._seen = 0
        self._damaged = False

    @property
    def rest(self) -> int:
        return self.waiting + (0 if self._damaged else self.noise - self._seen)

    def next(self, *, idle: bool = False) -> bytes | None:
        self._damaged, before = True, self._damaged  # should it raise
        frame = super().next(idle=idle)
        self._damaged = before and frame is None
        if frame is not None:
            self._seen = self.noise
        return frame


def _stream(driver: Any) -> Iterator[Line]:
    """Until the file is over and the framer gives nothing more; what is left then is told as one line."""
    bus, frames = driver.bus, _Tail(*driver.framing)
    driver.frames = frames
    yield from _guarded(driver.start)
    while True:
        done, before = bus.over, frames.waiting
        line = _measured(driver)
        if not (bus.over and line.get("error") == "NoData"):
            yield line
        if done and frames.waiting == before:
            break
    if frames.rest:
        many = f"{frames.rest} bytes at the end are" if frames.rest > 1 else "1 byte at the end is"
        yield {"error": "BadData", "why": f"{many} no frame"}


def _asked(kind: type[drivers.Driver], steps: list[trace.Step], options: dict[str, object]) -> Iterator[Line]:
    """A device that is asked. Where the trace tells only what came, nothing is compared with what is sent."""
    strict = any(step.sign == ">" for step in steps)
    bus = trace.Replay(steps) if strict else _Answers(steps)
    place = next((step.address for step in steps if step.address is not None), None)
    driver = kind(bus, address=place, **options) if issubclass(kind, drivers.I2CDriver) else kind(bus, **options)
    yield from _guarded(driver.start)
    for _ in steps:  # each round uses a step at least
        if bus.ended:
            return
        wrong = list(_guarded(driver.trigger))
        yield from wrong
        if not wrong:
            yield _measured(driver)


class _Answers(trace.Replay):
    """A trace without questions."""

    def write(self, data: bytes) -> None:
        """Nothing was recorded to compare it with."""

    def rate(self, baud: int) -> None:
        """Nor this."""

    def transfer(self, address: int, data: bytes, size: int, pause: float = 0.0) -> bytes:
        return super().transfer(address, b"", size, pause)


def _guarded(hook: Any) -> Iterator[Line]:
    """Runs a hook; the line that says what went wrong, if anything."""
    try:
        hook()
    except (drivers.DriverError, trace.Mismatch) as error:
        yield _error(error)


def _measured(driver: drivers.Driver) -> Line:
    try:
        got = driver.measure()
    except (drivers.DriverError, trace.Mismatch) as error:
        return _error(error)
    return {
        "values": dict(got.values),
        "quality": {name: reason.words() for name, reason in got.flags.items() if reason},
    }


def _error(error: BaseException) -> Line:
    """A driver that asks what was not recorded makes the data bad, not the program."""
    if isinstance(error, trace.Mismatch):
        return {"error": "BadData", "why": f"the driver and the trace disagree: {error}"}
    return {"error": type(error).__name__, "why": str(error)}
