"""A library of sensor drivers: devices and wires, usable alone at a bench or in a notebook.

>>> import drivers
>>> sensor = drivers.load("pms5003")(drivers.plug("pms5003", "sim://").open())
>>> sensor.start()
>>> sensor.sample().values["pm2_5"]  # doctest: +SKIP
11.0
"""

from drivers.bus import I2C, Bus, Files, Pin, Pulses, Stream, Wire
from drivers.driver import Driver, I2CDriver, Measurement, StreamDriver, Timing
from drivers.errors import BadData, BusError, DriverError, NoData
from drivers.gpio import switch
from drivers.option import REQUIRED, Option
from drivers.plug import Plug, plug
from drivers.quality import NONE, Reason
from drivers.quantity import CATALOGUE, Quantity, is_total, units
from drivers.registry import announced, load, names

__all__ = [
    "CATALOGUE",
    "I2C",
    "NONE",
    "REQUIRED",
    "BadData",
    "Bus",
    "BusError",
    "Driver",
    "DriverError",
    "Files",
    "I2CDriver",
    "Measurement",
    "NoData",
    "Option",
    "Pin",
    "Plug",
    "Pulses",
    "Quantity",
    "Reason",
    "Stream",
    "StreamDriver",
    "Timing",
    "Wire",
    "announced",
    "is_total",
    "load",
    "names",
    "plug",
    "switch",
    "units",
]
