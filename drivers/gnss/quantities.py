"""What receivers of satellite navigation measure; a receiver gives what it knows."""

from drivers.quantity import Quantity

POSITION: tuple[Quantity, ...] = (
    Quantity("latitude", "deg", -90, 90, 7),
    Quantity("longitude", "deg", -180, 180, 7),
    Quantity("altitude", "m", -500, 18000, 3),
    Quantity("height", "m", -600, 18000, 3),
    Quantity("speed", "m/s", 0, 515, 3),
    Quantity("course", "deg", 0, 360, 2),
    Quantity("hdop", "1", 0, 99.98, 2),
    Quantity("pdop", "1", 0, 99.98, 2),
    Quantity("satellites", "count", 0, 99),
    Quantity("fix", "1", 0, 3),
    Quantity("fix_quality", "1", 0, 9),
    Quantity("utc", "s", 315964800, 4102444800, 3),
)
IN_VIEW = Quantity("satellites_in_view", "count", 0, 255)
