"""The line of gpiod against a stand-in for that library, and which library serves a line."""

import enum
import queue
import sys
from types import SimpleNamespace

import pytest

import drivers
from drivers import gpio
from drivers.gpio import EventPin, PulsePin

Level = enum.Enum("Value", ["INACTIVE", "ACTIVE"])
Type = enum.Enum("Type", ["RISING_EDGE", "FALLING_EDGE"])
FIRST = 4_294_967_290  # six edges before the kernel's numbers begin anew


class Request:
    """A requested line: edges go in by ``play``, and come out as the kernel gives them."""

    def __init__(self) -> None:
        self.level, self.released, self.waiting = Level.INACTIVE, False, queue.Queue()

    def play(self, *edges: tuple[int, float, bool]) -> None:
        for number, at, active in edges:
            event_type = Type.RISING_EDGE if active else Type.FALLING_EDGE
            self.waiting.put(SimpleNamespace(line_seqno=number, timestamp_ns=int(at * 1e9), event_type=event_type))
        self.waiting.put(None)
        self.waiting.join()

    def get_value(self, line: int) -> Level:
        assert line == 17
        return self.level

    def set_value(self, line: int, level: Level) -> None:
        if self.released:
            raise OSError("the line is gone")
        self.level = level

    def wait_edge_events(self, timeout: float) -> bool:
        try:
            self.next = self.waiting.get(timeout=timeout)
        except queue.Empty:
            return False
        return True

    def read_edge_events(self) -> list[SimpleNamespace]:
        events = []
        while self.next is not None:
            if isinstance(self.next, Exception):
                self.waiting.task_done()
                raise self.next
            events.append(self.next)
            self.waiting.task_done()
            self.next = self.waiting.get()
        return Taken(events, self.waiting.task_done)

    def release(self) -> None:
        self.released = True


class Taken(list):
    """Edges, with a word when all are dealt with."""

    def __init__(self, events: list, done) -> None:
        super().__init__(events)
        self.done = done

    def __iter__(self):
        yield from super().__iter__()
        self.done()


class Chip:
    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> "Chip":
        return self

    def __exit__(self, *_: object) -> None: ...

    def get_info(self) -> SimpleNamespace:
        return SimpleNamespace(label="pinctrl-rp1" if self.path.endswith("4") else "gpio-brcmstb")


class Library:
    """As much of gpiod 2 as a line needs."""

    line = SimpleNamespace(
        Value=Level,
        Direction=SimpleNamespace(INPUT="input", OUTPUT="output"),
        Edge=SimpleNamespace(BOTH="both"),
        Bias=SimpleNamespace(PULL_UP="pull up"),
    )
    EdgeEvent = SimpleNamespace(Type=Type)
    LineSettings, Chip = dict, Chip

    def __init__(self) -> None:
        self.request = Request()
        self.asked: list = []

    def request_lines(self, path: str, lines: dict, **given: object) -> Request:
        self.asked.append((path, lines, given))
        return self.request


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(gpio, "_chip", lambda library: "/dev/gpiochip4")
    return Library()


@pytest.fixture
def clock() -> SimpleNamespace:
    return SimpleNamespace(now=100.0)


@pytest.fixture
def port(library: Library, clock: SimpleNamespace):
    port = EventPin(17, library, clock=lambda: clock.now)
    yield port
    port.close()


def test_asks_for_both_edges_of_an_active_low_line_and_a_long_queue(library: Library, port: EventPin) -> None:
    settings = {"direction": "input", "edge_detection": "both", "bias": "pull up", "active_low": True}
    assert library.asked == [("/dev/gpiochip4", {17: settings}, {"consumer": "edge", "event_buffer_size": 1024})]


def test_counts_over_the_time_that_passed(library: Library, port: EventPin, clock: SimpleNamespace) -> None:
    library.request.play((1, 1, True), (2, 1.1, False), (3, 2, True), (4, 2.1, False))
    clock.now = 107.5
    assert (port.take(), port.lost) == ((2, 7.5), 0)
    assert port.take() == (0, 0.0)


@pytest.mark.parametrize(("next_number", "lost"), [(3, 0), (4, 1), (5, 1), (7, 2), (203, 100)])
def test_a_gap_in_the_numbers_is_lost_pulses(library: Library, port: EventPin, next_number: int, lost: int) -> None:
    library.request.play((1, 1, True), (2, 1.1, False), (next_number, 9, True))
    assert (port.take()[0], port.lost) == (2, lost)
    assert (port.take()[0], port.lost) == (0, 0)


def test_edges_lost_before_the_first_count_too(library: Library, port: EventPin) -> None:
    library.request.play((5, 1, True))
    assert (port.take()[0], port.lost) == (1, 2)


