"""What every payload must do, whoever wrote it: run over the registry, so a new one is tested at once."""

import io
import json
import re
import subprocess
import sys
import zlib
from pathlib import Path

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from senml.senml import SenMLDocument

import drivers
from drivers import CATALOGUE, Reason
from edge.clock import Bounds, Stamp, Trust
from edge.payload import Channels, Record, Unreadable, load, message, names
from edge.payload.record import UnknownTable
from edge.payload.senml_cbor import NAMES
from edge.reading import GOOD, MISSING, Batch, Level, Quality, Reading, Spread
from tests.senml_rules import broken_rules

BOOT = "6b8f4a52-0000-4000-8000-000000000001"
SHIFT = 1_790_000_000 * 10**9
READABLE = [name for name in names() if not load(name).dated]
CHANNELS = [(device, quantity, unit) for device in ("pm", "air.2", "x-1") for quantity in ("pm2_5", "humidity",
            "latitude", "hdop", "volume", "oxygen_saturation") for unit in CATALOGUE[quantity]]  # fmt: skip


class Known:
    """What is known of the dates: that they are so many ns ahead of the ticks, or None."""

    def __init__(self, shift):
        self.shift = shift

    def utc(self, stamp):
        return None if self.shift is None else stamp.ticks + self.shift

    def trust(self, stamp):
        return None if self.shift is None else Trust("ntp", 0.01)

    def bounds(self, boot):
        return Bounds(SHIFT, SHIFT + 10**12)


DATED, UNDATED = Known(SHIFT), Known(None)
DATES = {"dated": DATED, "undated": UNDATED}


def reading(value=8.5, quantity="pm2_5", unit="ug/m3", at=101 * 10**9, device="pm", **more):
    return Reading(device, quantity, value, unit, Stamp(BOOT, at), **more)


def sent(name, readings, dates=DATED, lane="live"):
    """A message and what its receiver has to know."""
    channels = Channels()
    message = load(name)(channels).encode(Batch("LP-0417", readings, lane), dates)
    return message, {channels.digest: channels.table()}


def received(name, readings, dates=DATED):
    message, tables = sent(name, readings, dates)
    return list(load(name).decode(message, tables))


def expected(seq, reading, dates):
    """The record of a reading, from the contract and not from any encoder."""
    date = dates.utc(reading.at)
    quality = reading.quality if date is not None else reading.quality.flagged(Reason.CLOCK)
    bad = quality.level >= Level.BAD
    return Record(
        "LP-0417", seq, reading.device, reading.quantity, reading.unit,
        None if bad else reading.value,
        pytest.approx((reading.at.ticks if date is None else date) / 1e9, abs=1.5e-6),
        BOOT if date is None else None,
        int(quality.level), tuple(quality.reasons.words()), reading.span,
        reading.value if bad and reading.raw is None else reading.raw, reading.spread,
    )  # fmt: skip


VALUES = st.one_of(
    st.integers(-(10**6), 10**6).map(lambda n: n / 100), st.floats(-1e9, 1e9).map(lambda x: float(f"{x:.15g}"))
)
QUALITIES = st.one_of(
    st.just(GOOD),
    st.just(MISSING),
    st.just(Quality(Level.NOT_EVALUATED)),
    st.integers(1, 2**13 - 1).map(lambda bits: GOOD.flagged(Reason(bits))),
)
SPREADS = st.builds(lambda n, a, b: Spread(n, min(a, b), max(a, b)), st.integers(1, 9999), VALUES, VALUES)


