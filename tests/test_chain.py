"""The whole chain: simulated devices, `edge run` as a process, a real broker, a listener that counts."""

import signal
import struct
import time

import pytest

from drivers.checks import xor8
from edge.clock import BUILT, SystemWall
from edge.payload import message
from edge.payload.channels import table_of
from edge.reading import Level
from tests.broker import Lab, NodeProcess, Subscriber, config, needs_mosquitto, until

pytestmark = [pytest.mark.broker, needs_mosquitto]

AIR = 'air sht3x sim:// interval="200ms"'
FOUR = ("pm pms5003 sim://?period=0.5", AIR, "place gnss_nmea sim://?rate=2", "river ds18b20 sim://")
METER = 'meter pulse_flow sim://?rate=200 interval="100ms"'
UNITS = {"temperature": "Cel", "humidity": "%RH", "pm2_5": "ug/m3", "latitude": "lat", "longitude": "lon"}
UNITS |= {"altitude": "m", "speed": "m/s", "water_temperature": "Cel", "hdop": "/", "satellites": "count"}
ILL = (
    "mute gnss_nmea sim://?fault=silent&after=8s",
    "noisy gnss_nmea sim://?fault=garbage&after=8s",
    'gone sht3x sim://?fault=unplug&after=8s interval="1s"',
)
FIVE_FRAMES = 60  # values of a PMS5003: more than what is still on its way


@pytest.fixture
def lab(tmp_path):
    with Lab(tmp_path) as lab:
        yield lab


@pytest.fixture(scope="module", autouse=True)
def ward(tmp_path_factory):
    """A node with ill devices, from the first test on: patience takes seconds, which the others use."""
    with Lab(tmp_path_factory.mktemp("ward")) as lab:
        broker = lab.broker()
        yield lab.listener(broker), lab.node(config(broker.port, *ILL, AIR))


def frame():
    """Of a PMS5003: 10 ug/m3 of PM2.5."""
    body = b"BM\x00\x1c" + struct.pack(">13H", 6, 10, 13, 6, 10, 13, 1400, 420, 70, 12, 4, 1, 0x9700)
    return body + struct.pack(">H", sum(body))


def seqs_by_content(records):
    """What each seq was said to be; more than one content of a seq is a reuse."""
    found = {}
    for record in records:
        found.setdefault(record.seq, set()).add((record.device, record.quantity, record.value))
    return found


def settled(node: NodeProcess, count: int):
    """Whether the destination has so many readings and nothing waits."""
    status = node.status()
    return status and status["uplinks"][0]["delivered"] >= count and status


def test_everything_that_is_measured_arrives(lab):
    broker = lab.broker()
    listener = lab.listener(broker)
    node = lab.node(config(broker.port, *FOUR, more='compress = "deflate"'))
    devices = {"pm", "air", "place", "river"}
    assert listener.until(lambda heard: {r.device for r in list(heard.records)} == devices and len(heard.seqs) > 80)
    assert sorted(listener.seqs) == list(range(1, len(listener.seqs) + 1))
    units = {record.quantity: record.fields["u"] for record in list(listener.records)}
    assert {name: units.get(name) for name in UNITS} == UNITS
    assert all(record.value is not None for record in list(listener.records))

    first = listener.on("readings")[0]
    assert first.payload[0] == 0x78
    assert first.properties.keys() == {"node", "boot", "first", "last", "lane", "schema"}
    assert (first.properties["node"], first.properties["first"]) == ("LP-T", "1")
    assert first.properties["schema"] == "senml+json"
    assert [event["event"] for event in listener.told("event")].count("restart") == 1

    late = lab.listener(broker, "late")
    assert late.until(lambda heard: heard.on("status")) and late.on("status")[0].retained
    birth = late.told("status")[0]
    assert birth["status"] == "online" and birth["sensors"]["pm"] == "pms5003" and len(birth["config"]) == 12

    node.kill()  # the will
    assert listener.until(lambda heard: heard.told("status")[-1]["status"] == "offline")
    node.start()
    assert listener.until(lambda heard: heard.told("status")[-1]["status"] == "online")
    assert node.terminate() == 0  # the good-bye
    assert listener.until(lambda heard: heard.told("status")[-1]["status"] == "offline")
    assert all(len(contents) == 1 for contents in seqs_by_content(listener.records).values())


