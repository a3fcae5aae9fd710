"""What every driver is: ask the device, check the answer, turn it into numbers in declared units.

A driver keeps no clock, no thread and no history, and knows no node. Who writes one overrides the hooks
(``start``, ``identity``, ``trigger``, ``read`` or ``decode``, ``stop``); who uses one calls ``measure`` or ``sample``.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar, final

from drivers.bus import I2C, Bus, Stream, Wire
from drivers.errors import BadData, BusError, DriverError, NoData
from drivers.framing import Format, Framer
from drivers.option import Option
from drivers.quality import Reason
from drivers.quantity import Quantity

PATIENCE = 0.1  # seconds between two questions to a device that has nothing yet
IDENTITY = ("model", "serial", "firmware")  # what a part may say of itself
FLOOD = 1 << 16  # bytes a stream may bring without one measurement before that is called nonsense


Got = TypeVar("Got")


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds from the data sheet.

    ``warmup`` after start: values are flagged. ``measure``: from ``trigger`` to a result. ``interval``: the
    pace where none is configured (a streaming device: what it sends by itself). ``timeout``: a device that
    gave nothing for so long is ill. ``rest``: between two measurements it sleeps until so long after the last
    ``trigger``; such a device is asked, even where it would stream when left awake.
    """

    warmup: float = 0.0
    measure: float = 0.0
    interval: float = 10.0
    timeout: float = 5.0
    rest: float = 0.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """Values by quantity name, all of one moment, and the flags the device itself gives cause for."""

    values: Mapping[str, float]
    flags: Mapping[str, Reason] = field(default_factory=dict)


class Driver(ABC):
    """A device on a bus; ``measure`` is final, the hooks are yours.

    ``memory`` is what has to survive a restart: whoever runs the driver keeps it and hands it back before ``start``.
    Those of its keys that are measured quantities, and only grow, stand in ``totals``. ``inputs`` are options that may
    follow the value of another device (compensation). ``lifetime`` are the hours that a laser or a fan lasts. ``grade``
    says how far the driver is proven: S by its simulator, R by captures of real devices, H on hardware by us.
    """

    wire: ClassVar[Wire]
    measures: ClassVar[tuple[Quantity, ...]]
    timing: ClassVar[Timing] = Timing()
    options: ClassVar[tuple[Option, ...]] = ()
    totals: ClassVar[tuple[str, ...]] = ()
    inputs: ClassVar[tuple[str, ...]] = ()
    lifetime: ClassVar[float] = 0.0
    streaming: ClassVar[bool] = False
    grade: ClassVar[str] = "S"
    example: ClassVar[Mapping[str, Any]] = {}  # options to try it with, where some are required

    def __init__(self, bus: Any, **options: Any) -> None:
        """``bus`` is of the kind that ``wire`` names; ``options`` are keys of the table ``options``."""
        known = {option.name: option.default for option in self.options}
        unknown = options.keys() - known.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no option {sorted(unknown)[0]!r}")
        self.bus: Bus = bus
        self.set: Mapping[str, Any] = {**known, **options}
        self.memory: dict[str, float] = {}
        self.quantities = self.measured(self.set)

    @classmethod
    def measured(cls, options: Mapping[str, Any]) -> tuple[Quantity, ...]:
        """What a driver with these options measures: ``measures`` of the class, unless it overrides this.

        Raises ``ValueError`` for options that make no sense.
        """
        return cls.measures

    @classmethod
    def timed(cls, options: Mapping[str, Any]) -> Timing:
        """The timing with these options: ``timing`` of the class, unless it overrides this."""
        return cls.timing

    def start(self) -> None:
        """Hook: makes the device ready, once after the port was opened."""

    def reset(self) -> None:
        """Hook: soft reset, for a device that reopening did not bring back."""

    def trigger(self) -> None:
        """Hook: begins a measurement; ``read`` is called ``timing.measure`` seconds later."""

    @abstractmethod
    def read(self) -> Mapping[str, float] | Measurement:
        """Hook: fetches the values; raises ``NoData`` while there are none."""

    def feed(self, name: str, value: float) -> None:
        """Hook: takes the value of another device in place of the option ``name``, one of ``inputs``."""
        self.set = {**self.set, name: value}

    def identity(self) -> Mapping[str, str]:
        """Hook: what the part says of itself, by names of ``IDENTITY``; may ask it. Empty where it cannot tell."""
        return {}

    def stop(self) -> None:
        """Hook: puts the device to rest before the port is closed."""

    @final
    def measure(self) -> Measurement:
        """The values of one moment: only declared quantities, only finite numbers.

        Raises ``NoData`` (wait), ``BadData`` (throw away) or ``BusError`` (reopen), never anything else.
        """
        got = _asked(self.read)
        return self._checked(got if isinstance(got, Measurement) else Measurement(got))

    @final
    def identify(self) -> Mapping[str, str]:
        """What the part says of itself, for an inventory; to be called after ``start``, before the first ``trigger``.

        Empty where it cannot tell, or not yet; raises as ``measure`` does.
        """
        got = _asked(self.identity)
        for name, text in got.items():
            if name not in IDENTITY:
                raise BadData(f"{type(self).__name__} gave {name!r}, which is none of {', '.join(IDENTITY)}")
            if not text or not text.isascii() or not text.isprintable():
                raise BadData(f"{name} is {text!r}, not printable text")
        return got

    @final
    def sample(self) -> Measurement:
        """Triggers, waits and measures in one go, for a bench or a notebook; the gateway schedules these steps itself.

        Asks again while the device has nothing, for ``timing.timeout`` seconds; raises as ``measure`` does.
        """
        timing = self.timed(self.set)
        self.trigger()
        self.bus.wait(timing.measure)
        for _ in range(int(timing.timeout / PATIENCE)):
            with suppress(NoData):
                return self.measure()
            self.bus.wait(PATIENCE)
        return self.measure()

    def _checked(self, got: Measurement) -> Measurement:
        declared = {quantity.name for quantity in self.quantities}
        for name, value in got.values.items():
            if name not in declared:
                raise BadData(f"{type(self).__name__} gave {name!r}, which it does not declare")
            if not isinstance(value, (int, float)) or not math.isfinite(value):
                raise BadData(f"{name} is {value!r}, not a finite number")
        if not got.values:
            raise NoData("the device gave no value")
        return got


