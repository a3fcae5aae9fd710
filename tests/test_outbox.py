"""The outbox: what `put` took is there after everything that may happen to a card."""

import random
import resource
import shutil
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import Reason
from edge.clock import Stamp
from edge.errors import StorageError
from edge.outbox.header import START, Header
from edge.outbox.outbox import Outbox
from edge.outbox.record import Channel, reading_of, reading_record, records
from edge.outbox.segment import firsts, path_of
from edge.reading import GOOD, MISSING, Quality, Reading, Spread
from tests.waiting import PATIENCE

BOOT = "6b8f4a52-0000-4000-8000-000000000001"
SEGMENT = 1 << 14


def reading(number, *, boot=BOOT, device="pm", quantity="pm2_5"):
    return Reading(device, quantity, float(number), "ug/m3", Stamp(boot, 10**12 + number * 10**9))


def filled(folder, count, *, batch=10, limit=1 << 20):
    outbox = Outbox(folder, limit=limit, segment=SEGMENT)
    for start in range(0, count, batch):
        outbox.put([reading(number) for number in range(start, min(start + batch, count))])
    return outbox


def everything(outbox):
    reader, found, at = outbox.reader(), [], outbox.first
    while stored := reader.read(at, outbox.last, 100):
        found += stored
        at = found[-1][0] + 1
    return found


def test_put_gives_seqs_from_one_and_reads_back_in_order(tmp_path):
    outbox = filled(tmp_path, 25)
    assert (outbox.first, outbox.last) == (1, 25)
    assert everything(outbox) == [(number + 1, reading(number)) for number in range(25)]


def test_a_reader_jumps_to_any_seq(tmp_path):
    outbox = filled(tmp_path, 3000)
    reader = outbox.reader()
    for seq in (2999, 1, 1500, 1501, 3000, 700):
        assert reader.read(seq, outbox.last, 1) == [(seq, reading(seq - 1))]


ACCOUNT = Path("/proc/thread-self/io")


def taken_in():
    """Bytes that this thread has read, by the kernel's account: proc_pid_io(5)."""
    return int(ACCOUNT.read_text().split()[1])


@pytest.mark.skipif(not ACCOUNT.exists(), reason="this kernel keeps no account of what a thread reads")
def test_a_reader_that_goes_forward_reads_no_part_of_a_segment_again(tmp_path):
    outbox = filled(tmp_path, 3000)
    reader, before = outbox.reader(), taken_in()
    found = [reader.read(seq, seq + 4, 100) for seq in range(1, 3000, 10)]  # holes between, as alarms leave them
    assert [seq for stored in found for seq, _ in stored] == [seq for seq in range(1, 3000) if seq % 10 in range(1, 6)]
    assert taken_in() - before <= 2 * len(firsts(tmp_path)) * SEGMENT
    assert reader.read(2, 2, 1) == [(2, reading(1))], "and goes back"


def test_a_reader_sees_what_is_put_later(tmp_path):
    outbox = filled(tmp_path, 10)
    reader = outbox.reader()
    assert len(reader.read(1, outbox.last, 100)) == 10
    outbox.put([reading(10)])
    assert reader.read(11, outbox.last, 100) == [(11, reading(10))]


def test_restart_goes_on_with_the_next_seq_in_the_same_segment(tmp_path):
    filled(tmp_path, 100).close()
    before = firsts(tmp_path)
    outbox = Outbox(tmp_path, limit=1 << 20, segment=SEGMENT)
    assert outbox.put([reading(100)]) == (101, 101)
    assert firsts(tmp_path) == before
    assert [seq for seq, _ in everything(outbox)] == list(range(1, 102))


def test_another_boot_begins_a_segment_of_its_own(tmp_path):
    outbox = filled(tmp_path, 10)
    other = reading(5, boot=BOOT[:-1] + "2")
    outbox.put([other])
    assert everything(outbox)[-1] == (11, other)
    assert firsts(tmp_path) == [1, 11]


def test_a_seq_is_never_given_twice_even_when_the_log_is_gone(tmp_path):
    filled(tmp_path, 10).close()
    path_of(tmp_path, 1).unlink()
    assert Outbox(tmp_path, limit=1 << 20, segment=SEGMENT, known=10).put([reading(0)]) == (11, 11)