def test_rows_reach_a_receiver_that_comes_late_and_lean_on_the_inventory(lab):
    broker = lab.broker()
    listener = lab.listener(broker)
    lab.node(config(broker.port, *FOUR, more='payload = "rows"\ncompress = "deflate"'))
    assert listener.until(lambda heard: len(heard.on("readings")) > 3)
    late = lab.listener(broker, "late")
    assert late.until(lambda heard: heard.on("inventory")) and late.on("inventory")[0].retained
    tables = dict([table_of(message.told(late.on("inventory")[0].payload))])
    records = [one for got in listener.on("readings") for one in message.records(got.payload, "rows", tables)]
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    assert {record.device for record in records} <= {"pm", "air", "place", "river"}


def test_broker_that_comes_later_gets_everything(lab):
    broker = lab.broker(persistent=True)
    listener = lab.listener(broker)  # its session is kept, so that nothing passes it by
    broker.stop()
    node = lab.node(config(broker.port, AIR))
    assert until(lambda: (s := node.status()) and s["outbox"]["last"] >= 10 and s["uplinks"][0]["state"] == "down")
    assert node.status()["health"] == "healthy"
    broker.start()
    assert listener.until(lambda heard: heard.seqs >= set(range(1, 11)))
    assert node.terminate() == 0
    last = node.on_card()[-1][0]
    node.start()
    assert listener.until(lambda heard: heard.seqs >= set(range(1, last + 1)))  # live ones overtake the backlog
    assert len(node.lines("uplink city is down")) == 1


def test_wrong_configuration_is_refused_before_anything_is_made(lab):
    node = lab.node('[node]\nid = "LP-T"\nsight = "x"\n[[sensor]]\nname = "pm"\ndriver = "pms5004"\n')
    assert node.wait() == 78
    assert not node.state.exists()
    assert node.lines("sight") and node.lines("pms5004") and not node.lines("Traceback")


def test_second_instance_is_refused_and_the_first_goes_on(lab):
    node = lab.node(config(1, AIR))
    before = node.ready()["outbox"]["last"]
    first = node.process
    node.start()
    assert node.wait() == 75
    assert node.lines("another node runs")
    node.process = first
    assert until(lambda: node.status()["outbox"]["last"] > before + 4)
    assert first.poll() is None and node.terminate() == 0


def test_sigterm_loses_nothing_and_totals_never_fall(lab):
    node = lab.node(config(1, METER, "pm pms5003 sim://?period=0.01", flush="1s"))
    assert until(lambda: (s := node.status()) and s["outbox"]["last"] > 1000)
    status = node.status()
    assert node.terminate() == 0
    card = node.on_card()
    assert [seq for seq, _ in card] == list(range(1, len(card) + 1))
    assert len(card) >= status["outbox"]["last"] + status["outbox"]["held"]

    last = len(card)
    node.start()
    assert until(lambda: (s := node.status()) and s["outbox"]["last"] > last + 1000)
    node.kill()
    node.start()
    assert until(lambda: (s := node.status()) and s["sensors"][0]["good"] > 3)
    node.terminate()
    card = node.on_card()
    assert [seq for seq, _ in card] == list(range(1, len(card) + 1))
    totals = [r.value for _, r in card if r.quantity == "pulses"]
    assert totals == sorted(totals) and totals[-1] > 0


def test_totals_of_a_slow_meter_outlive_a_kill_among_fast_devices(lab):
    node = lab.node(config(1, METER.replace("100ms", "1500ms"), "pm pms5003 sim://?period=0.004"))
    assert until(lambda: (s := node.status()) and s["sensors"][0]["good"] >= 2)
    seen = node.status()["outbox"]["last"]
    assert until(lambda: node.status()["outbox"]["last"] > seen + 1500)  # more than one chunk of the card
    node.kill()
    node.start()
    assert until(lambda: (s := node.status()) and s["sensors"][0]["good"] >= 1)
    node.terminate()
    totals = [r.value for _, r in node.on_card() if r.quantity == "pulses"]
    assert totals == sorted(totals)


def test_sighup_takes_over_a_good_configuration_and_keeps_the_old_one_for_a_bad(lab):
    broker = lab.broker()
    listener = lab.listener(broker)
    node = lab.node(config(broker.port, AIR))
    digest = node.ready()["config"]
    node.configure(config(broker.port, AIR, "river ds18b20 sim://"))
    node.signal(signal.SIGHUP)
    assert until(lambda: node.status()["config"] != digest)
    assert listener.until(lambda heard: heard.of("river") and heard.told("event")[-1]["event"] == "config")
    assert listener.told("event")[-1]["accepted"] is True
    digest = node.status()["config"]

    node.configure("[node]\nid = 7\n")
    node.signal(signal.SIGHUP)
    assert listener.until(lambda heard: heard.told("event")[-1].get("accepted") is False)
    assert "id" in listener.told("event")[-1]["why"]
    assert node.status()["config"] == digest
    before = node.status()["outbox"]["last"]
    assert listener.until(lambda heard: max(heard.seqs) > before + 4)
    assert sorted(listener.seqs) == list(range(1, max(listener.seqs) + 1))