def test_numbers_begin_anew(library: Library, port: EventPin) -> None:
    port._seen = FIRST - 1
    library.request.play(*(((FIRST + edge) % 2**32, 1 + edge, edge % 2 == 0) for edge in range(12)))
    assert (port.take()[0], port.lost) == (6, 0)


def test_debounces_by_the_time_of_the_kernel(library: Library) -> None:
    port = EventPin(17, library, debounce=0.01)
    library.request.play((1, 1, True), (2, 1.001, False), (3, 1.002, True), (4, 2, False), (5, 3, True))
    assert (port.take()[0], port.lost) == (2, 0)
    port.close()


def test_level_makes_up_for_a_lost_edge(library: Library, port: EventPin) -> None:
    assert not port.level()
    library.request.level = Level.ACTIVE
    assert port.level()
    assert port.take()[0] == 1


def test_a_line_that_breaks_is_a_bus_error(library: Library, port: EventPin) -> None:
    library.request.waiting.put(OSError(19, "No such device"))
    library.request.waiting.join()
    port._thread.join()
    with pytest.raises(drivers.BusError, match="GPIO 17"):
        port.take()


def test_gives_the_line_back(library: Library) -> None:
    port = EventPin(17, library)
    port.close()
    assert library.request.released
    assert not port._thread.is_alive()


def test_a_line_that_is_taken_is_a_bus_error(library: Library) -> None:
    def busy(*_: object, **__: object) -> Request:
        raise OSError(16, "Device or resource busy")

    library.request_lines = busy
    with pytest.raises(drivers.BusError, match="GPIO 17: Device or resource busy"):
        EventPin(17, library)


def test_the_chip_of_the_header_is_found_by_its_label(monkeypatch: pytest.MonkeyPatch) -> None:
    for there, chosen in ((["0", "4"], "4"), (["0", "1"], "0"), ([], "0")):
        monkeypatch.setattr(gpio.Path, "glob", lambda self, _, there=there: [self / f"gpiochip{n}" for n in there])
        assert gpio._chip(Library()) == f"/dev/gpiochip{chosen}"


def chosen(monkeypatch: pytest.MonkeyPatch, module: object) -> object:
    monkeypatch.setitem(sys.modules, "gpiod", module)
    gpio.gpiod.cache_clear()
    try:
        return gpio.gpiod()
    finally:
        gpio.gpiod.cache_clear()


def test_gpiod_serves_where_it_is_installed(monkeypatch: pytest.MonkeyPatch, library: Library) -> None:
    assert chosen(monkeypatch, library) is library
    monkeypatch.setattr(gpio, "gpiod", lambda: library)
    port = drivers.plug("rain_bucket", 17).open()
    assert isinstance(port, EventPin)
    assert port._pulses._least == 0.1
    port.close()


def test_gpiozero_serves_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    from gpiozero.pins.mock import MockFactory

    assert chosen(monkeypatch, None) is None  # not installed
    assert chosen(monkeypatch, SimpleNamespace(LINE_REQ_EV_BOTH_EDGES=1)) is None  # the first generation
    monkeypatch.setattr(gpio, "gpiod", lambda: None)
    monkeypatch.setattr(gpio, "_lgpio", MockFactory)
    port = drivers.plug("pulse_flow", 17).open()
    assert isinstance(port, PulsePin)
    assert (port.take()[0], port.lost) == (0, 0)
    port.close()


class GpiodLine:
    """A switch on the stand-in of gpiod."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, library: Library) -> None:
        monkeypatch.setattr(gpio, "gpiod", lambda: library)
        self._library = library

    def high(self) -> bool:
        """What the kernel was told last, or asked for at the start."""
        _, lines, _ = self._library.asked[-1]
        began = lines[17]["output_value"]
        return (began if self._library.request.level is None else self._library.request.level) is Level.ACTIVE

    def lose(self, switch: object) -> None:
        self._library.request.released = True


class GpiozeroLine:
    """A switch on gpiozero's own mock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, library: Library) -> None:
        from gpiozero.pins.mock import MockFactory

        self._factory = MockFactory()
        monkeypatch.setattr(gpio, "gpiod", lambda: None)
        monkeypatch.setattr(gpio, "_lgpio", lambda: self._factory)

    def high(self) -> bool:
        return bool(self._factory.pin(17).state)

    def lose(self, switch: drivers.gpio.Switch) -> None:
        switch._line.close()


@pytest.mark.parametrize("made", [GpiodLine, GpiozeroLine])
@pytest.mark.parametrize("on", [True, False])
def test_a_switch_begins_as_asked_and_does_what_it_is_told(monkeypatch, library, made, on) -> None:
    library.request.level = None
    line = made(monkeypatch, library)
    switch = drivers.switch(17, on=on)
    assert line.high() is on
    switch.off()
    assert not line.high()
    switch.on()
    assert line.high()
    line.lose(switch)
    with pytest.raises(drivers.BusError, match="GPIO 17"):
        switch.off()
    switch.close()
