"""What the outbox costs: python tests/benchmarks/bench_outbox.py [FOLDER]

Writing is told as a ratio to a plain write and fdatasync of the same bytes in the same run, because cards differ.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from edge.clock import Anchor, Clock, Stamp
from edge.outbox.header import Header
from edge.outbox.outbox import Outbox
from edge.outbox.record import reading_record, records
from edge.payload.senml import SenML
from edge.reading import Batch, Reading

BOOT = "6b8f4a52-0000-4000-8000-000000000001"
CLOCK = Clock(anchors=[Anchor(BOOT, 0, 0, "ntp", 0.01)])
BATCHES = {1: 200, 20: 200, 100: 100, 1000: 30}  # readings in a put: how many puts
MANY = 50_000
HEADER = Header(0, 0, BOOT, 0)


def made(count: int, start: int = 0) -> list[Reading]:
    """Plain readings of twelve channels, one second apart."""
    names = [f"n{number}" for number in range(12)]
    return [Reading("pm", names[n % 12], n % 977 / 10, "1/cm3", Stamp(BOOT, (10**6 + n) * 10**6)) for n in
            range(start, start + count)]  # fmt: skip


def seconds(work, *args) -> float:
    begin = time.perf_counter()
    work(*args)
    return time.perf_counter() - begin


def written(fd: int, data: bytes) -> None:
    os.write(fd, data)
    os.fdatasync(fd)


def bench_put(folder: Path) -> None:
    print(f"{'readings in a put':>18}{'put ms':>10}{'plain ms':>10}{'ratio':>8}{'readings/s':>12}{'bytes each':>12}")
    for size, times in BATCHES.items():
        outbox = Outbox(folder / f"put{size}", limit=256_000_000)
        outbox.put(made(size))  # makes the segment and names the channels
        record = len(reading_record(1, 0, made(1)[0], HEADER))
        plain_path = folder / f"plain{size}"
        plain_path.write_bytes(bytes(1 << 20))
        fd, data = os.open(plain_path, os.O_WRONLY), bytes([1]) * (record * size)
        puts, plains = [], []
        for number in range(times):  # in turns, so that both meet the same moods of the card
            group = made(size, (number + 1) * size)
            puts.append(seconds(outbox.put, group))
            if (number + 1) * len(data) % (1 << 20) < len(data):
                os.lseek(fd, 0, os.SEEK_SET)
            plains.append(seconds(written, fd, data))
        os.close(fd)
        outbox.close()
        put, plain = median(puts), median(plains)
        print(f"{size:>18}{put * 1e3:>10.3f}{plain * 1e3:>10.3f}{put / plain:>8.2f}{size / put:>12.0f}{record:>12}")


def bench_read(folder: Path) -> None:
    outbox = Outbox(folder / "read", limit=256_000_000)
    for start in range(0, MANY, 1000):
        outbox.put(made(1000, start))
    reader, at = outbox.reader(), 1
    begin = time.perf_counter()
    while at <= outbox.last and (stored := reader.read(at, outbox.last, 500)):
        at = stored[-1][0] + 1
    took = time.perf_counter() - begin
    outbox.close()
    print(f"{'read':>18}{MANY / took:>12.0f} readings/s")
    print(f"{'open':>18}{seconds(Outbox, folder / 'read') * 1e3:>12.1f} ms with {MANY} readings")


def bench_encode() -> None:
    some = made(500)
    took = min(
        seconds(lambda: [reading_record(n, 0, reading, HEADER) for n, reading in enumerate(some)]) for _ in [0] * 20
    )
    print(f"{'record':>18}{took / 500 * 1e6:>12.2f} us a reading")
    data = b"".join(reading_record(n, 0, reading, HEADER) for n, reading in enumerate(some))
    took = min(seconds(lambda: list(records(data, 0, HEADER))) for _ in [0] * 20)
    print(f"{'check':>18}{took / 500 * 1e6:>12.2f} us a reading")
    batch = Batch("LP-0417", list(enumerate(some, 1)), "live")
    took = min(seconds(SenML().encode, batch, CLOCK) for _ in [0] * 20)
    size = len(SenML().encode(batch, CLOCK))
    print(f"{'SenML':>18}{took / 500 * 1e6:>12.2f} us a reading, {size / 500:.1f} bytes")


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        bench_put(Path(name))
        bench_read(Path(name))
    bench_encode()


if __name__ == "__main__":
    main()
