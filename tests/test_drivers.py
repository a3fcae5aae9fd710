"""What every installed driver must do, whoever wrote it: run over the registry, so a new one is tested at once."""

import ast
import inspect
import random
import statistics
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import drivers
from drivers.sim import SimPort, simulated
from drivers.sim.time import VirtualTime
from drivers.trace import Step, load

NAMES = drivers.names()
SEEDS = 200
FIRST = {"ds18b20", "ezo_ph", "gnss_nmea", "pms5003", "pulse_flow", "sht3x"}  # the examples to learn from
CAPTURES = Path(__file__).parent / "captures"
FORBIDDEN = {"time", "threading", "socket", "asyncio", "subprocess", "os", "serial", "smbus2", "gpiozero", "edge"}
COUNTERS = ("pulses", "volume", "rain_total")
COUNTED = (*COUNTERS, "rain")  # whole pulses, so that equal times give unequal values


class Wild:
    """Every wire at once, on which the given pieces arrive whatever the driver asks; then nothing more."""

    lost = 0

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]
        self.size = sum(map(len, self._pieces))
        self.over = False

    def wait(self, seconds: float) -> None: ...

    def close(self) -> None: ...

    def write(self, data: bytes) -> None: ...

    def read(self, want: int | str) -> bytes | str:
        if isinstance(want, str):
            return self._next(want).decode("ascii", "replace")
        if not self._pieces:
            self.over = True
            return b""
        piece = self._pieces.pop(0)
        if piece[want:]:
            self._pieces.insert(0, piece[want:])
        return piece[:want]

    def transfer(self, address: int, data: bytes, size: int, pause: float = 0.0) -> bytes:
        return self._next("answer")[:size] if size else b""

    def take(self) -> tuple[int, float]:
        piece = self._next("pulses").ljust(4, b"\0")
        return int.from_bytes(piece[:3], "big"), piece[3] / 16 - 1

    def level(self) -> bool:
        return bool(self._next("level")[0] & 1)

    def _next(self, what: str) -> bytes:
        if not self._pieces:
            self.over = True
            raise drivers.BusError(f"no {what} left")
        return self._pieces.pop(0)


def exhaust(name: str, bus: Wild) -> list[drivers.Measurement]:
    """Measures until nothing is left; whatever is no DriverError fails the test, and so does going on for ever."""
    kind = drivers.load(name)
    driver = kind(bus, **kind.example)
    declared = {quantity.name for quantity in kind.measures}
    good = []
    driver.start()
    for _ in range(bus.size + 16):
        try:
            driver.trigger()
            got = driver.measure()
        except drivers.DriverError:
            if bus.over:
                return good
            continue
        assert got.values.keys() <= declared
        assert all(abs(value) < float("inf") for value in got.values.values())
        assert got.flags.keys() <= got.values.keys()
        good.append(got)
    raise AssertionError("does not come to an end")


def mutated(rng: random.Random, data: bytes) -> bytes:
    """Bits turned over, bytes lost, put in, sent twice."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(out) + 1), rng.randint(1, 8)
        match rng.randrange(4):
            case 0 if at < len(out):
                out[at] ^= 1 << rng.randrange(8)
            case 1:
                del out[at : at + length]
            case 2:
                out[at:at] = rng.randbytes(length)
            case 3:
                out[at:at] = out[at : at + length]
    return bytes(out)


def cut(rng: random.Random, data: bytes) -> list[bytes]:
    pieces = []
    while data:
        size = rng.randint(1, 80)
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def came(name: str) -> list[bytes]:
    """What arrives in the driver's own traces, piece by piece."""
    steps = [step for path in sorted(CAPTURES.glob(f"{name}/*.trace")) for step in load(path)]
    return [piece for piece in map(arrived, steps) if piece]


