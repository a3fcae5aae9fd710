"""A real chronyd takes the samples of a receiver and finds how far the system clock is off; it may not touch that."""

import getpass
import shutil
import subprocess
from contextlib import suppress

import pytest

from drivers import Measurement
from edge.clock import Clock, Stamp
from edge.timing.chrony import ChronySock
from edge.timing.gnsstime import Receiver
from tests.broker import until
from tests.waiting import PATIENCE

CHRONYD = shutil.which("chronyd", path="/usr/sbin:/usr/bin:/sbin:/bin")
OFF = 0.25  # seconds that the system clock lacks, as the receiver sees it

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(CHRONYD is None, reason="there is no chronyd on this machine: apt install chrony"),
]


@pytest.fixture
def chronyd(tmp_path):
    tmp_path.chmod(0o700)
    lines = (
        f"refclock SOCK {tmp_path}/sock refid GNSS delay 0.2 precision 1e-4 poll 0 filter 4",
        f"logdir {tmp_path}",
        "log refclocks",
        f"pidfile {tmp_path}/pid",
        f"bindcmdaddress {tmp_path}/command",
        "cmdport 0",
        "port 0",
    )
    (tmp_path / "chrony.conf").write_text("\n".join([*lines, ""]))
    command = [CHRONYD, "-x", "-U", "-d", "-u", getpass.getuser(), "-f", str(tmp_path / "chrony.conf")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    if not until((tmp_path / "sock").exists, 30):
        process.kill()
        process.wait()
        pytest.skip(f"chronyd does not run here: {(tmp_path / 'log').read_text()[-300:]}")
    yield tmp_path
    process.terminate()
    process.wait(timeout=PATIENCE)


def offsets(folder):
    """The offsets that chronyd took, in seconds: raw ones are the last but two of a line."""
    with suppress(OSError):
        lines = [line.split() for line in (folder / "refclocks.log").read_text().splitlines()]
        return [float(words[-3]) for words in lines if "GNSS" in words and words[3].isdigit()]
    return []


def test_chrony_finds_the_offset(chronyd):
    clock = Clock()
    receiver, start = Receiver(clock, chrony=ChronySock(str(chronyd / "sock"))), clock.moment()
    for number in range(40):  # fixes of the last seconds, as if they had just come
        at = start.ticks - (40 - number) * 10**9
        utc = start.utc + at - start.ticks + round(OFF * 1e9)
        receiver.hear(Measurement({"utc": utc / 1e9, "fix": 3.0}), Stamp(clock.boot, at))
    assert until(lambda: offsets(chronyd)), (chronyd / "log").read_text()
    found = offsets(chronyd)
    print(f"\nchronyd took {len(found)} samples and found {found[-1]:.6f} s where {OFF} s were missing")
    assert all(abs(abs(offset) - OFF) < 0.001 for offset in found)
