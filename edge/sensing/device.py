"""A driver with a name, a pace and a health: opens its wire, measures when it is due, recovers by itself.

Its log says one thing when it falls ill and one when it is well again; in between it counts.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from drivers import NONE, BadData, Bus, BusError, Driver, DriverError, Measurement, NoData, Plug, Reason
from edge.clock import Clock, Stamp
from edge.filters import Chain
from edge.reading import GOOD, MISSING, Reading
from edge.sensing.compensation import compensated
from edge.sensing.condition import Counts, Health
from edge.sensing.power import Power
from edge.sensing.totals import RunningHours, fallen
from edge.sensing.way import Way
from edge.settings.model import SensorSettings

log = logging.getLogger("edge.device")

ASK_AGAIN = 0.05  # seconds between two questions to a device that is not ready
REOPEN_FIRST, REOPEN_LONGEST = 0.25, 1.5  # seconds between tries to open a wire that failed
RETREAT_FIRST, RETREAT_LONGEST = 0.5, 30.0  # seconds until a device that failed on a shared wire is asked again
RESET_FROM = 3  # openings since it was well, from which on an ill device is reset before its start
REOPEN_SILENT = 30.0  # seconds of silence after which the wire is opened anew
MISSING_EVERY = 60.0  # seconds between readings that say "missing"
SPARE_DIGITS = 1  # behind the resolution of the quantity: enough for means, and no noise of binary fractions
EARLY = 0.25  # share of its interval that a streaming value may come early and still be kept


class Device:
    """One configured sensor. All calls but the properties come from the thread of its bus."""

    def __init__(
        self, settings: SensorSettings, driver: type[Driver], plug: Plug, chain: Chain, clock: Clock,
        now: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.name = settings.name
        self.shared = driver.wire.shared  # others hang on the same wire and wait while this one is asked
        self.settings, self.plug = settings, plug
        self.health, self.trouble, self.since = Health.STARTING, "", now()
        self.counts = Counts()
        self.on_measurement: Callable[[Measurement, Stamp], None] = lambda got, at: None
        self.on_event: Callable[..., None] = lambda kind, **fields: None
        self.on_identity: Callable[[Mapping[str, str]], None] = lambda identity: None  # each time it was opened
        self.way = Way(settings.driver, chain)  # of its readings
        self.filtered = clock.now()  # since when its filters are those that they are
        self.chain_at: Callable[[float, Chain], Chain] = lambda pace, chain: chain  # for another pace, after this one
        self.power: Power | None = None  # its supply, where that can be switched
        self.look_up: Callable[[str, str], Reading | None] = lambda device, quantity: None
        self.maintained: Callable[[], bool] = lambda: False  # whether a technician works at it
        self.memory: dict[str, float] = {}  # totals, kept across restarts by the node
        self.identity: Mapping[str, str] = {}  # model, serial and firmware, as far as the part tells them
        self._class, self._clock, self._now = driver, clock, now
        quantities = driver.measured(settings.options)
        self._units = {quantity.name: quantity.unit for quantity in quantities}
        self._digits = {quantity.name: quantity.decimals + SPARE_DIGITS for quantity in quantities}
        self._timing = driver.timed(settings.options)
        self._streaming = driver.streaming and not self._timing.rest
        own = 0.0 if self._streaming else self._timing.interval
        self.pace = max(own if settings.interval is None else settings.interval, self._timing.rest)
        self._driver: Driver | None = None
        self._bus: Bus | None = None
        self._triggered: float | None = None
        self._due = self._slot = self._keep_at = self._heard = self._opened_at = now()
        self._reopen, self._retreat = REOPEN_FIRST, RETREAT_FIRST
        self._attempts = 0  # openings since it was well
        self._said_missing = -MISSING_EVERY
        self._uncompensated = self._restart_asked = False
        self._hours = RunningHours(driver, bool(self._timing.rest), now)

    @property
    def due(self) -> float:
        """When ``step`` should be called next, in monotonic seconds."""
        return self._due

    def step(self) -> list[Reading]:
        """Does what is due and gives the readings that came of it; never raises a driver's error."""
        try:
            if self._restart_asked:
                return self._begin_anew()
            if self.power is not None:
                self.power.restore()  # a BusError here is one of the device
            got = self._advance()
        except NoData as nothing:
            return self._nothing(str(nothing))
        except BadData as bad:
            self.counts.bad += 1
            self._again()
            return self._nothing(str(bad))
        except (BusError, DriverError) as broken:
            return self._broken(str(broken))
        return [] if got is None else self._good(got)

    def hurry(self) -> None:
        """Measures as soon as the wire is free; from any thread."""
        self._keep_at = self._now()
        if self._triggered is None:
            self._due = self._now()

    def set_pace(self, seconds: float) -> None:
        """Another interval; from any thread. Raises ``ValueError`` where the device cannot do it."""
        least = max(self._timing.measure, self._timing.rest)
        if seconds < least:
            raise ValueError(f"{self.name} needs {least:g} s for a measurement")
        self.pace = seconds
        self.way.chain, self.filtered = self.chain_at(seconds, self.way.chain), self._clock.now()
        self.hurry()

    def restart(self) -> None:
        """Closes the wire before the next step and opens it anew, with the supply cut where there is a switch."""
        self._restart_asked = True
        self._due = self._now()

    def close(self) -> list[Reading]:
        """Puts the device to rest; gives what the filters still held."""
        if self._driver is not None:
            try:
                self._driver.stop()
            except Exception as error:
                log.debug("%s did not stop cleanly: %s", self.name, error)
        self._unplug()
        if self.power is not None:
            self.power.close()
        return self.way.rest()

    def _begin_anew(self) -> list[Reading]:
        self._restart_asked = False
        self._unplug()
        self._due = self._now() if self.power is None else self.power.cut()
        return []

    @property
    def _patience(self) -> float:
        """Seconds without a measurement after which the device is ill."""
        pace = 0.0 if self._streaming else self.pace
        return self._timing.timeout + pace + self._timing.measure

    def _advance(self) -> Measurement | None:
        driver = self._driver or self._open()
        if self._streaming:
            return driver.measure()
        if self._triggered is None:
            self._slot = self._due  # not the moment itself: waiting for the wire must not shift the grid
            self._uncompensated = not compensated(driver, self.settings.compensate, self.look_up, self._clock.now())
            driver.trigger()
            self._triggered = self._now()
            self._due = self._triggered + self._timing.measure
            return None
        return driver.measure()

    def _open(self) -> Driver:
        address = {} if self.settings.address is None else {"address": self.settings.address}
        self._bus = self.plug.open()
        self._attempts += 1
        try:
            driver = self._class(self._bus, **address, **self.settings.options)
            driver.memory = self.memory
            self._reset(driver)
            driver.start()
            with suppress(DriverError):  # one that does not say who it is may measure all the same
                self._introduce(driver.identify())
        except DriverError:
            raise
        except Exception as error:
            raise BusError(f"{type(error).__name__} at the start: {error}") from error
        self.counts.opened += 1
        self._driver, self._opened_at, self._heard = driver, self._now(), self._now()
        return driver

    def _introduce(self, identity: Mapping[str, str]) -> None:
        self.identity = identity or self.identity
        self.on_identity(identity)

    def _reset(self, driver: Driver) -> None:
        """Soft reset of a device that has one and that two openings did not bring back."""
        if self.health is not Health.ILL or self._attempts < RESET_FROM or type(driver).reset is Driver.reset:
            return
        with suppress(DriverError):  # a part that does not take it is started as it is
            driver.reset()
            self.counts.resets += 1

    def _good(self, got: Measurement) -> list[Reading]:
        at = self._clock.now()
        self.on_measurement(got, at)
        at = at.in_ms()
        self._heard, self._reopen, self._retreat, self._attempts = self._now(), REOPEN_FIRST, RETREAT_FIRST, 0
        self.counts.good += 1
        self._become(Health.OK, "")
        if self.power is not None:
            self.power.well()
        kept = self._kept()
        self._again()
        if not kept:
            return []
        common = self._common()
        readings = []
        for name, value in got.values.items():
            reasons = got.flags.get(name, NONE) | common
            quality = GOOD.flagged(reasons) if reasons else GOOD
            value = round(float(value), self._digits[name])
            readings.append(Reading(self.name, name, value, self._units[name], at, quality=quality))
        for quantity, before, after in fallen(readings, self.counts.latest):
            self.on_event("total_fell", sensor=self.name, quantity=quantity, **{"from": before, "to": after})
        self._hours.count(self.memory, self._timing.measure, self._patience)
        corrected = self.way.corrected(readings)
        self.counts.latest.update((reading.quantity, reading) for reading in corrected)
        return self.way.filtered(corrected)

    def _common(self) -> Reason:
        """What flags every quantity of a measurement."""
        reasons = NONE if self._now() - self._opened_at >= self._timing.warmup else Reason.WARMING_UP
        if self._uncompensated:
            reasons |= Reason.UNCALIBRATED
        return reasons | Reason.MAINTENANCE if self.maintained() else reasons

    def _kept(self) -> bool:
        """Whether a streaming device's value is due to be kept; every value of a polled one is."""
        if not self._streaming or not self.pace:
            return True
        now = self._now()
        if now < self._keep_at - EARLY * self.pace:
            return False
        self._keep_at = max(self._keep_at + self.pace, now - EARLY * self.pace)
        return True

    def _again(self) -> None:
        """Sets the time of the next measurement: on the grid of the interval, however long this one took."""
        if self._triggered is None:
            self._due = self._now()
            return
        late = self._now() - self._slot
        self._due = self._slot + self.pace * max(1, -(-late // self.pace)) if self.pace else self._now()
        self._triggered = None

    def _nothing(self, why: str) -> list[Reading]:
        now = self._now()
        if self.shared:
            self._step_back()
        elif self._triggered is not None:
            self._due = now + ASK_AGAIN
        silent = now - self._heard
        if silent < self._patience:
            return []
        if silent > self._patience + REOPEN_SILENT:
            self._unplug()
        if self._triggered is not None:
            self._again()
        return self._missing(f"no measurement for {silent:.0f} s: {why}")

    def _step_back(self) -> None:
        """Leaves the wire to the others, twice as long each time: a dead device costs them a time-out now and then."""
        self._triggered = None
        self._due = self._now() + self._retreat
        self._retreat = min(max(RETREAT_LONGEST, self.pace), 2 * self._retreat)

    def _broken(self, why: str) -> list[Reading]:
        self._unplug()
        self._due = self._now() + self._reopen
        slip = self._reopen == REOPEN_FIRST and self.health is Health.OK and not self._streaming
        self._reopen = min(REOPEN_LONGEST, self._reopen * 2)
        return [] if slip else self._missing(why)  # one missed answer is no illness, an unplugged stream is

    def _unplug(self) -> None:
        if self._bus is not None:
            try:
                self._bus.close()
            except Exception as error:
                log.debug("%s did not close cleanly: %s", self.name, error)
        self._driver = self._bus = self._triggered = None
        self._heard = self._now()

    def _missing(self, why: str) -> list[Reading]:
        """Readings without a value, at the device's pace but at most one a minute and quantity."""
        self._become(Health.ILL, why)
        now = self._now()
        if self.power is not None and self.power.wanted(now - self.since):
            self._unplug()
            with suppress(BusError):  # a switch that fails too leaves the device as it is
                self._due = self.power.cut()
        if now - self._said_missing < max(self.pace, MISSING_EVERY):
            return []
        self._said_missing = now
        at, quality = self._clock.now().in_ms(), MISSING.flagged(Reason.MAINTENANCE) if self.maintained() else MISSING
        return self.way.filtered(
            [Reading(self.name, name, None, unit, at, quality=quality) for name, unit in self._units.items()]
        )

    def _become(self, health: Health, trouble: str) -> None:
        if health is Health.ILL and self.health is not Health.ILL:
            log.warning("%s (%s) is ill: %s", self.name, self.settings.driver, trouble)
        if health is Health.OK and self.health is Health.ILL:
            log.warning("%s (%s) is well again", self.name, self.settings.driver)
            self._said_missing = -MISSING_EVERY
        if health is not self.health:
            self.since = self._now()
        self.health, self.trouble = health, trouble
