"""Which readings go next: alarms, then live ones, then the backlog under its rate, then what was asked for again."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from edge.outbox.cursor import Cursor, runs
from edge.outbox.gathering import Gathering
from edge.outbox.outbox import Outbox
from edge.outbox.reader import Reader
from edge.pace import Bucket
from edge.reading import Batch, Reading, Stored

Wanted = Callable[[Reading], bool]
DEEP = 20  # times a full message are looked through for one, where the destination wants few of many


class Picker:
    """Positions in the outbox for one destination; each batch is given once until ``restart``."""

    def __init__(
        self,
        outbox: Outbox,
        cursor: Cursor,
        rate: float | None,
        wanted: Wanted | None = None,
        gathering: Gathering | None = None,
    ) -> None:
        """``rate`` limits the backlog, in readings a second; ``wanted`` says which readings the destination gets."""
        self._outbox, self._cursor, self._bucket, self._wanted = outbox, cursor, Bucket(rate), wanted
        self._gathering = gathering or Gathering()
        self._alarm_reader = outbox.reader(alarm=True)
        self._live_reader, self._old_reader = outbox.reader(), outbox.reader()
        self._again_readers = {alarm: outbox.reader(alarm=alarm) for alarm in (False, True)}
        self._live = self._old = self._alarm = self._border = 1
        self._again: deque[tuple[int, int]] = deque()
        self.on_lost: Callable[[int, int], None] = lambda first, last: None

    @property
    def newest(self) -> int:
        """The last seq that was given out."""
        return self._outbox.last

    @property
    def pause(self) -> float:
        """Seconds until the rate lets the next batch of the backlog go, or what is gathered goes; 0 for neither."""
        return min(filter(None, (self._bucket.pause(), self._gathering.pause)), default=0.0)

    @property
    def behind(self) -> bool:
        """Whether the destination still lacks what was there when it was connected, or was asked for again."""
        return self.asked or self._cursor.gap(1, self._border - 1) is not None

    @property
    def asked(self) -> bool:
        """Whether some of what was asked for again has not been given yet."""
        return bool(self._again)

    @property
    def alarmed(self) -> bool:
        """Whether the destination lacks an alarm. Raises ``OSError``."""
        last = self._outbox.last
        gap = self._cursor.gap(1, last)
        return gap is not None and any(self._cursor.gap(*run) for run in self._outbox.alarms(gap[0], last))

    def wants(self, reading: Reading) -> bool:
        """Whether the destination gets readings like this one."""
        return self._wanted is None or self._wanted(reading)

    def restart(self) -> None:
        """The connection is new: all that is not acknowledged is backlog, what comes from now on is live."""
        self._live = self._border = self._outbox.last + 1
        self._old = self._alarm = 1
        self._gathering.begin()

    def replay(self, first: int, last: int) -> None:
        """Gives these once more, whoever has them already; the account does not change."""
        self._again.append((first, last))

    def alarm(self, node: str, count: int) -> Batch | None:
        """The next alarms, if there are any. Raises ``OSError``."""
        last = self._outbox.last
        while (gap := self._cursor.gap(self._alarm, last)) is not None:
            run = next(self._outbox.alarms(*gap), None)
            stored = one_boot(self._alarm_reader.read(*run, count)) if run else []
            self._alarm = stored[-1][0] + 1 if stored else (run or gap)[1] + 1
            if stored:
                return Batch(node, stored, "alarm", alarm=True)
            if run:
                self.on_lost(*run)
        return None

    def next(self, node: str, count: int) -> Batch | None:
        """At most ``count`` routine readings; None when nothing waits or the rate forbids. Raises ``OSError``."""
        return self.live(node, count) or self._next_old(node, count) or self._next_again(node, count)

    def again(self, node: str, seqs: Iterable[tuple[int, int]], lane: str) -> Batch | None:
        """A batch that was given before, by the runs of its seqs; None when it is gone. Raises ``OSError``."""
        whole = list(seqs)
        alarm = any(first for first, _ in self._outbox.alarms(whole[0][0], whole[0][0]))
        reader = self._outbox.reader(alarm=alarm)
        stored = [found for first, last in whole for found in reader.read(first, last, last - first + 1)]
        reader.close()
        return Batch(node, stored, lane, alarm) if stored else None

    def live(self, node: str, count: int) -> Batch | None:
        """At most ``count`` readings that are newer than the connection; None while they are gathered.

        Raises ``OSError``.
        """
        while (gap := self._cursor.gap(self._live, self._outbox.last)) is not None:  # void seqs are settled already
            if not self._gathering.ends(full=self._fills(count)):
                return None
            batch, self._live = self._pick(self._live_reader, gap, count, node, "live")
            if batch is not None:
                return batch
        self._gathering.begin()
        return None

    def _fills(self, count: int) -> bool:
        """Whether the live readings fill a message; of how many it wants among them only the card could tell."""
        return self._wanted is None and self._cursor.lacks(self._live, self._outbox.last) >= count

    def _next_old(self, node: str, count: int) -> Batch | None:
        while self._bucket.pause() == 0 and (gap := self._cursor.gap(self._old, self._border - 1)) is not None:
            batch, self._old = self._pick(self._old_reader, gap, count, node, "backlog")
            if batch is not None:
                self._bucket.spend(len(batch.readings))
                return batch
        return None

    def _next_again(self, node: str, count: int) -> Batch | None:
        while self._again and self._bucket.pause() == 0:
            first, end, alarm = self._piece(*self._again[0])
            stored = one_boot(self._again_readers[alarm].read(first, end, count))
            self._tell_lost(first, end, stored, alarm)
            after = stored[-1][0] + 1 if stored else end + 1
            _, last = self._again.popleft()
            if after <= last:
                self._again.appendleft((after, last))
            if wanted := stored if alarm else self._sifted(stored):
                self._bucket.spend(len(wanted))
                return Batch(node, wanted, "replay", alarm)
        return None

    def _tell_lost(self, first: int, last: int, stored: list[Stored], alarm: bool) -> None:
        """What a receipt is still awaited for and the card no longer has must not be waited for any longer."""
        if not alarm:
            self._account(first, last, stored)
        elif not stored:
            self.on_lost(first, last)

    def _piece(self, first: int, last: int) -> tuple[int, int, bool]:
        """The first part of a run that lies in one log, and whether that is the one of alarms."""
        run = next(self._outbox.alarms(first, last), None)
        if run is None:
            return first, last, False
        return (*run, True) if run[0] == first else (first, run[0] - 1, False)

    def _pick(
        self, reader: Reader, span: tuple[int, int], count: int, node: str, lane: str
    ) -> tuple[Batch | None, int]:
        """A batch from ``span`` and where to go on; what is damaged or not wanted is settled on the way."""
        chosen: list[Stored] = []
        after, last = span
        end = min(last, after + DEEP * count)
        while after <= end and len(chosen) < count:
            found = reader.read(after, last, count - len(chosen))
            stored = one_boot(chosen[-1:] + found)[len(chosen[-1:]) :]
            if found and not stored:
                break  # another boot begins
            self._account(after, last, stored)
            after = stored[-1][0] + 1 if stored else last + 1
            chosen += self._sifted(stored)
        return Batch(node, chosen, lane) if chosen else None, after

    def _sifted(self, stored: list[Stored]) -> Sequence[Stored]:
        if self._wanted is None:
            return stored
        wanted = [found for found in stored if self._wanted(found[1])]
        chosen = {seq for seq, _ in wanted}
        self._cursor.skip(seq for seq, _ in stored if seq not in chosen)
        return wanted

    def _account(self, first: int, last: int, stored: list[Stored]) -> None:
        """Reports the routine seqs that should have been there and are not: damaged on the card."""
        expected = first
        for low, high in runs(seq for seq, _ in stored):
            self._lost(expected, low - 1)
            expected = high + 1
        if not stored:
            self._lost(first, last)

    def _lost(self, first: int, last: int) -> None:
        for run in self._outbox.routine(first, last):
            self.on_lost(*run)


def one_boot(stored: list[Stored]) -> list[Stored]:
    """The readings up to the first one of another boot: a message has one time base."""
    if not stored or stored[0][1].at.boot == stored[-1][1].at.boot:
        return stored
    boot = stored[0][1].at.boot
    return stored[: next(at for at, (_, reading) in enumerate(stored) if reading.at.boot != boot)]
