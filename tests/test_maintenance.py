"""While a technician works at a sensor its values are flagged and rules ignore it; it ends by itself."""

import json

import pytest

import drivers
from drivers import Reason
from drivers.sim import SimPort
from drivers.sim.time import VirtualTime
from edge.cli import main
from edge.clock import Clock, Stamp
from edge.filters import Chain
from edge.maintenance import Maintenance
from edge.reading import Level
from edge.sensing.device import Device
from edge.settings import SensorSettings
from edge.state import State
from tests.test_alarms import CONFIG, WARM, Run, events
from tests.waiting import until


class Bench:
    """The switches of a node in virtual time, and what they told."""

    def __init__(self, folder):
        self.path, self.now, self.told = folder / "state.json", Stamp("boot", 0), []
        self.begin()

    def begin(self, boot="boot", seconds=0.0):
        self.now = Stamp(boot, int(seconds * 1e9))
        self.switches = Maintenance(State(self.path), lambda: self.now, self.tell)

    def tell(self, kind, **fields):
        assert kind == "maintenance"
        self.told.append((fields["state"], fields.get("why")))

    def wait(self, seconds):
        self.now = self.now._replace(ticks=self.now.ticks + int(seconds * 1e9))
        self.switches.tick()


def test_it_is_told_when_it_begins_and_when_it_ends_by_itself(tmp_path):
    bench = Bench(tmp_path)
    bench.switches.begin("pm", 3600)
    bench.wait(3599)
    assert bench.switches.under("pm") and not bench.switches.under("air")
    assert bench.told == [("on", None)]
    bench.wait(1)
    assert not bench.switches.under("pm")
    bench.wait(1)
    assert bench.told == [("on", None), ("off", "time is up")]


def test_it_can_be_ended_before_and_begun_anew(tmp_path):
    bench = Bench(tmp_path)
    bench.switches.begin("pm", 60)
    bench.switches.begin("pm", 600)
    bench.wait(300)
    assert bench.switches.left("pm") == 300
    bench.switches.end("pm")
    assert bench.switches.left("pm") is None
    assert bench.told[-1] == ("off", "asked")
    with pytest.raises(ValueError, match="not under maintenance"):
        bench.switches.end("pm")


@pytest.mark.parametrize("seconds", [0, -1, 8 * 86400, float("nan")])
def test_a_time_that_is_none_is_refused(seconds, tmp_path):
    with pytest.raises(ValueError, match="at most 7 days"):
        Bench(tmp_path).switches.begin("pm", seconds)


@pytest.mark.parametrize(("boot", "start", "left"), [("boot", 2000, 1600), ("another", 20, 3000), ("boot", 4000, None)])
def test_it_survives_a_restart_and_after_a_reboot_counts_on_from_what_was_saved(boot, start, left, tmp_path):
    bench = Bench(tmp_path)
    bench.switches.begin("pm", 3600)
    bench.wait(600)
    bench.switches.save()
    bench.begin(boot, start)
    assert bench.switches.left("pm") == left
    bench.wait(3000)
    assert bench.told == [("on", None), ("off", "time is up")]
    bench.begin(boot, 10_000)
    bench.switches.tick()
    assert len(bench.told) == 2


def test_a_state_that_makes_no_sense_is_no_maintenance(tmp_path):
    State(tmp_path / "state.json").save("maintenance", {"pm": {"boot": 1}, "air": 3})
    assert Bench(tmp_path).switches.left("pm") is None


@pytest.mark.parametrize("fault", ["", "?fault=silent"])
def test_what_a_device_gives_meanwhile_is_flagged(fault):
    time = VirtualTime()
    settings = SensorSettings("dut", "sht3x", "sim://", None, None, 1.0, {}, (), "i2c")
    plug = SimPort("sht3x", f"sim://{fault}", time)
    device = Device(settings, drivers.load("sht3x"), plug, Chain([]), Clock(), now=time.now)
    device.maintained = lambda: True
    readings = []
    while time.now() < 30:
        time.wait(max(0.001, device.due - time.now()))
        readings += device.step()
    assert readings
    assert all(Reason.MAINTENANCE in reading.quality.reasons for reading in readings)
    assert {reading.quality.level for reading in readings} == {Level.MISSING if fault else Level.SUSPECT}


def test_the_command_switches_it_and_rules_ignore_the_sensor(tmp_path, capsys):
    state = str(tmp_path / "state")
    with Run(tmp_path, CONFIG) as node:
        assert main(["maintenance", "--state", state, "air", "on", "--for", "30min"]) == 0
        assert "maintenance of air is on for 30 min" in capsys.readouterr().err
    with Run(tmp_path, CONFIG + WARM) as node:
        until(lambda: node.status()["sensors"][0]["good"] > 3)
        (told,) = node.status()["alarms"]
        assert (told["raised"], told["blind"]) == (False, {"air/temperature": "value"})
        assert main(["status", "--state", state]) == 0
        shown = capsys.readouterr().out
        assert "under maintenance for 29 min" in shown
        assert "alarms   quiet, 1 rule · 1 rule cannot be judged now: edge alarm" in shown
        assert main(["maintenance", "--state", state, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["air"] == pytest.approx(1800, abs=60)
        assert main(["maintenance", "--state", state, "air", "off"]) == 0
        until(lambda: node.status()["alarms"][0]["raised"])
        assert [event["state"] for event in events(node) if event["event"] == "maintenance"] == ["on", "off"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["ari", "on"], 64, "there is no sensor 'ari'; there are: air"),
        (["air", "off"], 64, "air is not under maintenance"),
        (["air", "on", "--for", "8d"], 64, "at most 7 days"),
    ],
)
def test_what_cannot_be_done_is_told(words, code, says, tmp_path, capsys):
    with Run(tmp_path, CONFIG):
        assert main(["maintenance", "--state", str(tmp_path / "state"), *words]) == code
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(("words", "says"), [(["air"], "on or off?"), (["air", "on", "--for", "0"], "more than 0")])
def test_half_a_command_is_told_without_a_node(words, says, tmp_path, capsys):
    try:
        code = main(["maintenance", "--state", str(tmp_path), *words])
    except SystemExit as left:
        code = left.code
    assert code == 64
    assert says in capsys.readouterr().err
