"""What can go wrong at a device, sorted by what the caller does about it."""


class DriverError(Exception):
    """Anything a driver may raise; nothing else leaves ``Driver.measure``."""


class NoData(DriverError):
    """The device has nothing yet: wait and ask again."""


class BadData(DriverError):
    """The device answered nonsense: throw this answer away and ask again."""


class BusError(DriverError):
    """The wire itself failed (unplugged, no acknowledge, no permission): close it and open it again."""
