"""Receivers over other wires and rates than the usual: TCP, a port at the wrong rate, and the settings for them."""

import os
import pty
import socket
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

import drivers
from drivers.bus import Tunable
from drivers.ports import SerialPort, TcpPort
from drivers.sim import SimPort
from drivers.sim.time import VirtualTime
from edge.settings import SettingsError, load

TPV = b'{"class":"TPV","mode":3,"time":"2026-11-23T12:00:01.000Z","lat":52.52004,"lon":13.40495}\r\n'


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        yield listening


def url(server: socket.socket) -> str:
    return f"tcp://127.0.0.1:{server.getsockname()[1]}"


def test_gpsd_over_a_socket(server: socket.socket) -> None:
    plug = drivers.plug("gpsd_client", url(server))
    bus = plug.open()
    far, _ = server.accept()
    driver = drivers.load("gpsd_client")(bus)
    with pytest.raises(drivers.NoData):
        driver.start() or driver.measure()
    assert far.recv(100) == b'?WATCH={"enable":true,"json":true};\n'
    far.sendall(TPV)
    assert driver.measure().values["latitude"] == 52.52004
    far.close()
    with pytest.raises(drivers.BusError, match="closed by the other end"):
        driver.measure()
    bus.close()
    bus.close()


def test_a_serial_port_may_be_behind_a_socket(server: socket.socket) -> None:
    bus = drivers.plug("gnss_nmea", url(server)).open()
    far, _ = server.accept()
    far.sendall(b"$GNRMC,,V,,,,,,,,,,N*4D\r\n")
    assert drivers.load("gnss_nmea")(bus).measure().values == {"fix": 0}
    assert not isinstance(bus, Tunable)
    far.close()
    bus.close()


@pytest.mark.parametrize("place", ["tcp://127.0.0.1", "tcp://:2947", "tcp://host:99999", "tcp:host:1", "/dev/ttyAMA0"])
def test_what_is_no_host_is_a_bus_error(place: str) -> None:
    with pytest.raises(drivers.BusError, match="tcp://"):
        drivers.plug("gpsd_client", place).open()


def test_a_closed_door_is_a_bus_error(server: socket.socket) -> None:
    place = url(server)
    server.close()
    with pytest.raises(drivers.BusError, match=r"127\.0\.0\.1"):
        drivers.plug("gpsd_client", place).open()


def test_tcp_port_ends_its_silence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = TcpPort(*listening.getsockname())
        assert port.read(10) == b""
        port.close()


def test_serial_port_changes_its_rate() -> None:
    far, near = pty.openpty()
    port = SerialPort(os.ttyname(near), 9600)
    os.write(far, b"at the old rate")
    port.rate(38400)
    assert termios.tcgetattr(near)[5] == termios.B38400
    os.write(far, b"new")
    assert port.read(10) == b"new"
    assert isinstance(port, Tunable)
    port.close()
    with pytest.raises(drivers.BusError):
        port.rate(9600)
    os.close(far)
    os.close(near)


def heard(driver: drivers.Driver, rounds: int) -> list[drivers.Measurement | drivers.DriverError]:
    found = []
    for _ in range(rounds):
        try:
            found.append(driver.measure())
        except drivers.DriverError as error:
            found.append(error)
    return found


def receiver(setting: str, **options: object) -> tuple[drivers.Driver, SimPort]:
    port = SimPort("gnss_ublox", f"sim://?{setting}", VirtualTime())
    driver = drivers.load("gnss_ublox")(port.open(), **options)
    driver.start()
    return driver, port


@pytest.mark.parametrize("protocol", [14, 15, 18, 27, 34])
def test_every_generation_is_set_up(protocol: int) -> None:
    driver, _ = receiver(f"protocol={protocol}")
    found = heard(driver, 40)
    fixes = [got for got in found if isinstance(got, drivers.Measurement)]
    assert not [got for got in found if isinstance(got, drivers.BadData)]
    assert len(fixes) >= 8
    assert all("hdop" in got.values and got.values["satellites"] == 9 for got in fixes)
    assert ("satellites_in_view" in fixes[-1].values) == (protocol >= 15)
    times = [got.values["utc"] for got in fixes]
    assert times == sorted(set(times))


def test_neo_6m_stays_with_nmea() -> None:
    driver, _ = receiver("protocol=0")
    fixes = [got for got in heard(driver, 40) if isinstance(got, drivers.Measurement)]
    assert len(fixes) >= 8
    assert not driver.setup.binary


