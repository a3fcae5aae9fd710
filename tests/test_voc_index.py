"""Sensirion's index behind the raw signal, as Sensirion's own table has it."""

import csv
import sys

import pytest

from drivers import Quantity, Reason
from edge.clock import Stamp
from edge.filters import FILTERS, Chain
from edge.reading import GOOD, MISSING, Reading
from tests.captured import FOLDER

TABLES = sorted((FOLDER / "sgp4x").glob("*.csv"))
QUANTITIES = {name: Quantity(name, "1", 1, 0xFFFE) for name in ("voc_raw", "nox_raw")}
S = 10**9


def reading(value, at=0, quality=GOOD, quantity="voc_raw"):
    return Reading("gas", quantity, value, "1", Stamp("boot", at * S), quality=quality)


@pytest.fixture
def work():
    pytest.importorskip("sensirion_gas_index_algorithm")
    return FILTERS["voc_index"](QUANTITIES)


@pytest.mark.skipif(not TABLES, reason=f"no captures at {FOLDER}: set EDGE_CAPTURES")
@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_the_vendors_table_comes_out_the_same(work, path):
    quantity, name = ("nox_raw", "nox_index") if path.stem.startswith("nox") else ("voc_raw", "voc_index")
    with path.open() as lines:
        rows = [(int(raw), int(index)) for raw, index in csv.reader(lines)]
    assert any(index for _, index in rows)
    for at, (raw, index) in enumerate(rows):
        before, *behind = work(reading(float(raw), at, quantity=quantity))
        assert before == reading(float(raw), at, quantity=quantity)
        assert [(one.quantity, one.value, one.unit) for one in behind] == ([(name, index, "1")] if index else [])


def test_both_indices_keep_the_moment_and_the_flags(work):
    doubt = GOOD.flagged(Reason.WARMING_UP)
    for at in range(400):
        voc = list(work(reading(30000.0, at, doubt)))
        nox = list(work(reading(16000.0, at, doubt, "nox_raw")))
    assert [one.quantity for one in voc + nox] == ["voc_raw", "voc_index", "nox_raw", "nox_index"]
    assert {one.quality for one in voc + nox} == {doubt}
    assert {one.at for one in voc + nox} == {Stamp("boot", 399 * S)}


def test_bad_missing_and_other_readings_give_no_index(work):
    for at in range(60):
        assert work(reading(30000.0, at))
    bad = GOOD.flagged(Reason.OUT_OF_RANGE)
    for one in (reading(None, 60, MISSING), reading(30000.0, 60, bad), reading(21.0, 60, quantity="temperature")):
        assert list(work(one)) == [one]


def test_filters_behind_it_take_the_index_too(work):
    chain = Chain([(None, work), (None, FILTERS["range"](QUANTITIES)), (None, FILTERS["mean"](QUANTITIES))])
    for at in range(61):
        out = chain([reading(30000.0, at)])
    assert [one.quantity for one in [*out, *chain.rest()]] == ["voc_raw", "voc_index", "voc_raw", "voc_index"]


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sensirion_gas_index_algorithm", None)
    monkeypatch.setitem(sys.modules, "sensirion_gas_index_algorithm.nox_algorithm", None)
    with pytest.raises(ImportError, match="pip install sensirion-gas-index-algorithm"):
        FILTERS["voc_index"](QUANTITIES)
