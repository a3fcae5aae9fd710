"""The early-warning examples: their rules, behind their filters, against simulated days in virtual time."""

import re
from pathlib import Path

import pytest

import drivers
from edge.clock import Stamp
from edge.reading import GOOD, MISSING, Reading
from edge.rules import Past, alarms
from edge.sensing.build import chain_of
from edge.settings import load

EXAMPLES = Path(__file__).parent.parent / "config" / "examples"
MIN, HOUR = 60, 3600


class Station:
    """The sensors and rules of an example; ``run`` lets time pass with what the world gives at each moment."""

    def __init__(self, path):
        self.settings = load(EXAMPLES / f"{path}.toml" if isinstance(path, str) else path)
        self.now, self.changes = 0, []
        self.alarms = alarms(self.settings.rules, Past(), Stamp("boot", 0), lambda gpio: Lamp())
        self.alarms.offer = self.note
        self.chains, self.units, self.pace = {}, {}, {}
        for sensor in self.settings.sensors:
            measured = {q.name: q for q in drivers.load(sensor.driver).measured(sensor.options)}
            self.chains[sensor.name] = chain_of(
                sensor, drivers.load(sensor.driver), lambda name, quantity: None, lambda stamp: None
            )
            self.units |= {(sensor.name, name): quantity.unit for name, quantity in measured.items()}
            self.pace[sensor.name] = int(sensor.interval)

    def note(self, readings):
        self.changes += [(reading.device, round(reading.at.ticks / 1e9), reading.value) for reading in readings]

    def run(self, seconds, **world):
        """``sensor__quantity`` is a value, None for missing, or a function of the seconds since the start."""
        for _ in range(0, seconds, 10):
            self.now += 10
            for name, value in world.items():
                sensor, quantity = name.split("__")
                if self.now % self.pace[sensor] == 0:
                    self.give(sensor, quantity, value(self.now) if callable(value) else value)
            self.alarms.tick(Stamp("boot", self.now * 10**9))

    def give(self, sensor, quantity, value):
        at, unit = Stamp("boot", self.now * 10**9), self.units[sensor, quantity]
        quality = MISSING if value is None else GOOD
        self.alarms.hear(self.chains[sensor]([Reading(sensor, quantity, value, unit, at, quality=quality)]))

    def of(self, rule):
        """When the alarm of a rule was raised and cleared, in seconds."""
        return [at for name, at, _ in self.changes if name == rule]


class Lamp:
    """A GPIO line that nothing hangs on."""

    on = off = close = lambda self: None


def rising(start, level, per_hour):
    """A level that rises from ``level`` at ``start``; the staff gauge adds 0.42 m."""
    return lambda now: level - 0.42 + max(0, now - start) / HOUR * per_hour


def test_a_flood_is_announced_by_its_rise_then_by_its_level():
    river = Station("warning-river")
    river.run(2 * HOUR, probe__level=rising(0, 1.0, 0.0))
    assert river.changes == []
    river.run(3 * HOUR, probe__level=rising(2 * HOUR, 1.0, 0.8))  # 2.5 m after 1.875 h, 3.2 m after 2.75 h
    assert river.of("rising") == [pytest.approx(2 * HOUR + 0.3 / 0.8 * HOUR + 2 * MIN, abs=90)]
    assert river.of("watch") == [pytest.approx(2 * HOUR + 1.875 * HOUR + 3 * MIN, abs=90)]
    assert river.of("flood") == [pytest.approx(2 * HOUR + 2.75 * HOUR + 2 * MIN, abs=90)]
    top = river.now
    river.run(4 * HOUR, probe__level=lambda now: 3.4 - 0.42 - (now - top) / HOUR * 0.4)  # 3.0 m after 1 h
    assert river.of("flood")[1:] == [pytest.approx(top + 1 * HOUR + 30 * MIN, abs=90)]
    assert river.of("watch")[1:] == [pytest.approx(top + 2.5 * HOUR + 30 * MIN, abs=90)]
    assert len(river.of("rising")) == 2
    assert river.of("gauge-silent") == []


