"""A GNSS receiver whose pulse is on GPIO 18, read by ``edge run``; prints how far off the node's date is, as JSON.

It and the node share the ticks since boot, so the truth is known: its second N begins at a tick that it chose itself.
"""

import json
import os
import subprocess
import sys
import time
import tty
from pathlib import Path
from typing import Any

from drivers.sim.gnss_nmea import BEGIN, Receiver
from edge.clock import BUILT
from edge.state import State

SECONDS = 30
SECOND = 10**9
YEAR = 365 * 86400
LATER = BUILT // SECOND - int(BEGIN.timestamp()) + YEAR  # s after BEGIN: a node believes no date before it was built
SENTENCE = 0.15  # seconds from the pulse to the sentences that name it
NEAR = 5_000_000  # ns before a moment from which on it is waited for without sleep
WORK = Path("/run/receiver")
CONFIG = """
[node]
id = "VM-1"

[clock]
pps = "pps0"

[[sensor]]
name = "gnss"
driver = "gnss_nmea"
port = "/run/receiver/port"
interval = "1s"
"""


def main(wrong: str) -> None:
    """Meanwhile the system clock says the date ``wrong``."""
    WORK.mkdir()
    (WORK / "edge.toml").write_text(CONFIG)
    subprocess.run(["date", "--set", wrong], check=True, stdout=subprocess.DEVNULL)
    master, slave = os.openpty()
    tty.setraw(slave)
    (WORK / "port").symlink_to(os.ttyname(slave))
    words = ["-m", "edge", "run", "--config", str(WORK / "edge.toml"), "--state", str(WORK / "state")]
    node = subprocess.Popen([sys.executable, *words])
    begin = _ticks() // SECOND * SECOND + 2 * SECOND
    _run(master, begin)
    node.terminate()
    node.wait()
    print(json.dumps([_judged(anchor, begin) for anchor in State(WORK / "state/state.json").load("clock")["anchors"]]))


def _run(port: int, begin: int) -> None:
    """A pulse and its sentences for each second; ``begin`` is the tick of second 0."""
    receiver = Receiver(0.0, 1.0, ttff=0.0)
    pull = os.open(next(Path("/sys/devices/platform").glob("gpio-sim*/gpiochip*/sim_gpio18/pull")), os.O_WRONLY)
    for second in range(1, SECONDS):
        _wait(begin + second * SECOND)
        os.pwrite(pull, b"pull-up", 0)
        time.sleep(SENTENCE)
        os.pwrite(pull, b"pull-down", 0)
        os.write(port, receiver.frame(LATER + second))


def _wait(due: int) -> None:
    time.sleep(max(0, due - NEAR - _ticks()) / SECOND)
    while _ticks() < due:
        pass


def _ticks() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def _judged(anchor: dict[str, Any], begin: int) -> dict[str, Any]:
    """Its source, its own bound, and how far it is from the truth, in seconds."""
    truth = (int(BEGIN.timestamp()) + LATER) * SECOND + anchor["ticks"] - begin
    return {"source": anchor["source"], "error": anchor["error"], "apart": (anchor["utc"] - truth) / SECOND}


if __name__ == "__main__":
    main(*sys.argv[1:])
