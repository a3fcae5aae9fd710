"""What a machine tells of itself, read from machines made of files."""

from pathlib import Path

import pytest

from edge.clock import Clock
from edge.events import Events
from edge.machine import Machine, watch_supply
from edge.state import State

THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
ALARM = "sys/class/hwmon/hwmon1/in0_lcrit_alarm"
PI = {
    "sys/class/thermal/thermal_zone0/temp": "51540\n",
    "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
    "sys/class/hwmon/hwmon1/name": "rpi_volt\n",
    ALARM: "0\n",
    "proc/loadavg": "0.21 0.10 0.05 1/123 4567\n",
    "proc/net/wireless": (
        "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
        " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
        " wlan0: 0000   54.  -56.  -256        0      0      0      0     12        0\n"
        " wlan1: 0000   54.  200.  0        0      0      0      0     12        0\n"
    ),
}


class Files:
    """A machine of files."""

    def __init__(self, root: Path, files: dict[str, str]):
        self.root = root
        for name, text in files.items():
            self.write(name, text)
        self.machine = Machine(root, root)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_pi_tells_all_of_it(tmp_path):
    told = Files(tmp_path, PI).machine.status()
    disk = told.pop("disk")
    assert 0 < disk["free"] <= disk["total"]
    assert told == {"temperature": 51.54, "load": 0.21, "wireless": {"wlan0": -56.0}, "under_voltage": False}


def test_what_a_machine_does_not_have_is_left_out(tmp_path):
    assert Files(tmp_path, {}).machine.status().keys() == {"disk"}
    assert Machine(tmp_path / "gone", tmp_path).status() == {}


def test_nonsense_of_the_kernel_is_left_out(tmp_path):
    nonsense = dict.fromkeys([*PI, THROTTLED], "\xff?\n")
    assert Files(tmp_path, nonsense).machine.status().keys() == {"disk", "under_voltage"}


@pytest.mark.parametrize(("name", "fine", "low"), [(ALARM, "0", "1"), (THROTTLED, "0", "50005")])
def test_a_low_supply_is_news_once_and_so_is_its_end(tmp_path, name, fine, low):
    files = Files(tmp_path, {"sys/class/hwmon/hwmon1/name": "rpi_volt", name: fine})
    news = [files.machine.supply_news()]
    for text in (low, low, fine, fine):
        files.write(name, text)
        news.append(files.machine.supply_news())
    assert news == [None, True, None, False, None]


def test_a_dip_between_two_looks_is_news_too(tmp_path):
    files = Files(tmp_path, {THROTTLED: "0"})
    files.write(THROTTLED, "50000")
    assert [files.machine.supply_news() for _ in range(3)] == [True, False, None]


def test_a_dip_before_the_start_is_no_news(tmp_path):
    assert Files(tmp_path, {THROTTLED: "50000"}).machine.supply_news() is None


def test_a_machine_that_watches_no_supply_has_no_news(tmp_path):
    assert Files(tmp_path, {}).machine.supply_news() is None


def test_a_low_supply_is_an_event(tmp_path):
    files = Files(tmp_path, {ALARM: "1", "sys/class/hwmon/hwmon1/name": "rpi_volt"})
    events = Events(Clock(), State(tmp_path / "state.json"))
    watch_supply(files.machine, events)
    watch_supply(files.machine, events)
    event = events.next("city")
    assert event is not None and (event["event"], event["low"]) == ("supply", True)
    events.delivered("city", event["id"])
    assert events.next("city") is None
