"""Fixes out of UBX messages: those with the same time of week are one moment."""

from drivers.driver import Measurement
from drivers.gnss import ubx
from drivers.quality import Reason

EXTRAS = {ubx.NAV_DOP: ubx.nav_dop, ubx.NAV_SAT: ubx.nav_sat}
KINDS = (ubx.NAV_PVT, ubx.NAV_EOE, *EXTRAS)


class Epochs:
    """Puts NAV-PVT, NAV-DOP and NAV-SAT together; a moment is over with NAV-EOE, another time, or silence (``close``).

    What the receiver says of its antenna holds until it says something else.
    """

    def __init__(self) -> None:
        self._time = b""
        self._fix: Measurement | None = None
        self._extras: dict[str, float] = {}
        self._disturbed = False

    def add(self, frame: bytes) -> Measurement | None:
        """Takes a checked frame; the fix that is complete now. Raises ``BadData`` for one that is too short."""
        kind, payload = frame[2:4], frame[6:-2]
        if kind in (ubx.MON_HW, ubx.MON_RF):
            self._disturbed = ubx.disturbed(kind, payload)
        if kind not in KINDS:
            return None
        done = self.close() if payload[:4] != self._time else None
        self._time = payload[:4]
        if kind == ubx.NAV_PVT:
            self._fix = ubx.nav_pvt(payload)
        elif kind in EXTRAS:
            self._extras |= EXTRAS[kind](payload)
        return self.close() if kind == ubx.NAV_EOE and done is None else done

    def close(self) -> Measurement | None:
        """The fix of the moment that is over, if NAV-PVT was among its messages."""
        fix, extras = self._fix, self._extras
        self._fix, self._extras = None, {}
        if fix is None:
            return None
        fixed = fix.values["fix"] > 0
        values = {**fix.values, **{name: value for name, value in extras.items() if fixed or "dop" not in name}}
        if not self._disturbed:
            return Measurement(values, fix.flags)
        return Measurement(values, {name: fix.flags.get(name, Reason(0)) | Reason.SENSOR_FAULT for name in values})
