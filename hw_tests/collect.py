"""Listens to one sensor for a while and writes down what happened. Only drivers are used, nothing of the gateway."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import drivers
from drivers import BadData, Driver, DriverError, Measurement, NoData
from edge.settings import SensorSettings

ASK_AGAIN = 0.1  # seconds between two questions to a device that is not ready
FASTEST = 1.0  # seconds: a polled device is asked once a second, or slower where it needs longer


@dataclass(slots=True)
class Record:
    """What one sensor did; moments are seconds since it was started."""

    sensor: SensorSettings
    kind: type[Driver]
    opened: bool = False
    trouble: str = ""  # the last error, for the report
    identity: Mapping[str, str] = field(default_factory=dict)  # what the part says of itself
    seconds: float = 0.0
    asked: int = 0
    moments: list[float] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    bad: int = 0  # answers thrown away
    failed: int = 0  # times the wire itself failed
    noise: int = 0  # bytes that belonged to no frame

    @property
    def pace(self) -> float:
        """Seconds from one measurement to the next, as a healthy device has it."""
        timing = self.kind.timing
        return timing.interval if self.kind.streaming else max(FASTEST, 1.5 * timing.measure)

    @property
    def deadline(self) -> float:
        """Seconds within which the first measurement has to come; a warm-up flags values, it does not delay them."""
        return self.kind.timing.timeout + self.kind.timing.measure


def collect(sensors: Sequence[SensorSettings], seconds: float) -> dict[str, Record]:
    """All sensors at once, each for ``seconds``; for longer only while the first measurement is awaited."""
    with ThreadPoolExecutor(max_workers=max(1, len(sensors))) as pool:
        records = pool.map(lambda sensor: listen(sensor, seconds), sensors)
        return {record.sensor.name: record for record in records}


def listen(sensor: SensorSettings, seconds: float) -> Record:
    """One sensor; never raises a driver's error."""
    record = Record(sensor, drivers.load(sensor.driver))
    try:
        debounce = sensor.options.get("debounce")
        bus = drivers.plug(sensor.driver, sensor.place, baud=sensor.baud, debounce=debounce).open()
    except DriverError as error:
        record.trouble = str(error)
        return record
    record.opened = True
    address = {} if sensor.address is None else {"address": sensor.address}
    try:
        _run(record.kind(bus, **address, **sensor.options), record, seconds)
    finally:
        bus.close()
    return record


def _run(driver: Driver, record: Record, seconds: float) -> None:
    begin = time.monotonic()
    if _guarded(record, driver.start):
        _identify(driver, record)
    while True:
        age = time.monotonic() - begin
        if age >= seconds and (record.measurements or age >= max(seconds, record.deadline)):
            break
        _once(driver, record, begin)
    record.seconds = time.monotonic() - begin
    record.noise = getattr(getattr(driver, "frames", None), "noise", 0)
    if driver.streaming and record.measurements and not record.identity:
        _identify(driver, record)  # a receiver tells while it is heard
    _guarded(record, driver.stop)


def _identify(driver: Driver, record: Record) -> None:
    """A part that does not tell, or not well, is measured all the same."""
    with suppress(DriverError):
        record.identity = driver.identify()


def _once(driver: Driver, record: Record, begin: float) -> None:
    """One measurement, or what came in its place; takes ``record.pace`` for a device that is asked."""
    record.asked += 1
    if driver.streaming:
        if not _guarded(record, lambda: _measure(driver, record, begin)):
            _rest(ASK_AGAIN)
        return
    at = time.monotonic()
    if _guarded(record, driver.trigger):
        _rest(driver.timing.measure)
        _guarded(record, lambda: _measure(driver, record, begin))
    _rest(at + record.pace - time.monotonic())


def _measure(driver: Driver, record: Record, begin: float) -> None:
    """A device that is asked may need a little longer than its data sheet says."""
    end = time.monotonic() + (0.0 if driver.streaming else record.pace - driver.timing.measure - ASK_AGAIN)
    while True:
        try:
            got = driver.measure()
            break
        except NoData:
            if time.monotonic() >= end:
                raise
            _rest(ASK_AGAIN)
    record.moments.append(time.monotonic() - begin)
    record.measurements.append(got)


def _guarded(record: Record, step: Callable[[], None]) -> bool:
    """False when the wire failed; whatever did not go well is counted by what it means."""
    try:
        step()
    except NoData as error:
        record.trouble = str(error)
        return True  # a stream that was silent has waited already
    except BadData as error:
        record.trouble = str(error)
        record.bad += 1
        return True
    except Exception as error:
        record.trouble = str(error) if isinstance(error, DriverError) else f"{type(error).__name__}: {error}"
        record.failed += 1
        return False
    return True


def _rest(seconds: float) -> None:
    if seconds > 0:
        threading.Event().wait(seconds)