def test_driftwood_and_a_gauge_that_falls_silent():
    river = Station("warning-river")
    river.run(1 * HOUR, probe__level=1.0)
    river.run(1 * MIN, probe__level=4.0)  # one value of one minute
    river.run(30 * MIN, probe__level=1.0)
    assert river.changes == []
    river.run(20 * MIN, probe__level=None)
    assert river.of("gauge-silent") == [pytest.approx(river.now - 5 * MIN, abs=30)]
    river.run(2 * MIN, probe__level=1.0)
    assert len(river.of("gauge-silent")) == 2
    assert {name for name, _, _ in river.changes} == {"gauge-silent"}


def test_chlorine_that_runs_out_and_turbid_water_with_little_of_it():
    works = Station("warning-drinking-water")
    calm = {"salt__conductivity": 400.0, "acid__ph": 7.4}
    works.run(1 * HOUR, disinfection__chlorine=0.6, clarity__turbidity=0.3, **calm)
    assert works.changes == []
    works.run(20 * MIN, disinfection__chlorine=0.15, clarity__turbidity=0.3, **calm)
    assert works.of("chlorine-low") == [pytest.approx(1 * HOUR + 10 * MIN, abs=60)]
    works.run(20 * MIN, disinfection__chlorine=0.35, clarity__turbidity=0.3, **calm)
    assert works.of("chlorine-low")[1:] == [pytest.approx(80 * MIN + 10 * MIN, abs=60)]
    begun = works.now
    works.run(10 * MIN, disinfection__chlorine=0.35, clarity__turbidity=2.5, **calm)
    assert works.of("contamination") == [pytest.approx(begun + 1 * MIN, abs=60)]
    assert works.of("turbid") == [pytest.approx(begun + 5 * MIN, abs=60)]
    works.run(1 * HOUR, disinfection__chlorine=0.6, clarity__turbidity=0.3, **calm)
    assert works.of("turbid")[1:] == [pytest.approx(begun + 25 * MIN, abs=60)]
    assert works.of("contamination")[1:] == [pytest.approx(begun + 40 * MIN, abs=60)]
    assert works.of("other-water") == works.of("blind") == works.of("chlorine-high") == []


def test_other_water_and_an_analyser_that_gives_nothing():
    works = Station("warning-drinking-water")
    works.run(1 * HOUR, disinfection__chlorine=0.6, clarity__turbidity=0.3, salt__conductivity=400.0, acid__ph=7.4)
    works.run(15 * MIN, disinfection__chlorine=None, clarity__turbidity=0.3, salt__conductivity=750.0, acid__ph=7.4)
    assert works.of("other-water") == [pytest.approx(1 * HOUR + 2 * MIN, abs=60)]
    assert works.of("blind") == [pytest.approx(1 * HOUR + 10 * MIN, abs=60)]
    assert works.of("chlorine-low") == []  # missing values raise nothing but silence
    works.run(2 * HOUR, disinfection__chlorine=0.6, clarity__turbidity=0.3, salt__conductivity=750.0, acid__ph=7.4)
    assert works.of("other-water")[1:] == [pytest.approx(1 * HOUR + 60 * MIN, abs=3 * MIN)]
    assert len(works.of("blind")) == 2


def daily(leak):
    """A school: nothing from 22 to 6 o'clock but the ``leak``, 12 L/min by day; the clock begins at noon."""
    return lambda now: leak + (0.0 if (now + 12 * HOUR) % (24 * HOUR) / HOUR % 22 < 6 else 12.0)


@pytest.mark.parametrize(("leak", "raised"), [(0.0, []), (0.5, [24 * HOUR])])
def test_a_leak_is_a_day_without_a_dry_hour(leak, raised):
    meter = Station("warning-leak")
    volume = {"main__volume": lambda now: 128450.0 + now / MIN * 8}
    meter.run(50 * HOUR, main__flow=daily(leak), **volume)
    assert meter.of("leak") == [pytest.approx(at, abs=HOUR + 60) for at in raised]
    meter.run(24 * HOUR, main__flow=daily(0.0), **volume)
    assert len(meter.of("leak")) == 2 * len(raised)
    assert meter.of("burst") == meter.of("meter-silent") == []


