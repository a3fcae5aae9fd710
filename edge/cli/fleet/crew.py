"""A process with some of the nodes: ``select`` takes no file numbers above 1023, so that a few dozen share one.

The parent writes the plan as a line of JSON, waits for ``ready`` of all, writes the moment of the start, and gets the
account as a line of JSON.
"""

import heapq
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event, Lock
from typing import Any

from edge.cli.fleet.member import Member
from edge.cli.fleet.plan import Plan

PAUSE = 0.5  # seconds between two looks at what waits


class Crew:
    """Some nodes of a plan, from their start to their account."""

    def __init__(self, plan: Plan, numbers: Sequence[int], folder: Path) -> None:
        """Makes the nodes; nothing runs yet."""
        self._plan, self._numbers, self._began = plan, numbers, 0.0
        self._cut, self._still = Event(), Event()
        self._lock = Lock()
        self._connected: list[float] = []  # moments of the fleet at which a session was accepted
        self._due: list[tuple[float, int, Callable[[], object]]] = []  # moment, turn, what happens then
        self._turn = count()
        self._members = [Member(plan, number, folder / str(number), self._cut, self._note) for number in numbers]

    def run(self, began: float) -> dict[str, Any]:
        """Runs the nodes to the end and gives the account; ``began`` is the common start in monotonic seconds."""
        plan, members, self._began = self._plan, self._members, began
        for number, member in zip(self._numbers, members, strict=True):
            moment = plan.ramp * number / plan.nodes
            self._plan_for(moment, member.start)
            self._plan_for(moment, partial(self._measure, member, moment))
        for moment, change in zip(plan.cut or (), (self._cut.set, self._cut.clear), strict=False):
            self._plan_for(moment, change)
        while self._due and self._due[0][0] < plan.end:
            moment, _, act = heapq.heappop(self._due)
            self._wait(moment)
            act()
        drained = self._drain(members)
        reports = [member.report() for member in members]
        for member in members:
            member.stop()
        return {"nodes": reports, "connected": self._connected, "drained": drained}

    def _plan_for(self, moment: float, act: Callable[[], object]) -> None:
        heapq.heappush(self._due, (moment, next(self._turn), act))

    def _measure(self, member: Member, moment: float) -> None:
        member.measure()
        self._plan_for(moment + self._plan.interval, partial(self._measure, member, moment + self._plan.interval))

    def _now(self) -> float:
        return (time.monotonic() - self._began) * self._plan.speed

    def _note(self) -> None:
        with self._lock:
            self._connected.append(round(self._now(), 2))

    def _wait(self, moment: float) -> None:
        self._still.wait(max(0.0, self._plan.real(moment - self._now())))

    def _drain(self, members: Sequence[Member]) -> float | None:
        """Waits until everything is acknowledged; the moment of the fleet at which it was, None if never."""
        end = self._plan.end + self._plan.settle
        while self._now() < end:
            if not any(member.waiting for member in members):
                return round(self._now(), 2)
            self._still.wait(PAUSE)
        return None


def main() -> None:
    """Reads what to do from the input and writes the account to the output."""
    logging.getLogger("edge").setLevel(logging.CRITICAL)  # a cut of all links is no news here
    told = json.loads(sys.stdin.readline())
    cut = told["plan"]["cut"]
    plan = Plan(**told["plan"] | {"cut": tuple(cut) if cut else None})
    with tempfile.TemporaryDirectory(prefix=f"edge-fleet-{os.getpid()}-") as folder:
        crew = Crew(plan, told["numbers"], Path(folder))
        print("ready", flush=True)
        print(json.dumps(crew.run(float(sys.stdin.readline()))), flush=True)


if __name__ == "__main__":
    main()