def test_the_budget_holds_and_what_goes_is_told(tmp_path):
    outbox = Outbox(tmp_path, limit=4 * SEGMENT, segment=SEGMENT)
    told = []
    outbox.on_evicted = lambda first, last, reason: told.append((first, last, reason))
    for start in range(0, 10_000, 50):
        outbox.put([reading(number) for number in range(start, start + 50)])
    assert sum(path.stat().st_size for path in tmp_path.glob("*.*")) <= 4 * SEGMENT
    assert [seq for seq, _ in everything(outbox)] == list(range(outbox.first, 10_001))
    assert told[0][0] == 1
    assert told[-1][1] == outbox.first - 1
    assert all(last + 1 == first for (_, last, _), (first, _, _) in pairwise(told))


def test_a_recycled_segment_does_not_bring_its_old_readings_back(tmp_path):
    outbox = Outbox(tmp_path, limit=4 * SEGMENT, segment=SEGMENT)
    for start in range(0, 5000, 50):
        outbox.put([reading(number) for number in range(start, start + 50)])
    last = outbox.last
    outbox.close()
    again = Outbox(tmp_path, limit=4 * SEGMENT, segment=SEGMENT)
    assert again.last == last
    assert everything(again)[-1] == (last, reading(last - 1))


@pytest.mark.parametrize("garbage", [b"", b"\xff" * 40, b"\x00\x01" * 20])
def test_a_torn_commit_is_cut_at_every_byte(tmp_path, garbage):
    filled(tmp_path, 40).close()
    path = path_of(tmp_path, 1)
    whole = path.read_bytes()
    end = len(whole.rstrip(b"\0"))
    for cut in range(end - 45, end, 5):
        path.write_bytes((whole[:cut] + garbage).ljust(len(whole), b"\0"))
        outbox = Outbox(tmp_path, limit=1 << 20, segment=SEGMENT)
        kept = everything(outbox)
        assert kept == [(number + 1, reading(number)) for number in range(len(kept))]
        assert 37 <= len(kept) < 40
        assert outbox.put([reading(99)]) == (len(kept) + 1, len(kept) + 1)
        assert everything(outbox)[-1] == (len(kept) + 1, reading(99))
        outbox.close()


def test_a_damaged_byte_costs_at_most_one_reading(tmp_path):
    filled(tmp_path, 300).close()
    path, chance = path_of(tmp_path, 1), random.Random(1)
    whole = path.read_bytes()
    for at in range(0, len(whole.rstrip(b"\0")) - 16, 101):  # each byte: tests/faults/test_damage.py
        damaged = bytearray(whole)
        damaged[at] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        outbox = Outbox(tmp_path, limit=1 << 20, segment=SEGMENT)
        kept = everything(outbox)
        assert len(kept) >= 299, f"byte {at} cost {300 - len(kept)} readings"
        assert all(stored == reading(seq - 1) for seq, stored in kept)
        outbox.close()


def test_a_segment_without_a_header_is_set_aside_and_no_seq_is_reused(tmp_path):
    outbox = filled(tmp_path, 2000)
    last, newest = outbox.last, firsts(tmp_path)[-1]
    outbox.close()
    path = path_of(tmp_path, newest)
    path.write_bytes(b"\xaa" * START + path.read_bytes()[START:])
    again = Outbox(tmp_path, limit=1 << 20, segment=SEGMENT)
    assert again.put([reading(0)])[0] > last
    assert (tmp_path / "quarantine" / path.name).exists()
    assert everything(again)[-1][1] == reading(0)


@pytest.mark.parametrize("name", ["9000000000000000.seg", "9223372036854775807.seg", "0000000001000000000.seg"])
@pytest.mark.parametrize("folder", [".", "alarms"])
def test_a_foreign_file_under_a_wild_number_moves_no_seq(tmp_path, folder, name):
    outbox = filled(tmp_path, 100)
    outbox.put([alarm(100)], alarm=True)
    outbox.close()
    (tmp_path / folder / name).write_bytes(b"not ours" * 99)
    again = Outbox(tmp_path, limit=1 << 20, segment=SEGMENT)
    assert again.put([reading(0)]) == (102, 102)
    aside = (tmp_path / folder / "quarantine" / name).exists()
    assert aside != (tmp_path / folder / name).exists() == name.startswith("0"), "no segment is named like that"


