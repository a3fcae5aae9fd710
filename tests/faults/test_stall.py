"""The card stalls: the writer hangs in its sync, and sampling does not notice.

EDGE_STALL seconds (30 for acceptance), 20 readings a second, judged by the stamps of the readings.
"""

import os
import threading
import time
from collections import Counter
from itertools import pairwise
from statistics import quantiles

import pytest

import drivers
from drivers.sim import SimPort
from edge.clock import Clock
from edge.filters import Chain
from edge.outbox.outbox import Outbox
from edge.outbox.writer import Writer
from edge.sensing.device import Device
from edge.sensing.sampler import Sampler
from edge.settings import SensorSettings
from tests.faults.blockdevice import BlockDevice, needs_block_device, wait_for
from tests.faults.figures import figure
from tests.faults.workload import everything

pytestmark = [pytest.mark.faults, needs_block_device]

STALL = float(os.environ.get("EDGE_STALL", "5"))
INTERVAL = 0.05  # seconds: 20 Hz
DEVICES = 3  # each on a bus of its own
JITTER = 50  # ms that 99 of 100 readings may be off at most
MANY = 200  # readings; a commit takes what a twentieth of a second brings


def sensor(name, take):
    settings = SensorSettings(name, "sht3x", "sim://", None, None, INTERVAL, {}, (), "i2c")
    device = Device(settings, drivers.load("sht3x"), SimPort("sht3x", "sim://"), Chain([]), Clock())
    return Sampler(name, [device], take)


def essence(reading):
    """What tells it from all others; the card keeps microseconds."""
    return reading.device, reading.quantity, reading.value, reading.at.ticks // 1000


def off(stamps):
    """How far each pace is from the interval, in seconds."""
    return [abs((later - sooner) / 1e9 - INTERVAL) for sooner, later in pairwise(stamps)]


def test_sampling_goes_on_while_the_card_stalls(tmp_path):
    taken = []  # readings of all samplers, as they are offered
    with BlockDevice(tmp_path) as device:
        outbox = Outbox(device.mount / "outbox", limit=4 << 20)
        writer = Writer(outbox, INTERVAL)

        def take(readings):
            taken.extend(readings)
            writer.offer(readings)

        samplers = [sensor(f"air{number}", take) for number in range(DEVICES)]
        writer.start()
        for sampler in samplers:
            sampler.start()
        assert wait_for(lambda: outbox.last > 20 * DEVICES)
        device.stall()
        begin, position, begun = len(taken), device.position, time.monotonic()
        assert wait_for(lambda: writer.held > MANY)  # it hangs in a sync, and no longer gets what it asks for
        committed = outbox.last
        threading.Event().wait(STALL)
        during, lasted = taken[begin:], time.monotonic() - begun
        stood_still = (device.position, outbox.last) == (position, committed)
        held = writer.held
        device.go_on()
        for sampler in samplers:
            sampler.stop()
        for sampler in samplers:
            sampler.join()
        writer.stop()
        found = everything(outbox)
        outbox.close()
    assert stood_still and held > 0, "the card did not stall: this test would prove nothing"
    stamps = {}
    for reading in during:
        if reading.quantity == "temperature":
            stamps.setdefault(reading.device, []).append(reading.at.ticks)
    paces = sorted(pace for one in stamps.values() for pace in off(one))
    p99 = quantiles(paces, n=100)[-1]
    print(
        f"{lasted:.0f} s of stall: {len(paces)} paces, off by {paces[-1] * 1e3:.1f} ms at most;"
        f" {held} held meanwhile, {len(taken)} taken, {len(found)} on the card"
    )
    assert Counter(map(essence, found.values())) == Counter(map(essence, taken))
    assert writer.overrun == 0
    figure("paces meanwhile", len(paces), "", least=0.95 * DEVICES * lasted / INTERVAL)
    figure("how far they are off, p99", p99 * 1e3, "ms", most=JITTER)
