"""Where calibrations are kept: with the running node, or in its state folder while none runs."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from edge.calibration.calibrating import Calibrating
from edge.calibration.logbook import Logbook
from edge.cli import exits
from edge.cli.asking import NEVER, asked
from edge.clock import Clock
from edge.control import ask
from edge.errors import EdgeError
from edge.events import Events
from edge.lock import locked
from edge.settings import Settings, SettingsError, load
from edge.state import State
from edge.timing.timekeeping import Timekeeping

Ask = Callable[..., Any]


@contextmanager
def desk(state: Path, config: Path) -> Iterator[Ask]:
    """Asks about calibrations as ``asked`` does, whether a node runs on ``state`` or not; without one by ``config``."""
    if _runs(state):
        yield partial(asked, state)
    elif not state.is_dir():
        raise exits.Failure(NEVER.format(state), exits.UNAVAILABLE)
    else:
        with _at_rest(state, _settings(config)) as answers:
            yield answers


def _runs(state: Path) -> bool:
    """Whether a node answers; one that was killed leaves its socket behind."""
    try:
        ask(state, "status")
    except PermissionError:
        return True  # to whom it does not is told by ``asked``
    except (OSError, ValueError):
        return False
    return True


@contextmanager
def _at_rest(folder: Path, settings: Settings) -> Iterator[Ask]:
    """Holds the state folder meanwhile, so that no node starts on it."""
    with _held(folder):
        state, clock = State(folder / "state.json"), Clock()
        events = Events(clock, state)
        Timekeeping(clock, events, state)  # gives the clock the dates of earlier boots
        clock.check()
        logbook = Logbook(state, clock, events.put)
        yield partial(_answered, Calibrating(logbook, state, lambda: settings.sensors).answers())
        logbook.save()
        events.save([uplink.name for uplink in settings.uplinks])


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    lock = None
    try:
        lock = locked(folder)
        yield
    except EdgeError as error:
        raise exits.Failure(str(error), exits.TRY_AGAIN) from None
    finally:
        if lock is not None:
            os.close(lock)


def _answered(answers: dict[str, Callable[..., Any]], word: str, **more: Any) -> Any:
    if word not in answers:
        raise exits.Failure("this needs a running node. Do: systemctl start edge", exits.UNAVAILABLE)
    try:
        return answers[word](**more)
    except ValueError as error:
        raise exits.Failure(f"refused: {error}", exits.USAGE) from None


def _settings(config: Path) -> Settings:
    try:
        return load(config)
    except SettingsError as error:
        raise exits.Failure(f"no node runs, and the configuration is wrong\n{error}", exits.CONFIG) from None