def test_two_damaged_segments_and_a_wild_number_reuse_no_seq(tmp_path):
    outbox = filled(tmp_path, 3000)
    last, newest = outbox.last, firsts(tmp_path)[-2:]
    outbox.close()
    for path in (path_of(tmp_path, newest[0]), path_of(tmp_path, newest[1]), path_of(tmp_path, 10**15)):
        path.write_bytes(b"\xaa" * SEGMENT)
    again = Outbox(tmp_path, limit=1 << 20, segment=SEGMENT)
    assert last < again.put([reading(0)])[0] <= newest[1] + SEGMENT


def test_where_every_header_is_damaged_no_seq_is_reused(tmp_path):
    start = 30_000_000  # a month without a link, and nothing of it in the cursors
    outbox = Outbox(tmp_path, limit=1 << 20, segment=SEGMENT, known=start)
    for _ in range(30):
        outbox.put([reading(number) for number in range(100)])
    last = outbox.last
    outbox.close()
    for path in tmp_path.glob("*.seg"):
        path.write_bytes(b"\xaa" * SEGMENT)
    assert Outbox(tmp_path, limit=1 << 20, segment=SEGMENT, known=7).put([reading(0)])[0] > last


def test_a_log_that_could_not_be_opened_gives_no_seq_twice(tmp_path):
    """The card is mounted late; something else is in its place until then."""
    card, mounted = tmp_path / "card", tmp_path / "mounted"
    filled(mounted / "outbox", 100).close()
    card.touch()
    outbox = Outbox(card / "outbox", segment=SEGMENT)
    with pytest.raises(StorageError):
        outbox.put([alarm(100)], alarm=True)
    card.unlink()
    mounted.rename(card)
    assert outbox.put([alarm(100)], alarm=True) == (101, 101)
    assert outbox.put([reading(101)]) == (102, 102)
    assert [seq for seq, _ in everything(outbox)] == [*range(1, 101), 102]


def test_before_a_segment_begins_totals_can_be_saved(tmp_path):
    outbox, rolls = Outbox(tmp_path, limit=1 << 20, segment=SEGMENT), []
    outbox.before_roll = lambda: rolls.append(outbox.last)
    outbox.put([reading(number, quantity="total") for number in range(10)])
    while len(firsts(tmp_path)) < 3:
        outbox.put([reading(number) for number in range(50)])
    newest = firsts(tmp_path)[-1]
    outbox.close()
    assert [roll + 50 >= first > roll for roll, first in zip(rolls, firsts(tmp_path), strict=True)] == [True] * 3
    again = Outbox(tmp_path, limit=1 << 20, segment=SEGMENT)
    assert [(seq >= newest, stored.quantity) for seq, stored in again.recovered] == [(True, "pm2_5")]


@pytest.mark.parametrize("junk", ["", "0000000000000007.seg", "0000000000000042.seg"])
def test_it_starts_whatever_lies_in_the_folder(tmp_path, junk):
    (tmp_path / "notes.txt").write_text("not ours")
    (tmp_path / "spare.tmp").write_bytes(b"\x01" * 100)
    if junk:
        (tmp_path / junk).write_bytes(b"\x00" * 5000)
    outbox = Outbox(tmp_path, limit=1 << 20, segment=SEGMENT)
    first, _ = outbox.put([reading(1)])
    assert everything(outbox)[-1] == (first, reading(1))


def alarm(number):
    return reading(number, device="gauge", quantity="level")._replace(unit="m")


def test_alarms_have_a_log_of_their_own_in_one_numbering(tmp_path):
    outbox = filled(tmp_path, 10)
    assert outbox.put([alarm(10)], alarm=True) == (11, 11)
    assert outbox.put([reading(11)]) == (12, 12)
    assert list(outbox.alarms(1, 12)) == [(11, 11)]
    assert list(outbox.routine(1, 12)) == [(1, 10), (12, 12)]
    assert outbox.reader(alarm=True).read(1, 12, 5) == [(11, alarm(10))]
    assert [seq for seq, _ in outbox.reader().read(9, 12, 5)] == [9, 10, 12]


