"""The reasons why a value may not be trusted, as driver and gateway name them."""

from enum import IntFlag


class Reason(IntFlag):
    """Why a value is flagged; a set of bits, so several reasons fit in two bytes."""

    WARMING_UP = 1 << 0
    STUCK = 1 << 1
    SPIKE = 1 << 2
    RATE = 1 << 3
    OUT_OF_RANGE = 1 << 4
    INCONSISTENT = 1 << 5
    STALE = 1 << 6
    SENSOR_FAULT = 1 << 7
    COMM_ERROR = 1 << 8
    SATURATED = 1 << 9
    UNCALIBRATED = 1 << 10
    MAINTENANCE = 1 << 11
    CLOCK = 1 << 12

    def words(self) -> list[str]:
        """The names in lower case, as they stand in a payload: ``["warming_up", "stuck"]``."""
        return [str(reason.name).lower() for reason in Reason if reason in self]


NONE = Reason(0)
