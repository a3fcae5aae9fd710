"""The last rung of recovery: a device that nothing else brings back loses its supply for a moment. In virtual time."""

from itertools import pairwise

import pytest

import drivers
from drivers import BusError
from drivers.sim import SimPort
from drivers.sim.time import VirtualTime
from edge.clock import Clock
from edge.filters import Chain
from edge.sensing.condition import Health
from edge.sensing.device import Device
from edge.sensing.power import OFF, PATIENCE, Power
from edge.settings import SensorSettings, SettingsError, load


class Supply:
    """A switch that notes what it did; ``heals`` says whether the device is well after it."""

    def __init__(self, time, faults, *, heals=True, broken=False):
        self.time, self.faults, self.heals, self.broken, self.did = time, faults, heals, broken, []

    def on(self):
        self.did.append(("on", self.time.now()))
        if self.heals:
            self.faults.heal()

    def off(self):
        if self.broken:
            raise BusError("no such line")
        self.did.append(("off", self.time.now()))

    def close(self):
        self.did.append(("close", self.time.now()))


def bench(driver="pms5003", wire="port", **supply):
    time = VirtualTime()
    plug = SimPort(driver, "sim://", time)
    settings = SensorSettings("dut", driver, "sim://", None, None, 1.0, {}, (), wire)
    device = Device(settings, drivers.load(driver), plug, Chain([]), Clock(), now=time.now)
    switch = Supply(time, plug.faults, **supply)
    device.power = Power(switch, time.now)
    return time, plug, device, switch


def run(time, device, seconds):
    end = time.now() + seconds
    while time.now() < end:
        time.wait(max(0.001, min(device.due, end) - time.now()))
        if device.due <= time.now():
            device.step()


@pytest.mark.parametrize(("driver", "wire"), [("pms5003", "port"), ("sht3x", "i2c")])
def test_a_device_that_stays_silent_is_switched_off_and_on_and_is_back(driver, wire):
    time, plug, device, switch = bench(driver, wire)
    run(time, device, 20)
    plug.faults.hurt("silent")
    run(time, device, PATIENCE + 60)
    assert device.health is Health.OK
    (off, at), (on, until) = switch.did
    assert (off, on) == ("off", "on")
    assert OFF <= until - at <= OFF + 1
    assert device.power.cycles == 1


def test_a_device_that_stays_ill_is_cut_less_and_less_often():
    time, plug, device, switch = bench(heals=False)
    plug.faults.hurt("silent")
    run(time, device, 3600)
    offs = [at for what, at in switch.did if what == "off"]
    gaps = [later - earlier for earlier, later in pairwise(offs)]
    assert len(offs) >= 3
    assert gaps == sorted(gaps)
    assert gaps[-1] > 1.8 * gaps[0]


def test_a_switch_that_fails_changes_nothing():
    time, plug, device, _ = bench(broken=True)
    plug.faults.hurt("silent", 300)
    run(time, device, 400)
    assert device.health is Health.OK
    assert device.power.cycles == 0


def test_the_end_of_the_node_leaves_the_supply_on():
    time, plug, device, switch = bench(heals=False)
    plug.faults.hurt("silent")
    while not switch.did:
        run(time, device, 1)
    device.close()
    assert [what for what, _ in switch.did] == ["off", "on", "close"]


def test_a_line_that_switches_a_supply_can_do_nothing_else(tmp_path):
    (tmp_path / "edge.toml").write_text(
        '[node]\nid = "N"\n[[sensor]]\nname = "flow"\ndriver = "pulse_flow"\ngpio = 17\n'
        '[[sensor]]\nname = "pm"\ndriver = "pms5003"\nport = "sim://"\npower = 17\n'
    )
    with pytest.raises(SettingsError) as failed:
        load(tmp_path / "edge.toml")
    assert "GPIO 17 is already taken by sensor 'flow'" in str(failed.value)


@pytest.mark.parametrize(
    ("driver", "wire"),
    [(name, "i2c") for name in ("sht3x", "sht4x", "bme280", "bme680", "scd30", "scd4x", "sps30", "sen5x")]
    + [("sps30_uart", "port")],
)
def test_a_device_that_reopening_does_not_bring_back_is_reset_at_its_next_start(driver, wire):
    time, plug, device, _ = bench(driver, wire)
    device.power = None
    run(time, device, 30)
    assert device.health is Health.OK
    plug.faults.hurt("silent", 120)
    run(time, device, 110)
    assert device.health is Health.ILL
    run(time, device, 70)
    assert device.health is Health.OK
    assert device.counts.resets >= 1
    resets = device.counts.resets
    run(time, device, 60)
    assert device.counts.resets == resets


def test_a_device_without_a_soft_reset_is_opened_again_and_no_more():
    time, plug, device, _ = bench()
    device.power = None
    run(time, device, 20)
    plug.faults.hurt("silent", 120)
    run(time, device, 150)
    assert device.health is Health.OK
    assert device.counts.opened >= 3
    assert device.counts.resets == 0