def arrived(step: Step) -> bytes:
    match step.sign:
        case "<":
            return bytes.fromhex(step.what)
        case "=":
            return ast.literal_eval(step.what.partition(" ")[2]).encode()
        case "+":
            edges, seconds, *_ = step.what.split()
            return int(edges).to_bytes(3, "big") + bytes((min(255, int(float(seconds) * 16 + 16)),))
        case "~":
            return bytes((int(step.what),))
    return b""


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def kind(name: str) -> type[drivers.Driver]:
    return drivers.load(name)


def test_names_are_known() -> None:
    assert set(NAMES) >= FIRST


def test_a_driver_is_small() -> None:
    files = {inspect.getsourcefile(drivers.load(name)) for name in NAMES}
    assert statistics.median(Path(str(file)).read_text().count("\n") for file in files) <= 60


def test_declares_what_it_measures(kind: type[drivers.Driver]) -> None:
    names = [quantity.name for quantity in kind.measures]
    assert names
    assert len(set(names)) == len(names)
    for quantity in kind.measures:
        assert quantity.unit in drivers.units(quantity.name)
        assert quantity.low < quantity.high
        assert quantity.decimals >= 0


def test_declares_its_wire_and_pace(kind: type[drivers.Driver]) -> None:
    assert kind.wire.key in ("port", "i2c", "gpio", "w1", "pps")
    assert not kind.wire.baud or kind.wire.key == "port"
    assert kind.wire.addresses or kind.wire.key != "i2c"
    assert not kind.wire.addresses or kind.wire.key in ("i2c", "port")
    assert not kind.wire.shared or kind.wire.key in ("port", "i2c")
    low, high = (0x08, 0x77) if kind.wire.key == "i2c" else (1, 254)
    assert all(low <= address <= high for address in kind.wire.addresses)
    assert kind.timing.interval > 0
    assert kind.timing.timeout > 0
    assert 0 <= kind.timing.measure < kind.timing.interval


def test_explains_itself_and_its_options(kind: type[drivers.Driver]) -> None:
    assert kind.__doc__
    for option in kind.options:
        assert option.name.isidentifier()
        assert option.help
        assert option.kind in (float, int, str, bool, list, "duration", "tables")
        assert option.required or option.default is None or not option.choices or option.default in option.choices


def test_refuses_an_option_it_does_not_have(kind: type[drivers.Driver]) -> None:
    with pytest.raises(TypeError, match="no_such_option"):
        kind(Wild([]), no_such_option=1)


