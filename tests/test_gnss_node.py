"""Logs of real receivers through serial ports into `edge run` and out over MQTT, against what gpsd made of them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.broker import Lab, Record, config, needs_mosquitto, until
from tests.test_gnss import CAPTURES, LOGS, at, found_again, gpsd, same

pytestmark = [pytest.mark.broker, needs_mosquitto]

RECEIVERS = {
    "neo": "gnss-ublox-nmea/neo-m8n",
    "navisys": "gnss-ublox-nmea/navisys-gr8013",
    "beidou": "gnss-beidou/beidou-gb",
    "quectel": "gnss-casic-l76k/quectel-l76k-nmea",
    "april": "gnss-edge-cases/april6_2019",
    "pvt": "gnss-ublox-ubx/ublox-neo-m8n",
}
ONE_MOMENT = 3e-6  # seconds by which the times of one measurement may differ in two packs


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """What the destination got when each log had gone through a port of its own."""
    logs = {name: CAPTURES / f"{log}.log" for name, log in RECEIVERS.items()}
    if absent := [str(log) for log in logs.values() if not log.exists()]:
        pytest.skip(f"no captures: {', '.join(absent)}")
    with Lab(tmp_path_factory.mktemp("gnss")) as lab:
        broker = lab.broker()
        listener = lab.listener(broker)
        ports = {name: lab.pty(name) for name in logs}
        node = lab.node(config(broker.port, *(f"{name} gnss_nmea {lab.folder}/{name}" for name in logs)))
        assert until(lambda: (s := node.status()) and all(s["opened"] for s in s["sensors"])), node.log
        with ThreadPoolExecutor(len(ports)) as pool:
            sent = [pool.submit(ports[name].send, logs[name].read_bytes()) for name in logs]
            assert [future.result() for future in sent] == [None] * len(ports)
        assert until(lambda: len(node.lines("is ill")) == len(ports)), node.log  # silence: the last fix is out
        assert node.terminate() == 0
        last = node.on_card()[-1][0]
        assert node.on_card()[0][0] == 1
        node.start()
        assert listener.until(lambda all_of: all_of.seqs >= set(range(1, last + 1)))
        yield {name: measurements(listener.of(name)) for name in logs}


def measurements(records: list[Record]) -> list[dict[str, float | None]]:
    """The readings of one device put together again: one measurement has one time and each quantity once."""
    found: list[dict[str, float | None]] = []
    before = None
    for record in sorted({record.seq: record for record in records if record.value is not None}.values()):
        apart = before is None or abs(record.time - before.time) > ONE_MOMENT
        if apart or record.quantity == "utc" or record.quantity in found[-1]:  # where it is known, utc comes first
            found.append({})
        found[-1][record.quantity] = record.value
        before = record
    return found


@pytest.mark.parametrize("name", RECEIVERS)
def test_positions_are_those_of_gpsd(heard, name):
    reports = gpsd((CAPTURES / f"{RECEIVERS[name]}.log").with_suffix(".gpsd.jsonl"))
    found = [got for got in heard[name] if got.get("fix") is not None]
    fixes = [got for got in found if "latitude" in got]
    for values in fixes:
        assert values["fix"] >= 2 and (values["latitude"], values["longitude"]) != (0, 0)
        rivals = [report for report in reports if report["at"] == at(values)]
        assert not rivals or any(same(values, report) for report in rivals), (values, rivals)
    assert not [got for got in heard[name] if "longitude" in got and (got.get("fix") or 0) < 2]
    assert not [report for report in reports if not found_again(report, fixes)]
    measured, positions, compared, reported = LOGS[RECEIVERS[name]]
    assert len(reports) == reported and len(fixes) >= positions and len(found) >= measured
    assert sum(any(report["at"] == at(values) for report in reports) for values in fixes) >= compared
    print(f"{name}: {len(fixes)} positions of {len(found)} measurements, {reported} reports of gpsd found again")