def _asked(hook: Callable[[], Got]) -> Got:
    """What a hook gives; only a ``DriverError`` leaves it."""
    try:
        return hook()
    except DriverError:
        raise
    except OSError as error:
        raise BusError(str(error)) from error
    except Exception as error:
        raise BadData(f"{type(error).__name__}: {error}") from error


class StreamDriver(Driver):
    """A device that sends frames by itself; override ``decode``."""

    framing: ClassVar[tuple[Format, ...]]
    flood: ClassVar[int] = FLOOD
    streaming: ClassVar[bool] = True

    def __init__(self, bus: Stream, **options: Any) -> None:
        """``bus`` is a byte stream at ``wire.baud``."""
        super().__init__(bus, **options)
        self.stream = bus
        self.frames = Framer(*self.framing)

    @abstractmethod
    def decode(self, frame: bytes) -> Mapping[str, float] | Measurement | None:
        """Hook: what a checked frame says; None when it does not complete a measurement."""

    def pending(self) -> Mapping[str, float] | Measurement | None:
        """Hook: what earlier frames said, now that the device has fallen silent."""
        return None

    def read(self) -> Mapping[str, float] | Measurement:
        """Reads until a frame completes a measurement or the line falls silent."""
        heard = 0
        while heard < self.flood:
            for got in self._decoded(idle=False):
                return got
            data = self.stream.read(256)
            if not data:
                return self._last_word()
            heard += len(data)
            self.frames.feed(data)
        raise BadData(f"{heard} bytes without a measurement")

    def _decoded(self, *, idle: bool) -> Iterator[Mapping[str, float] | Measurement]:
        while (frame := self.frames.next(idle=idle)) is not None:
            got = self.decode(frame)
            if got is not None:
                yield got

    def _last_word(self) -> Mapping[str, float] | Measurement:
        for got in self._decoded(idle=True):
            return got
        rest = self.pending()
        if rest is None:
            raise NoData("no complete frame before the line fell silent")
        return rest


class I2CDriver(Driver):
    """A device at an address of an I2C bus."""

    def __init__(self, bus: I2C, address: int | None = None, **options: Any) -> None:
        """``address`` is one of ``wire.addresses``, the first if not given."""
        super().__init__(bus, **options)
        self.i2c = bus
        self.address = self.wire.addresses[0] if address is None else address

    def transfer(self, data: bytes, size: int = 0, pause: float = 0.0) -> bytes:
        """Writes, waits and reads at this device's address."""
        return self.i2c.transfer(self.address, data, size, pause)
