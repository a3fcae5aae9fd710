"""Packs on the wire: RFC 8428 with our extensions."""

import json

from drivers import Reason
from edge.clock import Anchor, Clock, Stamp
from edge.payload import load
from edge.reading import GOOD, MISSING, Batch, Reading, Spread

BOOT = "6b8f4a52-0000-4000-8000-000000000001"
S = 10**9
UTC = 1_790_000_000 * S


class Frozen:
    """A wall clock that is not synchronised."""

    def utc(self):
        return 0

    def error(self):
        return None


def clock(*anchors):
    return Clock(Frozen(), boot=BOOT, anchors=anchors)


DATED = clock(Anchor(BOOT, 100 * S, UTC, "ntp", 0.01))
UNDATED = clock()


def pack(*readings, dates=DATED, first=7):
    stored = list(enumerate(readings, first))
    return json.loads(load("senml+json")().encode(Batch("LP-0417", stored, "live"), dates))


def reading(value=8.0, quantity="pm2_5", unit="ug/m3", at=101 * S, **more):
    return Reading("pm", quantity, value, unit, Stamp(BOOT, at), **more)


def test_the_first_record_carries_the_base_and_the_rest_is_relative():
    first, second = pack(reading(), reading(9.5, at=103 * S))
    assert first == {
        "bn": "urn:dev:ops:LP-0417/",
        "bt": 1_790_000_001.0,
        "cs": "ntp",
        "ce": 0.01015,
        "bsq": 7,
        "n": "pm/pm2_5",
        "u": "ug/m3",
        "v": 8,
    }
    assert second == {"n": "pm/pm2_5", "u": "ug/m3", "t": 2, "v": 9.5}


def test_a_boot_without_an_anchor_is_never_dated():
    first, second = pack(reading(), reading(at=102 * S), dates=UNDATED)
    assert "bt" not in first
    assert (first["bb"], first["t"], second["t"]) == (BOOT, 101, 102)
    assert (first["q"], first["qr"]) == (3, ["clock"])


def test_a_bad_value_is_no_number_but_its_raw_value_stays():
    (record,) = pack(reading(5000.0, quality=GOOD.flagged(Reason.OUT_OF_RANGE)))
    assert "v" not in record
    assert (record["rv"], record["q"], record["qr"]) == (5000, 4, ["out_of_range"])


def test_a_missing_value_is_no_number():
    (record,) = pack(reading(None, quality=MISSING))
    assert "v" not in record
    assert "rv" not in record
    assert (record["q"], record["qr"]) == (9, ["comm_error"])


def test_a_suspect_value_stays_a_value():
    (record,) = pack(reading(quality=GOOD.flagged(Reason.WARMING_UP)))
    assert (record["v"], record["q"], record["qr"]) == (8, 3, ["warming_up"])


def test_what_calibration_changed_and_what_an_interval_is_made_of():
    (record,) = pack(reading(9.1, raw=8.0, span=60.0, spread=Spread(60, 7.0, 11.0)))
    assert (record["v"], record["rv"], record["dt"]) == (9.1, 8, 60)
    assert (record["count"], record["min"], record["max"]) == (60, 7, 11)


def test_seqs_that_do_not_follow_are_named():
    batch = Batch("LP-0417", [(7, reading()), (8, reading()), (11, reading()), (12, reading())], "backlog")
    records = json.loads(load("senml+json")().encode(batch, DATED))
    assert [record.get("sq") for record in records] == [None, None, 11, None]


def test_registered_units_where_there_is_one():
    units = {
        "latitude": "deg",
        "longitude": "deg",
        "volume": "L",
        "hdop": "1",
        "temperature": "Cel",
        "turbidity": "NTU",
    }
    records = pack(*(reading(1.0, quantity, unit) for quantity, unit in units.items()))
    assert [record["u"] for record in records] == ["lat", "lon", "l", "/", "Cel", "NTU"]


def test_times_keep_the_microsecond():
    first, second = pack(reading(at=101 * S + 123_456_000), reading(at=101 * S + 123_457_000))
    assert first["bt"] == 1_790_000_001.123456
    assert second["t"] == 1e-06
