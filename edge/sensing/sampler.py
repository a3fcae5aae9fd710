"""One thread a bus: each device in its turn, when it is due. A silent one never stops the others."""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event, Thread

from edge.reading import Reading
from edge.sensing.device import Device

log = logging.getLogger("edge.sampler")

LONGEST = 1.0  # seconds between two signs of life
CALM_DOWN = 1.0  # seconds after an error that is ours


class Sampler:
    """The devices of one bus and the thread that asks them."""

    def __init__(self, bus: str, devices: Sequence[Device], take: Callable[[list[Reading]], None]) -> None:
        """``take`` gets the readings and must return at once."""
        self.bus, self.devices = bus, devices
        self.beat: Callable[[], None] = lambda: None
        self._take = take
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=f"bus {bus}", daemon=True)

    def start(self) -> None:
        """Begins to sample."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the measurement that is under way, and puts the devices to rest."""
        self._stopping.set()

    def join(self) -> None:
        """Waits until the devices are at rest."""
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.beat()
            device = min(self.devices, key=lambda device: device.due)
            pause = min(LONGEST, device.due - time.monotonic())
            if pause > 0:
                self._stopping.wait(pause)
                continue
            self._step(device)
        for device in self.devices:
            self._hand_over(device.close())

    def _step(self, device: Device) -> None:
        try:
            self._hand_over(device.step())
        except Exception:  # a fault of ours must not end the thread: the other devices live on it
            log.exception("sampling %s failed in the gateway itself", device.name)
            self._stopping.wait(CALM_DOWN)

    def _hand_over(self, readings: list[Reading]) -> None:
        if readings:
            self._take(readings)
