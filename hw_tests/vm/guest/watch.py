"""Tells the host how many measurements the running node's first sensor has given, whenever that changes."""

import time
from pathlib import Path

from edge.control import ask

STATE = Path("/run/state")
PAUSE = 0.1  # seconds between two questions


def main() -> None:
    told = -1
    with Path("/dev/virtio-ports/told").open("w", buffering=1, encoding="ascii") as host:
        while True:
            count = _count()
            if count != told:
                print(count, file=host)
            told = count
            time.sleep(PAUSE)


def _count() -> int:
    """-1 while no node answers."""
    try:
        return int(ask(STATE, "status")["sensors"][0]["good"])
    except OSError:
        return -1


if __name__ == "__main__":
    main()