def test_a_night_without_the_meter_is_no_leak():
    meter = Station("warning-leak")
    meter.run(10 * HOUR, main__flow=daily(0.0))
    meter.run(8 * HOUR, main__flow=None)
    meter.run(
        16 * HOUR, main__flow=daily(0.0)
    )  # the day behind it has no dry hour in it, and nobody knows of the night
    assert meter.of("leak") == []
    assert len(meter.of("meter-silent")) == 2


def test_a_burst_pipe_is_told_within_half_an_hour():
    meter = Station("warning-leak")
    meter.run(2 * HOUR, main__volume=lambda now: now / MIN * 10, main__flow=10.0)
    meter.run(1 * HOUR, main__volume=lambda now: 1200 + (now - 2 * HOUR) / MIN * 150, main__flow=150.0)
    assert meter.of("burst") == [pytest.approx(2 * HOUR + 8.5 * MIN, abs=2 * MIN)]
    end = 1200 + 60 * 150
    meter.run(2 * HOUR, main__volume=lambda now: end + (now - 3 * HOUR) / MIN * 10, main__flow=10.0)
    assert meter.of("burst")[1:] == [pytest.approx(3 * HOUR + 28 * MIN + 30 * MIN, abs=4 * MIN)]


def test_an_episode_is_the_mean_of_an_hour_not_a_bus_at_the_kerb():
    street = Station("warning-pm")
    dry = {"air__humidity": 60.0}
    street.run(2 * HOUR, pm__pm2_5=12.0, **dry)
    street.run(10 * MIN, pm__pm2_5=180.0, **dry)  # 10 minutes of 180 are a mean of 40
    street.run(2 * HOUR, pm__pm2_5=12.0, **dry)
    assert street.changes == []
    begun = street.now
    street.run(3 * HOUR, pm__pm2_5=80.0, **dry)  # 12 + 68 * x / 60 = 50 after 33.5 minutes
    assert street.of("episode") == [pytest.approx(begun + 33.5 * MIN + 15 * MIN, abs=2 * MIN)]
    begun = street.now
    street.run(3 * HOUR, pm__pm2_5=12.0, **dry)  # 80 - 68 * x / 60 = 40 after 35.3 minutes
    assert street.of("episode")[1:] == [pytest.approx(begun + 35.3 * MIN + 60 * MIN, abs=2 * MIN)]
    assert street.of("fog") == street.of("pm-silent") == []


def test_fog_is_told_as_fog():
    street = Station("warning-pm")
    street.run(2 * HOUR, pm__pm2_5=90.0, air__humidity=97.0)
    assert street.of("fog") == [pytest.approx(45 * MIN, abs=2 * MIN)]


def test_bad_values_do_not_end_an_episode():
    street = Station("warning-pm")
    street.run(70 * MIN, pm__pm2_5=80.0)
    assert street.of("episode") == [pytest.approx(60 * MIN, abs=2 * MIN)]
    street.run(3 * HOUR, pm__pm2_5=5000.0)  # the range filter calls it bad
    assert len(street.of("episode")) == len(street.of("pm-silent")) == 1
    assert street.alarms.status()[0]["blind"] == {"pm/pm2_5": "value"}


def test_the_rules_of_the_how_to_are_right_and_do_what_it_says(tmp_path):
    text = (EXAMPLES.parent.parent / "docs" / "how-to" / "alarms.md").read_text(encoding="utf-8")
    (rules,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    sensor = '[node]\nid = "N"\n[[sensor]]\nname = "probe"\ndriver = "keller"\nport = "sim://"\ninterval = "1min"\n'
    (tmp_path / "how-to.toml").write_text(sensor + rules)
    river = Station(tmp_path / "how-to.toml")
    river.run(1 * HOUR, probe__level=3.3)
    river.run(1 * HOUR, probe__level=3.1)
    assert river.changes == [("flood", 3 * MIN, 1.0)]
    river.run(1 * HOUR, probe__level=3.0)
    assert river.changes[1:] == [("flood", 2 * HOUR + 31 * MIN, 0.0)]
    river.run(1 * HOUR, probe__level=None)
    assert river.changes[2:] == [("gauge-silent", 3 * HOUR + 15 * MIN, 1.0)]
