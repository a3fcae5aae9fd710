"""What parts say of themselves: each driver that asks gets sound text from its simulator, and only driver errors."""

import random
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

import drivers
from drivers.bus import Wire
from drivers.driver import IDENTITY, Driver
from drivers.gnss import ubx
from drivers.sim import SimPort, simulated
from drivers.sim.time import VirtualTime
from edge.settings import SensorSettings
from hw_tests.checks import judge
from hw_tests.collect import Record, listen

TOLD: Mapping[str, Mapping[str, str]] = {
    "bme280": {"model": "BME280"},
    "bme680": {"model": "BME680"},
    "ezo_do": {"model": "EZO DO", "firmware": "1.98"},
    "ezo_ec": {"model": "EZO EC", "firmware": "1.98"},
    "ezo_orp": {"model": "EZO ORP", "firmware": "1.98"},
    "ezo_ph": {"model": "EZO pH", "firmware": "1.98"},
    "ezo_rtd": {"model": "EZO RTD", "firmware": "1.98"},
    "gnss_ublox": {"model": "NEO-M8N-0", "firmware": "ROM CORE 3.01"},
    "scd30": {"firmware": "3.66"},
    "scd4x": {"serial": "f8969f073bbe"},
    "sen5x": {"model": "SEN55", "serial": "5E4D3C2B1A09F8E7"},
    "senseair_s8": {"serial": "01234567", "firmware": "1.38"},
    "sgp40": {"serial": "000003a15c7e"},
    "sgp41": {"serial": "000003a15c7e"},
    "sht3x": {"serial": "01234567"},
    "sht4x": {"serial": "11223344"},
    "sps30": {"serial": "0A1B2C3D4E5F6071", "firmware": "2.3"},
    "sps30_uart": {"serial": "0A1B2C3D4E5F6071", "firmware": "2.3"},
}
LISTENS = {"gnss_ublox"}  # it is not asked: it has told when it was set up
ASKED = sorted(TOLD.keys() - LISTENS)
SEEDS = 50


class Noise:
    """Any wire, on which random bytes answer."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._left = 600

    def wait(self, seconds: float) -> None: ...

    def close(self) -> None: ...

    def write(self, data: bytes) -> None: ...

    def read(self, size: int) -> bytes:
        size = min(self._random.randint(1, size), self._left)
        self._left -= size
        return self._random.randbytes(size)

    def transfer(self, address: int, data: bytes, size: int, pause: float = 0.0) -> bytes:
        return self._random.randbytes(self._random.choice((size, size, self._random.randint(0, size))))


def port(name: str, url: str = "sim://") -> SimPort:
    return SimPort(name, url, VirtualTime())


def started(name: str, at: SimPort) -> Driver:
    kind = drivers.load(name)
    driver = kind(at.open(), **kind.example)
    driver.start()
    return driver


@pytest.mark.parametrize("name", drivers.names())
def test_the_part_of_a_simulator_tells_who_it_is_and_measures_on(name: str) -> None:
    if not simulated(name):
        pytest.skip(f"{name} has no simulator")
    driver = started(name, port(name))
    if name in LISTENS:
        assert driver.identify() == {}
        for _ in range(5):
            driver.sample()
    assert driver.identify() == TOLD.get(name, {})
    driver.bus.wait(60)
    assert driver.sample().values


def test_all_who_override_the_hook_are_tried() -> None:
    overriding = {name for name in drivers.names() if drivers.load(name).identity is not Driver.identity}
    assert overriding == TOLD.keys()


@pytest.mark.parametrize(
    ("name", "url", "told"),
    [
        ("bme280", "sim://?chip=bmp280", {"model": "BMP280"}),
        ("bme680", "sim://?chip=bme688", {"model": "BME688"}),
        ("sen5x", "sim://?model=sen50", {"model": "SEN50", "serial": "5E4D3C2B1A09F8E7"}),
    ],
)
def test_another_model_says_so(name: str, url: str, told: Mapping[str, str]) -> None:
    assert started(name, port(name, url)).identify() == told


@pytest.mark.parametrize("fault", ["silent", "garbage", "unplug"])
@pytest.mark.parametrize("name", ASKED)
def test_a_faulty_wire_is_a_driver_error(name: str, fault: str) -> None:
    at = port(name)
    driver = started(name, at)
    at.faults.hurt(fault)
    with pytest.raises(drivers.DriverError):
        driver.identify()


@pytest.mark.parametrize("name", ASKED)
def test_noise_ends_in_text_or_driver_errors(name: str) -> None:
    for seed in range(SEEDS):
        with suppress(drivers.DriverError):
            driver = drivers.load(name)(Noise(seed))
            assert all(text and text.isprintable() for text in driver.identify().values())


class Says(Driver):
    wire = Wire("port")
    measures = ()
    said: Any = None

    def read(self) -> Mapping[str, float]:
        return {}

    def identity(self) -> Mapping[str, str]:
        if isinstance(self.said, Exception):
            raise self.said
        told: Mapping[str, str] = self.said
        return told


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"colour": "red"}, drivers.BadData),
        ({"model": ""}, drivers.BadData),
        ({"serial": "\x00\xff"}, drivers.BadData),
        (KeyError("x"), drivers.BadData),
        (OSError(5, "gone"), drivers.BusError),
        (drivers.NoData("later"), drivers.NoData),
    ],
)
def test_only_sound_text_and_driver_errors_leave_identify(said: object, error: type[Exception]) -> None:
    driver = Says(Noise(0))
    driver.said = said
    with pytest.raises(error):
        driver.identify()


def test_the_keys_are_fixed() -> None:
    assert IDENTITY == ("model", "serial", "firmware")
    assert {key for told in TOLD.values() for key in told} <= set(IDENTITY)


def test_a_receiver_without_extensions_tells_its_firmware_only() -> None:
    assert ubx.identity(b"7.03 (45969)".ljust(30, b"\0") + b"00040007".ljust(10, b"\0")) == {"firmware": "7.03 (45969)"}


def heard(driver: str, place: str) -> Record:
    return listen(SensorSettings("x", driver, place, None, None, None, {}, (), drivers.load(driver).wire.key), 0.1)


def test_the_bench_warns_of_a_bmp280_and_fails_nothing() -> None:
    verdict = judge(heard("bme280", "sim://?chip=bmp280"), "identity")
    assert "WARNING" in verdict.result and "BMP280" in verdict.result
    assert verdict.passed


@pytest.mark.parametrize(
    ("driver", "place", "told"),
    [
        ("bme280", "sim://", "model BME280"),
        ("ezo_ph", "sim://", "model EZO pH, firmware 1.98"),
        ("pms5003", "sim://", "it does not tell"),
        ("sht3x", "sim://?fault=silent", "it does not tell"),
    ],
)
def test_the_bench_tells_who_it_has_met(driver: str, place: str, told: str) -> None:
    assert judge(heard(driver, place), "identity").result == told