@st.composite
def batches(draw):
    """Seqs that grow with gaps, times that go back and forth, everything a reading may have."""
    seq, ticks, stored = draw(st.integers(1, 2**40)), draw(st.integers(0, 10**15)), []
    for _ in range(draw(st.integers(1, 12))):
        device, quantity, unit = draw(st.sampled_from(CHANNELS))
        quality = draw(QUALITIES)
        value = None if quality.level == Level.MISSING else draw(VALUES)
        stored.append((seq, Reading(
            device, quantity, value, unit, Stamp(BOOT, ticks), draw(st.sampled_from([0.0, 0.5, 300.0])), quality,
            draw(st.none() | VALUES), draw(st.none() | SPREADS),
        )))  # fmt: skip
        seq += draw(st.sampled_from([1, 1, 1, 2, 1000]))
        ticks = max(0, ticks + draw(st.integers(-(10**9), 10**11)) // 1000 * 1000)
    return stored


@pytest.mark.parametrize("dates", DATES.values(), ids=DATES)
@pytest.mark.parametrize("name", READABLE)
@settings(max_examples=30)
@given(stored=batches())
def test_a_receiver_has_all_that_was_known(name, dates, stored):
    assert received(name, stored, dates) == [expected(seq, reading, dates) for seq, reading in stored]


@pytest.mark.parametrize("name", names())
def test_a_bad_value_is_never_a_number_under_its_own_name(name):
    stored = [(7, reading(54321.5, quality=GOOD.flagged(Reason.OUT_OF_RANGE)))]
    text = sent(name, stored)[0]
    if name in READABLE:
        (record,) = received(name, stored)
        assert (record.value, record.raw, record.level) == (None, 54321.5, 4)
    else:
        assert '"pm2_5":' not in text.decode()
        assert '"pm2_5_raw":54321.5' in text.decode()


@pytest.mark.parametrize("name", names())
def test_what_cannot_say_undated_refuses_and_the_others_give_no_date(name):
    if load(name).dated:
        with pytest.raises(ValueError, match="date"):
            sent(name, [(7, reading())], UNDATED)
    else:
        (record,) = received(name, [(7, reading())], UNDATED)
        assert (record.boot, record.time, record.reasons) == (BOOT, 101, ("clock",))


@pytest.mark.parametrize("name", names())
def test_a_message_says_what_it_is(name):
    assert load(name).schema == name
    assert isinstance(sent(name, [(1, reading())])[0], bytes)


@pytest.mark.parametrize("name", READABLE)
@settings(max_examples=40)
@given(noise=st.binary(max_size=60), cut=st.integers(0, 200), at=st.integers(0, 200))
def test_whatever_comes_is_read_or_called_unreadable(name, noise, cut, at):
    message, tables = sent(name, [(7, reading()), (9, reading(None, quality=MISSING))])
    for damaged in (noise, message[:cut], message[:at] + noise + message[at:]):
        try:
            list(load(name).decode(damaged, tables))
        except Unreadable:
            continue


@pytest.mark.parametrize("name", READABLE)
def test_copies_of_what_is_not_on_the_card_have_no_seq(name):
    copies = [(0, reading()), (0, reading(9.5, at=103 * 10**9))]
    content, tables = sent(name, copies, lane="unstored")
    assert [(record.seq, record.value) for record in load(name).decode(content, tables)] == [(None, 8.5), (None, 9.5)]


def test_rows_wait_for_the_table_that_names_their_channels():
    message, tables = sent("rows", [(7, reading())])
    (digest,) = tables
    with pytest.raises(UnknownTable) as caught:
        list(load("rows").decode(message, {}))
    assert caught.value.digest == digest


def test_rows_say_only_what_differs():
    readings = [
        (7, reading()),
        (8, reading(1.0, "humidity", "%RH", 101 * 10**9 + 2_000_000)),
        (12, reading(9.0, raw=8.0, at=103 * 10**9)),
    ]
    message, _ = sent("rows", readings)
    assert json.loads(message) == {
        "node": "LP-0417",
        "inv": json.loads(message)["inv"],
        "seq": 7,
        "at": 1_790_000_101_000_000,
        "cs": "ntp",
        "ce": 0.01,
        "rows": [[1, 0, 8.5], [2, 2000, 1], [1, 1_998_000, 9, {"rv": 8, "sq": 12}]],
    }


def test_thingsboard_gets_one_entry_for_each_device_and_moment():
    readings = [
        (1, reading()),
        (2, reading(4.0, "pm1")),
        (3, reading(21.25, "temperature", "Cel", device="air")),
        (4, reading(9.0, at=111 * 10**9, quality=GOOD.flagged(Reason.WARMING_UP), raw=8.0)),
    ]
    late = {"pm2_5": 9, "pm2_5_raw": 8, "pm2_5_quality": 3, "pm2_5_reasons": "warming_up"}
    assert json.loads(sent("thingsboard", readings)[0]) == {
        "LP-0417/pm": [
            {"ts": 1_790_000_101_000, "values": {"pm2_5": 8.5, "pm1": 4}},
            {"ts": 1_790_000_111_000, "values": late},
        ],
        "LP-0417/air": [{"ts": 1_790_000_101_000, "values": {"temperature": 21.25}}],
    }


def test_a_line_can_be_read_without_a_manual():
    assert json.loads(sent("json", [(7, reading(span=60.0))])[0]) == {
        "node": "LP-0417",
        "seq": 7,
        "device": "pm",
        "quantity": "pm2_5",
        "unit": "ug/m3",
        "value": 8.5,
        "quality": 1,
        "time": "2026-09-21T14:15:01.000000Z",
        "span": 60.0,
        "clock": "ntp",
        "clock_error": 0.01,
    }


def as_json(message):
    """A pack of CBOR in the form of JSON, by the table of section 6 alone."""
    plain = lambda value: float(value) if not isinstance(value, (str, int, list)) else value  # noqa: E731
    return [
        {NAMES.get(label, label): plain(value) for label, value in fields.items()} for fields in cbor2.loads(message)
    ]


@pytest.mark.parametrize("dates", DATES.values(), ids=DATES)
@settings(max_examples=40)
@given(stored=batches())
def test_every_pack_keeps_the_rules_of_the_rfc_in_both_forms(dates, stored):
    pack = json.loads(sent("senml+json", stored, dates)[0])
    assert broken_rules(pack) == []
    assert as_json(sent("senml+cbor", stored, dates)[0]) == pack


@settings(max_examples=40)
@given(stored=batches())
def test_a_reader_that_knows_nothing_of_us_reads_a_pack(stored):
    document = SenMLDocument.from_json(json.loads(sent("senml+json", stored)[0]))
    for (_, reading), got in zip(stored, document.measurements, strict=True):
        absolute = got.to_absolute(document.base)
        assert absolute.name == f"urn:dev:ops:LP-0417/{reading.device}/{reading.quantity}"
        assert absolute.time == pytest.approx(DATED.utc(reading.at) / 1e9, abs=1.5e-6)
        assert absolute.value == (None if reading.quality.level >= Level.BAD else reading.value)


@pytest.mark.parametrize(
    "pack",
    [
        [],
        [{"n": "a", "v": "8"}],
        [{"n": "a", "v": 1, "vs": "x"}],
        [{"n": "a", "must_": 1}],
        [{"n": "a"}, {"bn": "b"}],
        [{"n": "a", "x": {"y": 1}}],
        [{"bn": "_", "n": "a"}],
    ],
)
def test_the_rules_find_what_is_wrong(pack):
    assert broken_rules(pack) != []


def test_a_fraction_costs_six_bytes_in_cbor_and_means_the_same():
    message = load("senml+cbor")().encode(Batch("n", [(1, reading(11.332))], "live"), DATED)
    assert bytes.fromhex("c4 82 22 19 2c44") in message
    assert float(cbor2.load(io.BytesIO(message))[0][2]) == 11.332


PAGE = Path(__file__).parent.parent / "docs" / "reference" / "payloads.md"


def installed(folder: Path) -> str:
    """The package of the page, as pip would leave it."""
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[-1]
    (folder / "somebody_elses.py").write_text(code)
    (folder / "somebody-1.dist-info").mkdir()
    (folder / "somebody-1.dist-info" / "entry_points.txt").write_text("[edge.payloads]\ntable = somebody_elses:Table\n")
    return str(folder)


def test_the_payload_of_the_page_is_found_by_its_entry_point(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(installed(tmp_path))
    drivers.announced.cache_clear()
    try:
        assert "table" in names()
        lines = sent("table", [(1, reading()), (2, reading(None, quality=MISSING))], UNDATED)[0].splitlines()
        assert lines[0] == f"LP-0417,1,pm,pm2_5,8.5,ug/m3,,{BOOT},101000000000".encode()
        assert lines[1].startswith(b"LP-0417,2,pm,pm2_5,,ug/m3,")
    finally:
        drivers.announced.cache_clear()


def test_a_payload_that_is_not_used_is_not_imported():
    code = "import sys, edge.node, edge.payload; edge.payload.load('senml+json'); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert "edge.payload.senml" in loaded
    unused = {"edge.payload.rows", "edge.payload.lines", "edge.payload.thingsboard", "cbor2"}
    assert loaded.isdisjoint(unused)


def test_rows_and_packs_deflate_well():
    stored = [(n, reading(n % 7 / 2, at=(100 + n) * 10**9)) for n in range(1, 101)]
    sizes = {name: len(zlib.compress(sent(name, stored)[0], 6)) for name in names()}
    assert sizes["rows"] < sizes["senml+json"] < 8 * len(stored)


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize("pack", [bytes, zlib.compress], ids=["plain", "deflated"])
@pytest.mark.parametrize("told", [True, False], ids=["with schema", "MQTT 3.1.1"])
def test_a_receiver_reads_whatever_came(name, pack, told):
    content, tables = sent(name, [(7, reading())])
    (record,) = message.records(pack(content), name if told else None, tables)
    assert (record.seq, record.value) == (7, 8.5)


@pytest.mark.parametrize("came", [b"\x78", zlib.compress(b"[]")[:-3], zlib.compress(bytes(100))[:5], b"{", b"\xff"])
def test_a_receiver_calls_the_rest_unreadable(came):
    with pytest.raises(Unreadable):
        list(message.records(came, None, {}))


def test_a_message_that_inflates_without_end_is_cut_off(monkeypatch):
    monkeypatch.setattr(message, "LARGEST", 1000)
    with pytest.raises(Unreadable, match="1000 bytes"):
        message.plain(zlib.compress(bytes(10_000)))
