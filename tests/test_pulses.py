"""One rule for bouncing contacts, in the port as in a recording."""

import importlib.util
import threading

import pytest
from gpiozero.pins.mock import MockFactory

import drivers
from drivers.gpio import PulsePin
from drivers.plug import usual_debounce
from drivers.pulses import Debounce, interpolated, paired
from drivers.sim import SimPort


def counted(least: float, *edges: tuple[float, bool], active: bool = False) -> int:
    contact = Debounce(least, active=active)
    for at, level in edges:
        contact.edge(at, level)
    return contact.count


def test_clean_edges() -> None:
    assert counted(0, (1, True), (2, False), (3, True), (4, False)) == 2


def test_a_level_repeated_is_no_edge() -> None:
    assert counted(0, (1, True), (2, True), (3, True), (4, False), (5, False)) == 1


def test_bounce_at_either_end() -> None:
    press = [(1, True), (1.001, False), (1.002, True), (1.003, False), (1.004, True)]
    release = [(2, False), (2.001, True), (2.002, False)]
    assert counted(0.01, *press, *release, (3, True), (3.5, False)) == 2


def test_a_glitch_while_closed_is_no_second_pulse() -> None:
    assert counted(0.01, (1, True), (1.5, False), (1.501, True), (2, False), (3, True)) == 2


def test_pulses_shorter_than_the_limit_are_all_counted() -> None:
    assert counted(0.01, *[(at + part, not part) for at in range(1, 6) for part in (0, 0.004)]) == 5


def test_active_at_the_beginning_is_no_pulse() -> None:
    assert counted(0.01, (1, False), (2, True), active=True) == 1


def test_level_changes_once_it_has_lasted() -> None:
    contact = Debounce(0.05)
    for at, active in ((1, True), (1.01, False), (1.02, True), (2, False), (2.03, True), (3, False)):
        contact.edge(at, active)
        assert contact.level(at) == (at in (2, 2.03, 3))
    assert (contact.level(3.04), contact.level(3.06)) == (True, False)


def test_level_without_debounce_is_the_line() -> None:
    contact = Debounce()
    contact.edge(1, True)
    assert contact.level(1)


def test_pin_tells_its_level_and_finds_a_lost_edge() -> None:
    factory = MockFactory()
    port = PulsePin(17, factory=factory)
    assert not port.level()
    factory.pin(17).drive_low()
    assert port.level()
    factory.pin(17).when_changed = None
    factory.pin(17).drive_high()
    assert not port.level()
    port.close()


def test_pin_waits_until_its_level_has_settled() -> None:
    factory = MockFactory()
    port = PulsePin(17, debounce=3600, factory=factory)
    factory.pin(17).drive_low()
    assert not port.level()
    port.close()


def test_each_driver_has_its_usual_debounce() -> None:
    usual = {name: usual_debounce(drivers.load(name)) for name in ("rain_bucket", "contact", "pulse_flow", "pms5003")}
    assert usual == {"rain_bucket": 0.1, "contact": 0.05, "pulse_flow": 0.0, "pms5003": 0.0}


class Hands:
    """A clock that someone turns."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_pin_counts_falling_edges_over_the_time_that_passed() -> None:
    factory, clock = MockFactory(), Hands()
    port = PulsePin(17, factory=factory, clock=clock)
    for _ in range(3):
        factory.pin(17).drive_low()
        factory.pin(17).drive_high()
    clock.now = 107.5
    assert port.take() == (3, 7.5)
    assert port.take() == (0, 0.0)
    port.close()
    port.close()


def test_pin_swallows_bounces() -> None:
    factory = MockFactory()
    port = PulsePin(17, debounce=3600, factory=factory)
    for _ in range(5):
        factory.pin(17).drive_low()
        factory.pin(17).drive_high()
    assert port.take()[0] == 1
    port.close()


@pytest.mark.skipif(importlib.util.find_spec("lgpio") is not None, reason="lgpio is installed here")
def test_pin_without_gpio_says_what_is_missing() -> None:
    with pytest.raises(drivers.BusError, match="GPIO 17"):
        PulsePin(17)


def test_simulated_meter_moves_a_pin_and_stops_with_its_bus() -> None:
    bus = SimPort("pulse_flow", "sim://?rate=500").open()
    driver = drivers.load("pulse_flow")(bus)
    for _ in range(1000):
        bus.wait(0.005)
        if driver.measure().values["pulses"] >= 3:
            break
    bus.close()
    assert driver.memory["pulses"] >= 3
    assert not [thread for thread in threading.enumerate() if thread.name == "sim pulse_flow"]


def test_points_are_joined_by_straight_lines() -> None:
    points = paired([5, 1, 50, 7])
    assert [interpolated(points, x) for x in (-1, 0, 2.5, 5, 27.5, 50, 100)] == [0, 0, 0.5, 1, 4, 7, 14]


@pytest.mark.parametrize("table", [[1], [1, 2, 1, 3], [2, 1, 1, 2], [-1, 1], [0, 1], [1, -1], ["a", 1], [1, "nan"]])
def test_a_table_without_sense_is_refused(table: list) -> None:
    with pytest.raises(ValueError, match=r"table|convert"):
        drivers.load("pulse_flow").measured({"table": table})


def test_the_litres_of_a_table_go_on_after_a_restart() -> None:
    bus = SimPort("pulse_flow", "sim://").open()
    driver = drivers.load("pulse_flow")(bus, table=[10, 6])
    driver.memory["volume"] = 500.0
    bus.wait(0.2)
    assert driver.measure().values["volume"] >= 500
    bus.close()
