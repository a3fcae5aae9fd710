"""A series through a real device with its default chain, in virtual time."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import chain

import drivers
from drivers import Driver, NoData
from drivers.sim.time import VirtualTime
from edge.clock import Clock, Stamp
from edge.reading import Reading
from edge.sensing.build import chain_of
from edge.sensing.device import Device
from edge.settings import SensorSettings
from tests.quality.worlds import Values, World


class Scene:
    """Plug and bus at once: it holds what the device says now, None while it is silent."""

    values: Values | None = None

    def open(self) -> "Scene":
        """Itself."""
        return self

    def wait(self, seconds: float) -> None:
        """Nobody waits here."""

    def close(self) -> None:
        """Nothing to close."""


class Ticks(Clock):
    """Boot ticks of a virtual time."""

    def __init__(self, time: VirtualTime) -> None:
        super().__init__()
        self._time = time

    def now(self) -> Stamp:
        return Stamp("boot", int(self._time.now() * 1e9))


def player(world: World, names: Iterable[str]) -> type[Driver]:
    """A driver with the quantities, resolution and warm-up of the real one, which gives what the scene holds."""
    real, known = drivers.load(world.driver), set(names)

    class Player(Driver):
        wire = real.wire
        measures = tuple(one for one in real.measures if one.name in known)
        timing = replace(real.timing, interval=1.0, measure=0.0, rest=0.0)

        def read(self) -> Values:
            if self.bus.values is None:
                raise NoData("silence")
            return self.bus.values

    return Player


def played(world: World, series: Iterable[Values | None], cuts: Collection[int]) -> Iterator[list[Reading]]:
    """What leaves the chain, second by second; before each second of ``cuts`` the power was away for a moment."""
    seconds = iter(series)
    first = next(seconds) or {}
    time, scene = VirtualTime(), Scene()
    device = _device(world, player(world, first), scene, time)
    for at, scene.values in enumerate(chain([first], seconds)):
        if at in cuts:
            device.restart()
        yield _second(device, time, at + 1)


def _device(world: World, driver: type[Driver], scene: Scene, time: VirtualTime) -> Device:
    settings = SensorSettings("dut", world.driver, "play", None, None, 1.0, {}, (), driver.wire.key)
    clock = Ticks(time)
    checks = chain_of(settings, driver, lambda sensor, quantity: device.counts.latest.get(quantity), clock.utc)
    device = Device(settings, driver, scene, checks, clock, now=time.now)
    return device


def _second(device: Device, time: VirtualTime, end: float) -> list[Reading]:
    """All that the device gives until ``end``."""
    out: list[Reading] = []
    while device.due < end:
        time.wait(max(0.0, device.due - time.now()))
        out += device.step()
    time.wait(end - time.now())
    return out