def test_alarms_are_still_known_after_a_restart_and_no_seq_is_reused(tmp_path):
    outbox = filled(tmp_path, 10)
    outbox.put([alarm(10)], alarm=True)
    outbox.close()
    again = Outbox(tmp_path, limit=1 << 20, segment=SEGMENT)
    assert list(again.alarms(1, 99)) == [(11, 11)]
    assert again.put([reading(1)]) == (12, 12)


def test_alarms_of_many_segments_are_known_a_segment_at_a_time(tmp_path):
    outbox = Outbox(tmp_path, limit=16 * 8 * SEGMENT, segment=SEGMENT)
    wanted = []
    while len(firsts(tmp_path / "alarms") if wanted else []) < 5:
        wanted.append(outbox.put([alarm(number) for number in range(100)], alarm=True))
        outbox.put([reading(0)])
    outbox.close()
    again = Outbox(tmp_path, limit=16 * 8 * SEGMENT, segment=SEGMENT)
    for _ in range(2):
        assert again.alarm_count == 100 * len(wanted)
        assert sorted(seq for low, high in again.alarms(1, again.last) for seq in range(low, high + 1)) == [
            seq for low, high in wanted for seq in range(low, high + 1)
        ]
    wanted.append(again.put([alarm(7)], alarm=True))
    assert list(again.alarms(wanted[-2][0] + 7, again.last)) == [(wanted[-2][0] + 7, wanted[-2][1]), wanted[-1]]
    assert list(again.routine(1, wanted[0][1] + 1)) == [(wanted[0][1] + 1,) * 2]
    assert again.alarm_count == 100 * (len(wanted) - 1) + 1


def test_alarms_that_go_are_told_and_known_no_longer(tmp_path):
    outbox = Outbox(tmp_path, limit=4 * SEGMENT, segment=SEGMENT)
    gone = []
    outbox.on_evicted = lambda first, last, reason: gone.append((first, last))
    while len(gone) < 3:
        outbox.put([alarm(number) for number in range(50)], alarm=True)
        outbox.put([reading(0)])
    assert gone[0] == (1, 50)
    assert all(not list(outbox.alarms(*run)) for run in gone)
    assert next(outbox.alarms(1, outbox.last))[0] > gone[-1][1]


def test_alarms_outlive_the_routine_readings_around_them(tmp_path):
    outbox = Outbox(tmp_path, limit=4 * SEGMENT, segment=SEGMENT)
    gone = []
    outbox.on_evicted = lambda first, last, reason: gone.append((first, last))
    for start in range(0, 10_000, 50):
        outbox.put([reading(number) for number in range(start, start + 50)])
        if start % 1000 == 0:
            outbox.put([alarm(start)], alarm=True)
    alarms = [seq for first, last in outbox.alarms(1, outbox.last) for seq in range(first, last + 1)]
    assert len(alarms) == 10
    assert not [seq for seq in alarms for first, last in gone if first <= seq <= last]
    assert {seq for seq, _ in outbox.reader(alarm=True).read(1, outbox.last, 100)} == set(alarms)
    lost = [seq for first, last in outbox.gone() for seq in range(first, last + 1)]
    assert not set(lost) & set(alarms)


def test_what_a_destination_still_lacks_is_thinned_before_it_goes(tmp_path):
    outbox = Outbox(tmp_path, limit=4 * SEGMENT, segment=SEGMENT)
    outbox.needed = lambda first, last: True
    gone = []
    outbox.on_evicted = lambda first, last, reason: gone.append((first, last, reason))
    values = {}
    for start in range(0, 5000, 50):
        first, _ = outbox.put([reading(number) for number in range(start, start + 50)])
        values.update(zip(range(first, first + 50), range(start, start + 50), strict=True))
    assert {reason for _, _, reason in gone} == {"thinned to minute means"}
    means = [(seq, stored) for seq, stored in everything(outbox) if seq not in values]
    assert means
    for _, mean in means:
        assert mean.spread.count <= 60
        assert mean.spread.low <= mean.value <= mean.spread.high
        assert mean.span <= 60
    oldest = min(mean.at.ticks for _, mean in means)
    assert oldest <= reading(0).at.ticks + 60 * 10**9, "the first minute has left a trace"


