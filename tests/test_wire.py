"""What a reading costs on the wire: through the real uplink, over real TLS, to a peer that counts."""

import shutil

import pytest

from tests.benchmarks.bench_wire import ROOT, Wire, batches, cost

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to make a certificate")
MIXED = ROOT / "config" / "examples" / "mixed.toml"


@pytest.fixture(scope="module")
def wire(tmp_path_factory):
    made = Wire(tmp_path_factory.mktemp("wire"))
    yield made
    made.close()


@pytest.mark.parametrize(("name", "size", "most"), [("senml+json", 500, 8), ("senml+json", 100, 11), ("rows", 100, 8)])
def test_a_reading_of_a_mixed_station_costs_at_most(wire, name, size, most):
    inside, outside = cost(wire, name, batches(MIXED, size), deflate=True)
    assert inside < outside <= most
