"""Waiting for what another thread does, without a word about how fast this machine is."""

from collections.abc import Callable
from threading import Event
from time import monotonic

PATIENCE = 120.0  # seconds; only a failure takes so long


def until(true: Callable[[], object], trouble: Callable[[], object] = lambda: "") -> None:
    """Returns as soon as it is ``true``; fails after ``PATIENCE``, with what ``trouble`` says."""
    end = monotonic() + PATIENCE
    while not true():
        assert monotonic() < end, f"not within {PATIENCE} s {trouble()}"
        Event().wait(0.01)
