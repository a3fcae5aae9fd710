"""A damaged byte costs one record at most, and the node starts whatever it finds in its state folder.

EDGE_SHARE: every so many-th byte of a segment (131); 1 is all of them, half an hour's work for one core that is free.
"""

import ctypes
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from zlib import crc32

import pytest

from drivers import Reason
from edge.clock import Stamp
from edge.node import Node
from edge.outbox.header import HEADER, START, unpack_header
from edge.outbox.outbox import Outbox
from edge.outbox.segment import firsts, path_of
from edge.reading import GOOD, Reading, Spread
from edge.settings import load
from tests.faults.blockdevice import ROOT, wait_for
from tests.faults.workload import acks, everything
from tests.waiting import PATIENCE

pytestmark = pytest.mark.faults

SHARE = int(os.environ.get("EDGE_SHARE", "131"))
WHOLE = 1 << 16
AT_ONCE = 256  # bytes that are damaged in turn by one call of a process
MEMORY = "/dev/shm"  # where a sync costs nothing
SEED = 417
DEADLINE = PATIENCE  # a start that hangs is a failure
BOOT = "6b8f4a52-0000-4000-8000-000000000001"
CONFIG = """
[node]
id = "LP-T"
[outbox]
limit = "64MB"
flush = "50ms"
[[uplink]]
name = "city"
host = "127.0.0.1"
port = 9
tls = false
[[sensor]]
name = "air"
driver = "sht3x"
port = "sim://"
interval = "100ms"
"""


def reading(seq):
    """Of all kinds, and of several channels."""
    at, value = Stamp(BOOT, seq * 10**8), float(seq)
    if seq % 50 == 0:
        return Reading("air", "humidity", None, "%RH", at, quality=GOOD.flagged(Reason.COMM_ERROR))
    if seq % 20 == 0:
        return Reading("air", "temperature", value, "Cel", at, 60.0, raw=value + 1, spread=Spread(60, 1.0, value))
    return Reading("pm", ("pm1", "pm2_5", "pm10")[seq % 3], value, "ug/m3", at)


def filled(folder, *, segments, size):
    """So many segments, all but the last one full; gives the last seq."""
    outbox = Outbox(folder, limit=100 * size, segment=size)
    while len(firsts(folder)) < segments:
        outbox.put([reading(seq) for seq in range(outbox.last + 1, outbox.last + 21)])
    last = outbox.last
    outbox.close()
    return last


def full_segment(folder):
    """One segment without much room left, and the last seq."""
    filled(folder, segments=2, size=WHOLE)
    second = firsts(folder)[-1]
    path_of(folder, second).unlink()
    return path_of(folder, 1), second - 1


def test_a_damaged_byte_costs_one_record_at_most(tmp_path):
    path, last = full_segment(tmp_path / "outbox")
    whole = path.read_bytes()
    assert len(whole) == WHOLE
    chosen = range(random.Random(SEED).randrange(SHARE), WHOLE, SHARE)
    shares = [chosen[first : first + AT_ONCE] for first in range(0, len(chosen), AT_ONCE)]
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as cores:
        costs = [cost for costs in cores.map(damaged, repeat(whole), repeat(last), shares) for cost in costs]
    assert len(costs) == len(chosen)
    print(
        f"{len(costs)} of {WHOLE} bytes damaged in turn, {last} records: {max(costs)} lost at most,"
        f" {sum(costs)} in all, 0 wrong"
    )
    assert max(costs) <= 1, [at for at, cost in zip(chosen, costs, strict=True) if cost > 1]


def damaged(whole, last, places):
    """Opens the segment with one of these bytes damaged, for each of them; gives how many of its records that cost."""
    expected, costs = {seq: reading(seq) for seq in range(1, last + 1)}, []
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        outbox = Path(folder, "outbox")
        path = path_of(outbox, 1)
        outbox.mkdir()
        for at in places:
            path.write_bytes(flipped(whole, at))
            found = opened(outbox)
            assert found.items() <= expected.items(), f"byte {at} made another reading of one"
            assert not (outbox / "quarantine").exists(), f"byte {at} cost the segment"
            costs.append(last - len(found))
    return costs


def flipped(whole, at):
    """One bit of this byte, another in each."""
    damaged = bytearray(whole)
    damaged[at] ^= 1 << random.Random(at).randrange(8)
    return damaged