def test_keys_at_an_old_receiver_and_messages_at_a_new_one_are_refused() -> None:
    from drivers.gnss import ubx
    from drivers.sim.gnss_ublox import Receiver

    valset, message = ubx.frame(b"\x06\x8a", b"\0\1\0\0"), ubx.frame(b"\x06\x01", b"\1\7\1")
    answers = [Receiver(0.0, protocol, 9600).receive(valset + message) for protocol in (18, 27, 34)]
    assert [[answer[3], answer[13]] for answer in answers] == [[0, 1], [1, 1], [1, 0]]


@pytest.mark.parametrize("rate", [2, 5, 10])
def test_fixes_come_at_the_rate_that_was_asked_for(rate: int) -> None:
    driver, _ = receiver("protocol=27", rate=float(rate))
    times = [got.values["utc"] for got in heard(driver, 12 * rate) if isinstance(got, drivers.Measurement)]
    assert times[-1] - times[-1 - rate] == pytest.approx(1)


@pytest.mark.parametrize("baud", [4800, 38400, 115200, 230400])
def test_the_rate_of_the_receiver_is_found(baud: int) -> None:
    driver, port = receiver(f"baud={baud}")
    found = heard(driver, 80)
    first = next(at for at, got in enumerate(found) if isinstance(got, drivers.Measurement))
    assert first <= 6 * 8
    assert isinstance(found[-1], drivers.Measurement | drivers.NoData)
    assert port.time.now() > 0


def test_a_rate_that_worked_is_not_left_for_a_gap() -> None:
    driver, port = receiver("baud=38400")
    heard(driver, 60)
    port.faults.hurt("silent", 4.0)
    assert not any(isinstance(got, drivers.Measurement) for got in heard(driver, 15))
    found = heard(driver, 12)
    assert sum(isinstance(got, drivers.Measurement) for got in found) >= 2


def test_a_receiver_that_starts_anew_is_set_up_again() -> None:
    driver, port = receiver("protocol=18")
    heard(driver, 20)
    assert driver.setup.binary
    inside = driver.bus._receiver
    inside.__init__(port.time.now(), 18, 9600)
    found = [got for got in heard(driver, 40) if isinstance(got, drivers.Measurement)]
    assert driver.setup.binary
    assert "satellites_in_view" in found[-1].values


def checked(tmp_path: Path, *lines: str) -> list[str]:
    """The problems of a node with these lines of sensors."""
    path = tmp_path / "edge.toml"
    path.write_text('[node]\nid = "N"\n' + "\n".join(lines) + "\n")
    try:
        load(path)
    except SettingsError as error:
        return str(error).splitlines()
    return []


def sensor(name: str, driver: str, place: str) -> str:
    return f'[[sensor]]\nname = "{name}"\ndriver = "{driver}"\n{place}'


def test_settings_take_what_is_on_the_network_and_what_the_kernel_counts(tmp_path: Path) -> None:
    given = [
        sensor("a", "gpsd_client", 'port = "tcp://127.0.0.1:2947"'),
        sensor("b", "gnss_nmea", 'port = "tcp://[fe80::1]:4001"'),
        sensor("c", "pps", 'pps = "pps0"'),
        sensor("d", "pps", 'pps = "pps1"'),
    ]
    assert checked(tmp_path, *given) == []


@pytest.mark.parametrize(
    ("driver", "place", "problem"),
    [
        ("gpsd_client", 'port = "/dev/ttyAMA0"', "'port' cannot be '/dev/ttyAMA0'"),
        ("gpsd_client", 'port = "tcp://127.0.0.1"', "tcp://127.0.0.1:2947"),
        ("gpsd_client", "i2c = 1", "'gpsd_client' hangs on the network"),
        ("gpsd_client", 'port = "tcp://127.0.0.1:2947"\nbaud = 9600', "has no 'baud'"),
        ("pps", 'pps = "/dev/pps0"', "'pps' is not the name of a line"),
        ("pps", "gpio = 18", "'pps' hangs on a pulse-per-second line"),
    ],
)
def test_settings_say_what_does_not_fit(tmp_path: Path, driver: str, place: str, problem: str) -> None:
    assert any(problem in line for line in checked(tmp_path, sensor("a", driver, place)))


def test_two_on_one_line_clash(tmp_path: Path) -> None:
    found = checked(tmp_path, sensor("a", "pps", 'pps = "pps0"'), sensor("b", "pps", 'pps = "pps0"'))
    assert any("PPS line pps0 is already taken by sensor 'a'" in line for line in found)
