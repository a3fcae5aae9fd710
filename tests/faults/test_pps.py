"""The real node with a receiver and its pulse, in the wrong century: how right it is. Root, for a /sys of its own."""

import os
import shutil
import subprocess
import sys
import threading
import time

import pytest

from drivers.checks import xor8
from edge.dates.anchor import Anchor
from edge.state import State
from tests.broker import NODE, QUIET, RUN, Lab, NodeProcess, until
from tests.faults.clocks import Clocks, built, needs_cc
from tests.faults.figures import figure

SYSFS = "/sys/class/pps"
FOLDER = os.path.isdir(SYSFS)  # noqa: PTH112 - there is nothing to open
LAST_CENTURY = -1.5e9  # seconds that the wall clock of the node is off

pytestmark = [
    pytest.mark.faults,
    needs_cc,
    pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="root and unshare are needed"),
    pytest.mark.skipif(not FOLDER, reason=f"this kernel has no {SYSFS}"),
]


class Receiver:
    """Pulses in a folder and sentences on a port, each true second, until the end."""

    def __init__(self, folder, port, ahead):
        self._file, self._port, self._ahead = folder / "pps0" / "assert", port, ahead
        self._file.parent.mkdir(parents=True)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        self._end.set()
        self._thread.join()

    def _run(self):
        number = 0
        while not self._end.wait(1.0 - time.time() % 1.0):
            number, second = number + 1, round(time.time())
            fresh = self._file.with_suffix(".new")
            fresh.write_text(f"{second + round(self._ahead)}.000000000#{number}\n")
            fresh.replace(self._file)
            self._end.wait(0.15)
            self._port.send(sentences(second))


def sentences(second):
    at = time.gmtime(second)
    clock, date = time.strftime("%H%M%S.00", at), time.strftime("%d%m%y", at)
    bodies = (
        f"GPRMC,{clock},A,5231.2000,N,01324.3000,E,0.0,,{date},,,A",
        f"GPGGA,{clock},5231.2000,N,01324.3000,E,1,08,0.9,34.0,M,42.0,M,,",
    )
    return b"".join(f"${body}*{xor8(body.encode()):02X}\r\n".encode() for body in bodies)


class Sheltered(NodeProcess):
    """A node that sees a folder of ours in place of /sys/class/pps."""

    def start(self, folder, **environment):
        run = f'mount --bind {folder} {SYSFS} && exec "$0" -c "$1" run --config {self.config} --state {self.state}'
        with self._log.open("ab") as log:
            command = ["unshare", "-m", "sh", "-c", run, sys.executable, RUN]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=QUIET | environment)


def test_with_a_pulse_the_date_is_right_to_a_tenth_of_a_millisecond(tmp_path):
    clocks = Clocks(tmp_path, built(tmp_path))
    clocks.boot("boot-p")
    clocks.set(LAST_CENTURY)
    with Lab(tmp_path) as lab:
        port = lab.pty()
        receiver = Receiver(tmp_path / "pps", port, LAST_CENTURY)
        node = Sheltered(tmp_path, f'[node]\nid = "{NODE}"\n[clock]\npps = "pps0"\n[[sensor]]\nname = "gps"\n'
                         f'driver = "gnss_nmea"\nport = "{tmp_path}/port"\n')  # fmt: skip
        node.start(tmp_path / "pps", **clocks.environment)
        try:
            status = until(lambda: (s := node.status()) and (s["clock"]["error"] or 1.0) < 0.01 and s)
            receiver.stop()
            assert node.terminate() == 0
        finally:
            node.process.kill()
            node.process.wait()
    assert status, node.log
    clock = anchored(node.state)
    off = clock.utc / 1e9 - clocks.truth(clock)
    figure("stated error of the anchor", clock.error * 1e6, "us", most=1000)
    figure("its true error", abs(off) * 1e6, "us", most=1000)


def anchored(state):
    """The newest anchor on the card."""

    return Anchor(**State(state / "state.json").load("clock")["anchors"][-1])