def test_is_one_small_file_without_clock_thread_or_port(name: str, kind: type[drivers.Driver]) -> None:
    source = Path(inspect.getfile(kind)).read_text()
    assert source.count("\n") <= (60 if name in FIRST else 200)
    tree = ast.parse(source)
    imported = {
        alias.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {str(node.module).partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not imported & FORBIDDEN
    called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    called |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not called & {"sleep", "open", "eval", "exec", "print"}


@pytest.mark.parametrize("shape", ["long", "short"])
def test_noise_ends_in_values_or_driver_errors(name: str, shape: str) -> None:
    for seed in range(SEEDS // 2):
        rng = random.Random(f"{shape}{seed}")
        noise = rng.randbytes(600)
        exhaust(name, Wild(cut(rng, noise) if shape == "short" else [noise[:300], noise[300:]]))


def test_own_traces_give_values(name: str) -> None:
    assert exhaust(name, Wild(came(name)))


def test_mutated_traces_end_in_values_or_driver_errors(name: str) -> None:
    pieces = came(name)
    for seed in range(SEEDS):
        rng = random.Random(seed)
        if drivers.load(name).streaming:
            start = rng.randrange(len(pieces))
            broken = cut(rng, mutated(rng, b"".join(pieces[start : start + 6])))
        else:
            broken = [mutated(rng, piece) for piece in pieces]
        exhaust(name, Wild(broken))


@pytest.fixture
def port(name: str) -> SimPort:
    if not simulated(name):
        pytest.skip(f"{name} has no simulator yet")
    return SimPort(name, "sim://", VirtualTime())


def opened(name: str, port: SimPort, **options: object) -> drivers.Driver:
    kind = drivers.load(name)
    driver = kind(port.open(), **{**kind.example, **options})
    driver.start()
    return driver


def tries(driver: drivers.Driver, count: int = 5) -> Iterator[object]:
    """The measurements or errors of some rounds, a minute apart."""
    for _ in range(count):
        driver.bus.wait(60)
        try:
            yield driver.sample()
        except drivers.DriverError as error:
            yield error


def test_simulator_gives_good_values(name: str, port: SimPort) -> None:
    driver = opened(name, port)
    limits = {quantity.name: (quantity.low, quantity.high) for quantity in driver.measures}
    results = list(tries(driver, 10))
    assert all(isinstance(got, drivers.Measurement) for got in results), results
    for got in results:
        assert not got.flags
        assert all(limits[key][0] <= value <= limits[key][1] for key, value in got.values.items())
    assert len({tuple(got.values.items()) for got in results}) > 1, "the simulated world stands still"
    assert set(limits) == {key for got in results for key in got.values}, "a quantity is never given"


def test_silent(name: str, port: SimPort) -> None:
    driver = opened(name, port)
    port.faults.hurt("silent")
    last = list(tries(driver))[-1]
    match driver.wire.key:
        case "gpio":
            assert not any(value for key, value in last.values.items() if key not in COUNTERS)
        case "port":
            assert isinstance(last, drivers.NoData)
        case _:
            assert isinstance(last, drivers.BusError)


def test_garbage(name: str, port: SimPort) -> None:
    driver = opened(name, port, **({"q_max": 10.0} if name == "pulse_flow" else {}))
    port.faults.hurt("garbage")
    results = list(tries(driver))[1:]
    if name == "contact":
        assert {got.values["contact"] for got in results} == {0, 1}  # a level has no wrong value: it chatters
    elif driver.wire.key == "gpio":
        assert all(drivers.Reason.RATE in got.flags.values() for got in results)
    else:
        assert all(isinstance(got, (drivers.BadData, drivers.NoData)) for got in results), results


def test_freeze(name: str, port: SimPort) -> None:
    driver = opened(name, port)
    driver.bus.wait(30)
    port.faults.hurt("freeze")
    results = [
        {key: value for key, value in got.values.items() if key not in COUNTED} for got in list(tries(driver))[1:]
    ]
    assert all(result == pytest.approx(results[0], rel=0.01) for result in results)


def test_unplug_and_back(name: str, port: SimPort) -> None:
    driver = opened(name, port)
    port.faults.hurt("unplug")
    assert isinstance(list(tries(driver))[-1], drivers.BusError)
    with pytest.raises(drivers.BusError):
        port.open()
    port.faults.heal()
    assert isinstance(list(tries(opened(name, port)))[-1], drivers.Measurement)


def test_only_driver_errors_leave_measure(name: str) -> None:
    """Whatever a wire raises that it should not."""
    wrongs: list[Callable[[], Exception]] = [lambda: OSError(5, "gone"), lambda: KeyError("x"), lambda: ValueError("x")]
    for wrong in wrongs:

        class Broken(Wild):
            def _next(self, what: str) -> bytes:
                raise wrong()  # noqa: B023

            def read(self, want: int | str) -> bytes | str:
                raise wrong()  # noqa: B023

        kind = drivers.load(name)
        driver = kind(Broken([]), **kind.example)
        with suppress(drivers.DriverError):
            driver.measure()


def test_pulses_go_on_after_a_restart() -> None:
    first = drivers.load("pulse_flow")(Wild([bytes((0, 0, 90, 32))]), offset=5.0)
    before = first.measure().values
    second = drivers.load("pulse_flow")(Wild([bytes((0, 0, 10, 32))]), offset=5.0)
    second.memory.update(first.memory)
    after = second.measure().values
    assert (before["pulses"], after["pulses"]) == (90, 100)
    assert after["volume"] == pytest.approx(5 + 100 / 450)
    assert set(second.memory) <= {quantity.name for quantity in second.measures}
