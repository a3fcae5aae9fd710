"""Counts pulses on GPIO 17: ``count LIBRARY HZ PULSES [deaf]``; prints what a driver's port took, as JSON."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from drivers.gpio import EventPin, PulsePin, gpiod

GPIO = 17
SETTLED = 1.0  # seconds until the last edge is through
PORTS: dict[str, Callable[[], EventPin | PulsePin]] = {
    "gpiod": lambda: EventPin(GPIO, gpiod()),
    "gpiozero": lambda: PulsePin(GPIO),
}


def count(library: str, *burst: str) -> None:
    """The pulses come from a process of their own, as a meter's do."""
    port = PORTS[library]()
    port.take()
    subprocess.run([sys.executable, "-m", "hw_tests.vm.guest.pulses", "send", *burst], check=True)
    time.sleep(SETTLED)
    counted, seconds = port.take()
    print(json.dumps({"counted": counted, "lost": port.lost, "seconds": round(seconds, 1)}))
    port.close()


def send(hertz: str, pulses: str, deaf: str = "") -> None:
    """The line is pulled down and let go; when ``deaf``, the one who counts is stopped meanwhile."""
    if deaf:
        os.kill(os.getppid(), signal.SIGSTOP)
    pull = next(Path("/sys/devices/platform").glob(f"gpio-sim*/gpiochip*/sim_gpio{GPIO}/pull"))
    wire, due = os.open(pull, os.O_WRONLY), time.perf_counter()
    for level in (b"pull-down", b"pull-up") * int(pulses):
        os.pwrite(wire, level, 0)
        due += 0.5 / float(hertz)
        time.sleep(max(0.0, due - time.perf_counter()))
    os.kill(os.getppid(), signal.SIGCONT)


if __name__ == "__main__":
    (count if sys.argv[1] == "count" else send)(*sys.argv[2:])