def test_what_every_destination_has_simply_goes(tmp_path):
    outbox = Outbox(tmp_path, limit=4 * SEGMENT, segment=SEGMENT)
    for start in range(0, 5000, 50):
        outbox.put([reading(number) for number in range(start, start + 50)])
    assert outbox.last == 5000


def test_means_that_cannot_be_written_are_kept_for_the_next_put(tmp_path):
    outbox = Outbox(tmp_path, limit=4 * SEGMENT, segment=SEGMENT)
    gone = []
    outbox.on_evicted = lambda first, last, reason: gone.append((first, last, reason))
    with ExitStack() as until_then:

        def needed(first, last):  # asked for while room is made for these readings
            if not gone:
                until_then.enter_context(files_end_at(START + 20 * 50))  # readings of 16 bytes fit, the means do not
            return True

        outbox.needed = needed
        while not gone:
            before = outbox.last
            outbox.put([reading(before + number) for number in range(50)])
    assert outbox.last == before + 50, "the readings are accepted, the means are not on the card"
    first, last = outbox.put([reading(0)])
    means = [stored for seq, stored in everything(outbox) if seq > last]
    assert [(mean.quantity, mean.spread is not None) for mean in means] == [("pm2_5", True)] * len(means) != []
    assert sum(mean.spread.count for mean in means) == sum(high - low + 1 for low, high, _ in gone)
    assert {reason for *_, reason in gone} == {"thinned to minute means"}
    assert (first, outbox.last) == (before + 51, last + len(means))


