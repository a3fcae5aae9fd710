"""What a sensor is checked for without being told, and what of that a person's own filters replace."""

import json
from collections import Counter

import pytest

import drivers
from drivers import CATALOGUE, NONE, Quantity, Reason
from drivers.sim import SimPort
from drivers.sim.time import VirtualTime
from edge.cli import driver as driver_command
from edge.filters import Check, Flagger, completed, defaults, linked
from edge.filters.nature import NATURES, nature
from edge.filters.range import Range
from edge.filters.spike import TIMES, N
from edge.sensing.build import chain_of
from edge.sensing.device import Device
from edge.settings import FilterSettings, SensorSettings
from tests.quality.trial import Ticks


def measured(driver: str) -> dict[str, Quantity]:
    return {quantity.name: quantity for quantity in drivers.load(driver).measures}


def of(checks: list[Check], quantity: str) -> dict[str, dict[str, object]]:
    return {check.type: dict(check.options) for check in checks if check.quantity == quantity and check.type != "range"}


@pytest.mark.parametrize("driver", drivers.names())
@pytest.mark.parametrize("pace", [0.1, 1.0, 60.0, 86400.0])
def test_the_default_chain_of_every_driver_only_judges(driver, pace):
    quantities = measured(driver)
    links, left = linked(defaults(quantities, pace), quantities)
    assert all(isinstance(work, Flagger) for _, work in links)
    assert left == quantities
    assert {quantity for quantity, work in links if isinstance(work, Range)} == set(quantities)


def test_every_nature_is_one_of_the_catalogue():
    stems = {name for name in NATURES if not any(name == one or name.startswith(one + "_") for one in CATALOGUE)}
    assert not stems
    assert nature("pm2_5_cf1") == nature("pm2_5") != nature("pm10")
    assert nature("co2_equivalent") != nature("co2")


def test_a_slow_sensor_is_not_checked_for_spikes_and_has_to_repeat_itself():
    air = measured("sht3x")
    minute = 60 / N  # seconds between readings, of which the window takes one minute
    assert of(defaults(air, minute), "temperature") == {"spike": {"floor": 3.0 / TIMES}, "stuck": {"for": 10800.0}}
    assert of(defaults(air, minute / 8), "temperature")["spike"] == {"floor": pytest.approx(1.5 / TIMES)}
    assert of(defaults(air, 900.0), "temperature") == {"stuck": {"for": 10800.0}}
    assert of(defaults(air, 3600.0), "temperature") == {"stuck": {"for": 43200.0}}


def test_what_may_stay_is_not_called_stuck():
    quiet = ("latitude", "volume", "rain", "contact", "satellites", "pulses", "co2_equivalent")
    assert all(nature(name).still is None for name in quiet)


def test_parts_are_compared_with_the_whole_as_far_as_a_device_gives_them():
    def ascending(driver: str) -> list[object]:
        return [check.options["ascending"] for check in defaults(measured(driver), 1.0) if check.type == "cross"]

    assert ascending("sds011") == [["pm2_5", "pm10"]]
    assert ascending("sps30") == [["pm1", "pm2_5", "pm4", "pm10"]]
    assert ascending("dnms") == [["sound_level_min", "sound_level", "sound_level_max"]]
    assert ascending("sds198") == []


def test_own_filters_come_behind_and_replace_what_they_check_themselves():
    air = measured("sht3x")
    own = [FilterSettings("stuck", "humidity", {"for": 60.0}), FilterSettings("mean", None, {"interval": 60.0})]
    chain = completed(own, air, 1.0)
    assert chain[-2:] == own
    assert [(item.type, item.quantity) for item in chain[:-2]] == [
        ("range", "temperature"), ("spike", "temperature"), ("stuck", "temperature"),
        ("range", "humidity"), ("spike", "humidity"),
    ]  # fmt: skip
    everywhere = completed([FilterSettings("spike", None, {"n": 3})], air, 1.0)
    assert [item.type for item in everywhere] == ["range", "stuck", "range", "stuck", "spike"]


def test_an_own_range_of_one_quantity_leaves_the_others_theirs():
    dust = measured("sds011")
    own = [FilterSettings("range", "pm10", {"high": 500.0})]
    assert [(item.type, item.quantity) for item in completed(own, dust, 1.0) if item.type == "range"] == [
        ("range", "pm2_5"), ("range", "pm10"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["gnss_nmea", "pms5003", "sht3x", "pulse_flow", "ds18b20"])
def test_healthy_simulators_of_the_demo_are_not_flagged(name):
    driver, time = drivers.load(name), VirtualTime()
    settings = SensorSettings("dut", name, "sim://", None, None, 1.0, {}, (), driver.wire.key)
    clock = Ticks(time)
    checks = chain_of(settings, driver, lambda sensor, quantity: device.counts.latest.get(quantity), clock.utc)
    device = Device(settings, driver, SimPort(name, "sim://", time), checks, clock, now=time.now)
    found: Counter[str] = Counter()
    while time.now() < 120:
        found.update(str(one.quality.reasons & ~Reason.WARMING_UP) for one in device.step())
        time.wait(max(0.001, device.due - time.now()))
    assert found.keys() == {str(NONE)}, found


def test_driver_show_tells_what_is_checked(capsys):
    assert driver_command.main(["show", "sht3x"]) == 0
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["stuck", "for", "=", "3", "h", "all"] in shown
    assert driver_command.main(["show", "sps30", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["defaults"]
    ascending = {"ascending": ["pm1", "pm2_5", "pm4", "pm10"]}
    assert {"type": "cross", "quantity": None, "options": ascending} in told