def test_many_signals_at_once_end_it_all_the_same(lab):
    node = lab.node(config(1, AIR))
    node.ready()
    for number in range(300):
        if node.process.poll() is None:
            node.signal(signal.SIGHUP if number < 100 else signal.SIGTERM)
    assert node.wait() == 0
    assert node.lines("has stopped")


def test_service_manager_that_does_not_listen_is_no_trouble(lab):
    node = lab.node(config(1, AIR), NOTIFY_SOCKET="@edge-test-nobody")
    assert until(lambda: (s := node.status()) and s["outbox"]["last"] > 4), node.log
    assert node.terminate() == 0


@pytest.mark.parametrize("old_stays", [False, True], ids=["unplugged", "link moved"])
def test_replugged_port_is_found_again(lab, old_stays):
    broker = lab.broker()
    listener = lab.listener(broker)
    port = lab.pty()
    port.feed(frame, 0.1)
    node = lab.node(config(broker.port, f"pm pms5003 {lab.folder}/port", AIR))
    assert listener.until(lambda heard: heard.of("pm") and heard.of("air"))
    if old_stays:
        port.still()
    else:
        port.unplug()
        assert until(lambda: node.lines("pm (pms5003) is ill"))
    at, other = len(listener.of("pm")), len(listener.of("air", "humidity"))
    again = lab.pty()
    again.feed(frame, 0.1)
    assert listener.until(lambda heard: len(heard.of("pm")) > at + FIVE_FRAMES), node.log
    assert len(listener.of("air", "humidity")) > other
    assert node.status()["sensors"][0]["opened"] == 2
    assert node.terminate() == 0
    assert len(node.lines("pm (pms5003) is ill")) == len(node.lines("pm (pms5003) is well again")) == 1
    assert len(node.lines("is ill")) + len(node.lines("is well again")) == 2
    assert not missing(listener, "air")


def missing(listener: Subscriber, device: str):
    return [r for r in listener.of(device) if r.quality == Level.MISSING]


def test_device_that_fails_is_missing_and_the_others_go_on(ward):
    listener, node = ward
    ill = [sensor.split()[0] for sensor in ILL]
    assert listener.until(lambda heard: all(missing(heard, device) for device in ill)), node.log
    for device in ill:
        for record in missing(listener, device):
            assert record.value is None and "rv" not in record.fields
            assert "comm_error" in record.fields["qr"]
    assert all(len(node.lines(f"{device} (", "is ill")) == 1 for device in ill)
    assert node.status()["health"] == "degraded"
    after = max(record.time for device in ill for record in missing(listener, device))
    assert listener.until(lambda heard: heard.of("air", "humidity")[-1].time > after)
    assert not missing(listener, "air")


def sentences(start):
    """A receiver with a fix, whose date runs with the real seconds from ``start`` (s since 1970) on."""
    began = time.monotonic()

    def burst():
        at = time.gmtime(start + time.monotonic() - began)
        clock = time.strftime("%H%M%S.00", at)
        bodies = (
            f"GPRMC,{clock},A,5231.2000,N,01324.3000,E,0.0,,{time.strftime('%d%m%y', at)},,,A",
            f"GPGGA,{clock},5231.2000,N,01324.3000,E,1,08,0.9,34.0,M,42.0,M,,",
        )
        return b"".join(f"${body}*{xor8(body.encode()):02X}\r\n".encode() for body in bodies)

    return burst


def test_a_receiver_dates_a_node_whose_clock_nobody_set(lab):
    if SystemWall().error() is not None:
        pytest.skip("the clock of this machine is synchronised: the node believes that first")
    broker, port = lab.broker(), lab.pty()
    listener = lab.listener(broker)
    start = BUILT / 1e9 + 86400
    port.feed(sentences(start), 1.0)
    lab.node(config(broker.port, f"gps gnss_nmea {lab.folder}/port", AIR))
    told = listener.until(lambda heard: [event for event in heard.told("event") if event["event"] == "anchor"])
    assert told[0]["source"] == "gnss"
    dated = listener.until(lambda heard: [r for r in heard.of("air") if r.boot is None])
    assert all(start - 1 <= record.time <= start + 60 for record in dated)
    assert all("clock" not in record.fields.get("qr", []) for record in dated)
    early = [record for record in listener.of("air") if record.boot is not None]
    assert early and all("clock" in record.fields["qr"] for record in early)