VALUES = st.none() | st.floats(allow_nan=False, allow_infinity=False)
QUALITIES = st.sampled_from([GOOD, MISSING, Quality().flagged(Reason.STUCK | Reason.SPIKE)])
SPREADS = st.none() | st.builds(Spread, st.integers(0, 2**32 - 1), st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
READINGS = st.builds(
    Reading,
    device=st.sampled_from(["pm", "gps", "tür-1"]),
    quantity=st.sampled_from(["pm2_5", "latitude"]),
    value=VALUES,
    unit=st.sampled_from(["ug/m3", "deg"]),
    at=st.builds(Stamp, st.just(BOOT), st.integers(0, 10**15).map(lambda us: us * 1000)),
    span=st.sampled_from([0.0, 60.0, 0.5]),
    quality=QUALITIES,
    raw=VALUES,
    spread=SPREADS,
)


@given(st.lists(READINGS, min_size=1, max_size=30))
def test_any_reading_comes_back_as_it_was(tmp_path_factory, readings):
    outbox = Outbox(tmp_path_factory.mktemp("outbox"), limit=1 << 20, segment=SEGMENT)
    outbox.put(readings)
    assert [stored for _, stored in everything(outbox)] == readings
    outbox.close()


@pytest.mark.parametrize(
    ("value", "size"),
    [(3.7, 16), (-40.0, 16), (21.37, 16), (1013.25, 18), (52.5163889, 18), (98765432.1, 18), (1 / 3, 22), (1e300, 22),
     (0.1 + 0.2, 22), (float("inf"), 22), (None, 14)],
)  # fmt: skip
def test_a_value_of_few_decimals_is_short_and_the_very_same_double(value, size):
    header, wanted = Header(70_000, 0, BOOT, 7), Reading("pm", "pm2_5", value, "ug/m3", Stamp(BOOT, 5000))
    channels = {3: Channel("pm", "pm2_5", "ug/m3")}
    for seq, length in ((70_000 + 0xFFFF, size), (70_000 + 0x10000, size + 2)):
        data = reading_record(seq, 3, wanted, header)
        assert len(data) == length
        assert [reading_of(*record, channels, header) for _, *record in records(data, 0, header)] == [(seq, wanted)]


@contextmanager
def files_end_at(size):
    """Meanwhile the kernel takes no byte of a file from ``size`` on, and a part of what goes across: setrlimit(2)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_seq_never_means_two_things_even_after_a_failed_alarm(tmp_path):
    outbox = filled(tmp_path, 10)
    outbox.put([alarm(10)], alarm=True)
    voids = []
    outbox.on_void = lambda first, last: voids.append((first, last))
    with files_end_at(START), pytest.raises(StorageError):
        outbox.put([alarm(11)], alarm=True)
    assert outbox.put([reading(12)]) == (13, 13)
    assert voids == [(12, 12)]
    assert outbox.put([alarm(11)], alarm=True) == (14, 14)
    outbox.close()
    again = Outbox(tmp_path, limit=1 << 20, segment=SEGMENT)
    assert again.last == 14
    assert (13, reading(12)) in everything(again)
    assert (14, alarm(11)) in again.reader(alarm=True).read(1, 14, 9)


def test_a_failed_put_that_is_tried_again_takes_the_same_seqs(tmp_path):
    outbox = filled(tmp_path, 10)
    with files_end_at(START + 300), pytest.raises(StorageError):  # ten of them are there, and some more fit
        outbox.put([reading(number) for number in range(10, 20)])
    assert outbox.put([reading(number) for number in range(10, 20)]) == (11, 20)
    assert everything(outbox) == [(number + 1, reading(number)) for number in range(20)]


def older(seq):
    """What the folder of format version 1 holds; it was written by the release that had it."""
    at, value = Stamp(BOOT if seq <= 60 else BOOT[:-1] + "2", seq * 10**9), seq / 8
    if seq in (31, 32, 80):
        return Reading("gauge", "level", value, "m", at)
    if seq % 10 == 0:
        return Reading("air", "humidity", None, "%RH", at, quality=MISSING)
    if seq % 7 == 0:
        return Reading("air", "temperature", value, "Cel", at, 60.0, raw=value + 1, spread=Spread(60, 1.0, value))
    return Reading("pm", ("pm1", "pm2_5")[seq % 2], value, "ug/m3", at)


@pytest.fixture
def version_1(tmp_path):
    """The outbox of a node before the update; only the zeros at the end of its segments were left out."""
    folder = shutil.copytree(Path(__file__).parent / "golden" / "outbox-1", tmp_path / "outbox")
    for path in folder.rglob("*.seg"):
        path.write_bytes(path.read_bytes().ljust(SEGMENT, b"\0"))
    return folder


def all_of(outbox):
    return dict(everything(outbox)) | dict(outbox.reader(alarm=True).read(1, outbox.last, 1000))


def test_a_node_goes_on_behind_the_outbox_of_the_version_before(version_1):
    outbox = Outbox(version_1, limit=1 << 20, segment=SEGMENT)
    assert all_of(outbox) == {seq: older(seq) for seq in range(1, 91)}
    assert list(outbox.alarms(1, 99)) == [(31, 32), (80, 80)]
    assert outbox.put([older(91)]) == (91, 91)
    assert outbox.put([alarm(92)], alarm=True) == (92, 92)
    outbox.close()
    again = Outbox(version_1, limit=1 << 20, segment=SEGMENT)
    assert all_of(again) == {seq: older(seq) for seq in range(1, 92)} | {92: alarm(92)}
    assert firsts(version_1) == [1, 61, 91]
    assert not again.quarantined


def test_a_damaged_byte_costs_one_reading_of_the_version_before(version_1):
    path, chance = path_of(version_1, 61), random.Random(1)
    whole = path.read_bytes()
    for at in range(0, 1371, 61):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
        outbox = Outbox(version_1, limit=1 << 20, segment=SEGMENT)
        kept = everything(outbox)
        assert len(kept) >= 86, f"byte {at}"
        assert all(stored == older(seq) for seq, stored in kept)
        outbox.close()


def test_who_looks_or_reads_does_not_wait_for_a_put_that_hangs(tmp_path):
    outbox = filled(tmp_path, 10)
    outbox.put([alarm(10)], alarm=True)
    stalled, goes_on, seen = Event(), Event(), []

    def stall():  # where the put holds all its locks
        stalled.set()
        goes_on.wait(PATIENCE)

    def look():
        seen.append((outbox.last, outbox.alarm_count, list(outbox.alarms(1, 11)), len(everything(outbox))))

    outbox.before_roll = stall
    another = reading(11, boot=BOOT[:-1] + "2")  # begins a segment
    putting, looking = Thread(target=lambda: outbox.put([another])), Thread(target=look)
    putting.start()
    assert stalled.wait(PATIENCE)
    looking.start()
    looking.join(PATIENCE)
    goes_on.set()
    assert seen == [(11, 1, [(11, 11)], 10)], "it waited for the put"
    putting.join()
    assert outbox.last == 12
