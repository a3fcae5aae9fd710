"""Clean series at 1 Hz, as healthy sensors at busy places give them; and what would be wrong with each.

The sizes are those of the world and of the data sheets, none is taken from the checks: what a lorry, a breath, a dose
or a wave really does is in the clean series, and a fault is what none of them does.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from tests.quality.motion import DAY, Bursts, Switch, Wander, swing

HOUR = 3600
Values = dict[str, float]
Series = Callable[[Random], Iterator[Values]]
LATITUDE, LONGITUDE = 52.52, 13.405


class World(NamedTuple):
    """A quantity of a real driver, whose resolution, range and warm-up count.

    ``jump`` is the smallest jump that is worth to be found, beyond the range (``absurd``) where any other may be true.
    ``frozen`` is for how many seconds it freezes (0: it may stand still), but not at ``rests``, where it may.
    ``end`` is the limit that clips it, if any.
    """

    quantity: str
    driver: str
    series: Series
    jump: float
    frozen: float = 0.0
    end: str = ""
    absurd: bool = False
    rests: float | None = None
    step: float = 0.0  # the real resolution, where the sensor has a coarser one than it shows


def dust(random: Random) -> Iterator[Values]:
    """Beside a street: lorries pass, the night is clean."""
    air, device = Wander(random, HOUR, 3.0), Wander(random, 5.0, 1.0)
    lorries, coarse = Bursts(random, 70, (5, 80), 4, 25), Bursts(random, 40, (5, 150), 6, 40)
    for at in range(DAY):
        fine = max(0.0, 7.0 + 8.0 * swing(at, 9.0) + air.next()) + lorries.next()
        fine = max(0.0, fine + device.next() * (0.3 + 0.03 * fine))
        yield {"pm1": 0.65 * fine, "pm2_5": fine, "pm10": 1.15 * fine + coarse.next()}


def climate(random: Random) -> Iterator[Values]:
    """Before a house: sun and shade, showers, fog in the morning, a door that lets out other air."""
    slow, eddies = Wander(random, 1200, 0.4), Wander(random, 20, 0.15)
    shade, wet = Bursts(random, 6, (-5, -1), 120, 900), Bursts(random, 5, (5, 25), 180, 1200)
    damp, door = Wander(random, 20, 0.4), Bursts(random, 25, (1, 5), 15, 60)
    for at in range(DAY):
        celsius = 15 + 6 * swing(at) + slow.next() + eddies.next() + shade.next() + random.gauss(0, 0.02)
        let_out = door.next()
        percent = 78 - 24 * swing(at) + damp.next() + wet.next() - 3 * let_out + random.gauss(0, 0.05)
        yield {"temperature": celsius + let_out, "humidity": min(100.0, percent)}


def barometer(random: Random) -> Iterator[Values]:
    """In a windy house: fronts, gusts, doors that slam."""
    weather, gusts, doors = Wander(random, 6 * HOUR, 4.0), Wander(random, 3, 0.06), Bursts(random, 40, (-1, 1), 0.5, 1)
    for _ in range(DAY):
        yield {"pressure": 1008 + weather.next() + gusts.next() + doors.next() + random.gauss(0, 0.02)}


def room(random: Random) -> Iterator[Values]:
    """A classroom: people come and go, some breathe on the sensor."""
    people, drift = Switch(random, 8, (200, 900), (1800, 7200)), Wander(random, 60, 6)
    breath, mixed = Bursts(random, 20, (200, 1500), 12, 60), 0.0
    for _ in range(DAY):
        mixed += (people.next() - mixed) / 900
        yield {"co2": 425 + mixed + drift.next() + breath.next() + random.gauss(0, 4)}


def gas(random: Random) -> Iterator[Values]:
    """A metal oxide in a kitchen: everything may happen to it."""
    slow, alcohol = Wander(random, 600, 300), Bursts(random, 30, (-8000, -500), 3, 200)
    for _ in range(DAY):
        yield {"voc_raw": 30000 + slow.next() + alcohol.next() + random.gauss(0, 15)}


def noise(random: Random) -> Iterator[Values]:
    """A street: cars pass, something bangs."""
    hum, cars = Wander(random, 10, 2.5), Bursts(random, 1500, (8, 25), 2, 6)
    bangs = Bursts(random, 40, (15, 35), 0.3, 0.5)
    for at in range(DAY):
        yield {"sound_level": max(29.0, 46 + 7 * swing(at) + hum.next() + cars.next() + bangs.next())}


def wind(random: Random) -> Iterator[Values]:
    """Gusts; the cups stand still below 0.5 m/s."""
    mean, gusts = Wander(random, 1200, 2.0), Wander(random, 5, 0.25)
    for at in range(DAY):
        force = max(0.0, 4.0 + 3.0 * swing(at) + mean.next())
        speed = force * (1 + gusts.next() + random.gauss(0, 0.05))
        yield {"wind_speed": speed if speed >= 0.5 else 0.0}


def rain(random: Random) -> Iterator[Values]:
    """A bucket of 0.2 mm: dry, and a few showers up to 2 mm a minute."""
    showers, filled, total = Switch(random, 6, (0.02, 2.0), (300, 5400)), 0.0, 812.4
    for _ in range(DAY):
        filled += showers.next() / 60 * random.uniform(0.5, 1.5)
        tips, filled = divmod(filled, 0.2)
        total += 0.2 * tips
        yield {"rain": 0.2 * tips, "rain_total": total}


def basin(random: Random) -> Iterator[Values]:
    """A basin that the sun warms a little."""
    slow = Wander(random, 2 * HOUR, 0.1)
    for at in range(DAY):
        yield {"water_temperature": 12 + 0.6 * swing(at, 17.0) + slow.next() + random.gauss(0, 0.03)}


def dosed(quantity: str, mean: float, daily: float, noise: float, dose: tuple[float, float]) -> Series:
    """Water that is dosed or rained into: slow, quiet, and now and then a quick change."""

    def series(random: Random) -> Iterator[Values]:
        slow, doses = Wander(random, 1200, 3 * noise), Bursts(random, 8, dose, 40, 600)
        for at in range(DAY):
            yield {quantity: mean + daily * swing(at, 16.0) + slow.next() + doses.next() + random.gauss(0, noise)}

    return series


def river(random: Random) -> Iterator[Values]:
    """A river with waves, ships, and a flood that comes within hours."""
    waves, ships, flood = (
        Wander(random, 2, 0.012),
        Bursts(random, 30, (-0.12, 0.12), 5, 8),
        Bursts(random, 1, (0.3, 1.0), 7200, 20000),
    )
    for at in range(DAY):
        yield {"level": 1.3 + 0.1 * swing(at) + waves.next() + ships.next() + flood.next() + random.gauss(0, 0.0005)}


def gauge(random: Random) -> Iterator[Values]:
    """The same from above, in whole millimetres."""
    for values in river(random):
        yield {"distance": 3400 - 1000 * values["level"] + random.gauss(0, 1.5)}


def pipe(random: Random) -> Iterator[Values]:
    """A house: taps open and close at once, a pump runs evenly, at night nothing flows."""
    taps, pump = Switch(random, 120, (3, 14), (15, 300)), Switch(random, 4, (30, 36), (600, 3600))
    whole, part = 128_450, 0.0
    for at in range(DAY):
        awake = at > 5 * HOUR
        flow = taps.next() + pump.next() if awake else 0.0
        part += flow * random.uniform(0.97, 1.03) * 450 / 60
        pulses, part = divmod(part, 1)
        whole += int(pulses)
        yield {"flow": pulses * 60 / 450, "volume": whole / 450, "pulses": float(whole)}


def mast(random: Random) -> Iterator[Values]:
    """A receiver that stands: metres of wander, reflections from a facade."""
    north, east, up = (Wander(random, 300, sigma) for sigma in (1.5e-5, 2.5e-5, 3.0))
    facade = Bursts(random, 20, (-2e-4, 2e-4), 8, 60)
    for at in range(DAY):
        yield {
            "latitude": LATITUDE + north.next() + facade.next(), "longitude": LONGITUDE + east.next(),
            "altitude": 36 + up.next(), "speed": abs(random.gauss(0, 0.03)), "satellites": float(random.randint(8, 14)),
            "fix": 3.0, "utc": 1.8e9 + at,
        }  # fmt: skip


def door(random: Random) -> Iterator[Values]:
    """Opened now and then."""
    opened = Switch(random, 30, (1, 1), (5, 1200))
    for _ in range(DAY):
        yield {"contact": opened.next()}


WORLDS = (
    World("pm2_5", "pms5003", dust, 150, 4 * HOUR, "high", rests=0.0),
    World("pm2_5", "sps30", dust, 150, 4 * HOUR, "high", rests=0.0),
    World("temperature", "sht3x", climate, 3, 4 * HOUR, "high"),
    World("humidity", "sht3x", climate, 12, 4 * HOUR, rests=100.0),
    World("pressure", "bme280", barometer, 4, 4 * HOUR, "low"),
    World("co2", "mhz19", room, 1000, 4 * HOUR, "high"),
    World("voc_raw", "sgp41", gas, 65_535, 4 * HOUR, "high", absurd=True),
    World("sound_level", "noise", noise, 3276, 2400, "high", absurd=True),
    World("wind_speed", "anemometer", wind, 20, 4 * HOUR, "high", rests=0.0),
    World("rain", "rain_bucket", rain, 13_107, absurd=True),
    World("water_temperature", "ds18b20", basin, 2, 13 * HOUR, "low", step=0.0625),
    World("ph", "ezo_ph", dosed("ph", 7.5, 0.15, 0.004, (-0.6, 0.6)), 1, 7 * HOUR, "low"),
    World("orp", "ezo_orp", dosed("orp", 260, 20, 0.6, (-80, 80)), 100, 7 * HOUR, "high"),
    World("conductivity", "ezo_ec", dosed("conductivity", 520, 15, 2, (-180, 60)), 300, 7 * HOUR, "high"),
    World("dissolved_oxygen", "ezo_do", dosed("dissolved_oxygen", 8.6, 1.2, 0.02, (-2, 1)), 1, 7 * HOUR, "high"),
    World("turbidity", "yosemitech", dosed("turbidity", 12, 1, 0.2, (5, 180)), 60, 7 * HOUR, "high"),
    World("level", "keller", river, 0.4, 7 * HOUR, "high"),
    World("distance", "a02yyuw", gauge, 400, 13 * HOUR, "high"),
    World("flow", "pulse_flow", pipe, 133_333, 7 * HOUR, "high", absurd=True, rests=0.0),
    World("latitude", "gnss_nmea", mast, 0.003, 600),
    World("contact", "contact", door, 7, absurd=True),
)