def opened(folder):
    """What an outbox holds that begins with this folder."""
    outbox = Outbox(folder, limit=100 * WHOLE, segment=WHOLE)
    found = everything(outbox)
    outbox.close()
    return found


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace (apt install strace)")
def test_a_bad_sector_under_the_last_segment_stops_nothing(tmp_path):
    """What is written goes to a new segment under fresh seqs; what cannot be read now is there another time."""
    last = filled(tmp_path / "outbox", segments=3, size=1 << 14)
    bad = path_of(tmp_path / "outbox", firsts(tmp_path / "outbox")[-1])
    inject = ["strace", "-fqq", "-o", "/dev/null", "-P", bad, "-e", "trace=pread64", "-e", "inject=pread64:error=EIO"]
    command = [*inject, sys.executable, "-m", "tests.faults.workload", tmp_path, "--groups", "5", "--limit", "1000000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    promised = acks(done.stdout)
    assert done.returncode == 0 and promised[0].first > last, done.stderr
    outbox = Outbox(tmp_path / "outbox", limit=1_000_000, segment=1 << 14)
    found = everything(outbox)
    assert all(found[seq] == reading(seq) for seq in range(1, last + 1))
    assert all(seq in found for ack in promised for seq in range(ack.first, ack.last + 1))
    outbox.close()


def header_of(version):
    def make(path):
        data = bytearray(path.read_bytes())
        found = unpack_header(bytes(data))
        head = HEADER.pack(b"EDG1", version, 0, found.first, found.base, found.boot.encode(), found.salt)
        check = crc32(head).to_bytes(4, "little")
        for at in (0, START // 2):
            data[at : at + len(head) + 4] = head + check
        path.write_bytes(data)

    return make


def holds(data):
    def make(path):
        path.unlink(missing_ok=True)
        path.write_bytes(data)

    return make


def is_link(target):
    """A link to a file that is not ours (None: to nothing) or to itself."""

    def make(path):
        path.unlink(missing_ok=True)
        path.symlink_to({"other": path.parent.parent / "other", "self": path}.get(target, "/nowhere/at/all"))

    return make


def is_folder(path):
    path.unlink(missing_ok=True)
    path.mkdir()
    (path / "something").write_text("in it")


def is_fifo(path):
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def is_socket(path):
    path.unlink(missing_ok=True)
    here, there = os.open(path.parent, os.O_RDONLY), socket.socket(socket.AF_UNIX)
    there.bind(f"/proc/self/fd/{here}/{path.name}")
    there.close()
    os.close(here)


def is_secret(path):
    if not path.exists():
        path.write_bytes(bytes(100))
    path.chmod(0)


def is_another(path):
    shutil.copy(path_of(path.parent, firsts(path.parent)[0]), path)


ODD_FILES = {
    "empty": holds(b""),
    "zeros": holds(bytes(1 << 14)),
    "garbage": holds(b"\xa5\x5a\x00" * 5000),
    "short": holds(b"EDG1\x01\x00"),
    "link": is_link("other"),
    "dangling": is_link("nothing"),
    "loop": is_link("self"),
    "folder": is_folder,
    "fifo": is_fifo,
    "socket": is_socket,
    "secret": is_secret,
}
ODD_SEGMENTS = {**ODD_FILES, "older": header_of(0), "newer": header_of(9), "misnamed": is_another}
ODD_STATES = {
    **ODD_FILES,
    "a list": holds(b"[1, 2]"),
    "a number": holds(b"7"),
    "odd tables": holds(b'{"cursors": [1], "anchors": 5}'),
    "odd rows": holds(b'{"cursors": {"1": 5}, "memory": {"x": {"name": "a", "value": {}}}}'),
    "nameless": holds(b'{"cursors": {"1": {"value": {}}}}'),
    "deep": holds(b"[" * 100_000),
}


def segment(which, make):
    return lambda state: make(path_of(state / "outbox", firsts(state / "outbox")[which]))


def beside(name, make):
    def apply(state):
        if (state / name).is_dir():
            shutil.rmtree(state / name)
        make(state / name)

    return apply


def both(*steps):
    return lambda state: [step(state) for step in steps]


def foreign(state):
    for folder in (state, state / "outbox"):
        (folder / "notes.txt").write_text("not ours")
        (folder / "lost+found").mkdir()
        (folder / "1.seg").write_bytes(b"\x01")
        (folder / "0000000000000001.seg.bak").symlink_to("/nowhere")


HOSTILE = {
    "nothing": shutil.rmtree,
    "foreign files": foreign,
    "lock held by nobody": beside("lock", holds(b"4711\n")),
    "segment 9999999999999999": beside("outbox/9999999999999999.seg", holds(b"\x01" * 99)),
    "quarantine is a file": both(segment(-1, holds(b"\xff" * 999)), beside("outbox/quarantine", holds(b"x"))),
    "segment in quarantine already": both(
        segment(-1, holds(b"\xff" * 999)), lambda state: is_folder_like_last(state / "outbox")
    ),
    "no place for a bad state": both(beside("state.json", holds(b"{")), beside("state.unreadable", is_folder)),
    **{f"last segment {name}": segment(-1, make) for name, make in ODD_SEGMENTS.items()},
    **{f"oldest segment {name}": segment(0, make) for name, make in ODD_SEGMENTS.items() if name != "misnamed"},
    **{f"state.json {name}": beside("state.json", make) for name, make in ODD_STATES.items()},
    **{f"state.new {name}": beside("state.new", make) for name, make in ODD_FILES.items()},
    **{f"spare {name}": beside("outbox/spare.tmp", make) for name, make in ODD_FILES.items()},
    "spare too long": beside("outbox/spare.tmp", holds(b"\xff" * (3 << 20))),
    **{f"outbox {name}": beside("outbox", ODD_FILES[name]) for name in ("empty", "garbage", "dangling", "fifo")},
    "all segments bad": lambda state: [holds(b"\xff" * 999)(path) for path in (state / "outbox").glob("*.seg")],
}


def is_folder_like_last(outbox):
    (outbox / "quarantine").mkdir()
    is_folder(outbox / "quarantine" / path_of(outbox, firsts(outbox)[-1]).name)


def without_privilege():
    """Takes from this thread what lets root read everything."""
    libc, header, sets = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    sets[0] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    assert libc.capset(header, sets) == 0


class Start:
    """A node on a state folder, in a thread of its own: whether it collects, what it raised, what is kept then."""

    def __init__(self, settings, state):
        self._settings, self._state = settings, state
        self.node, self.problem, self.kept, self.before = None, None, {}, 0
        self.collects = self.saves = False
        self._built = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def watch(self):
        """Lets it collect, stops it, and reads everything."""
        if self._built.wait(DEADLINE) and self.node is not None:
            wait_for(lambda: self.problem or self.node.stores.outbox.last > self.before + 3)
            self.collects = self.node.stores.outbox.last > self.before
            self.node.stop()
        self._thread.join(DEADLINE)
        return not self._thread.is_alive()

    def _run(self):
        without_privilege()
        try:
            node = Node(self._settings, self._state)
            self.before = node.stores.outbox.last
            self.node = node
            self._built.set()
            node.run()
            outbox = Outbox(self._state / "outbox", limit=64 << 20)
            self.kept = everything(outbox)
            outbox.close()
            self.saves = "city" in json.dumps(json.loads((self._state / "state.json").read_bytes())["cursors"])
        except Exception as error:
            self.problem = error
        finally:
            self._built.set()


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "edge.toml"
    path.write_text(CONFIG)
    return load(path)


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_node_starts_whatever_it_finds(tmp_path, settings, kind, caplog):
    state = tmp_path / "state"
    last = filled(state / "outbox", segments=4, size=1 << 14)
    (tmp_path / "other").write_bytes(b"not ours either" * 99)
    (state / "other").write_bytes(b"not ours either" * 99)
    inner = firsts(state / "outbox")[1:3]
    HOSTILE[kind](state)
    start = Start(settings, state)
    assert start.watch(), "it hangs"
    assert start.problem is None, repr(start.problem)
    assert start.collects and start.saves
    assert any(seq > start.before for seq in start.kept), "what was collected is not found again"
    assert not [record for record in caplog.records if record.exc_info], caplog.text
    for other in (tmp_path / "other", state / "other"):
        assert not other.exists() or other.read_bytes() == b"not ours either" * 99
    if kind not in ("nothing", "all segments bad") and not kind.startswith("outbox "):
        assert all(start.kept[seq] == reading(seq) for seq in range(inner[0], inner[1])), "whole readings are gone"
        assert all(seq > last for seq, kept in start.kept.items() if seq > last or kept != reading(seq))


@pytest.mark.parametrize("kind", ODD_SEGMENTS)
def test_an_odd_segment_is_evicted_like_any_other(tmp_path, kind):
    """What takes its place is a file of ours, and what it pointed to is untouched."""
    other, folder = tmp_path / "other", tmp_path / "state" / "outbox"
    (tmp_path / "state").mkdir()
    last = filled(folder, segments=4, size=1 << 14)
    for place in (other, tmp_path / "state" / "other"):
        place.write_bytes(b"not ours" * 99)
    if kind != "misnamed":
        ODD_SEGMENTS[kind](path_of(folder, 1))
    gone, done = [], threading.Event()

    def work():
        without_privilege()
        outbox = Outbox(folder, limit=1 << 16, segment=1 << 14)
        outbox.on_evicted = lambda first, last, reason: gone.append((first, last))
        while len(gone) < 3:
            outbox.put([reading(seq) for seq in range(outbox.last + 1, outbox.last + 51)])
        assert [seq for seq in everything(outbox) if seq > last] == list(range(last + 1, outbox.last + 1))
        outbox.close()
        done.set()

    threading.Thread(target=work, daemon=True).start()
    assert done.wait(DEADLINE), "it hangs or has failed"
    assert gone[0][0] == 1
    assert all(place.read_bytes() == b"not ours" * 99 for place in (other, tmp_path / "state" / "other"))
