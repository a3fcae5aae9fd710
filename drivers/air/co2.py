"""What carbon dioxide sensors share: no air that people breathe has less of it than the open sky."""

from collections.abc import Mapping

from drivers.driver import Measurement
from drivers.quality import NONE, Reason

LEAST = 380  # ppm; outdoor air has more than 400


def judged(values: Mapping[str, float], top: float) -> Measurement:
    """The values with CO2 flagged: nothing at all is a fault, ``top`` ppm a stop, too little a lost base line."""
    reason = _doubt(values["co2"], top)
    return Measurement(values, {"co2": reason} if reason else {})


def _doubt(ppm: float, top: float) -> Reason:
    if ppm <= 0:
        return Reason.SENSOR_FAULT
    if ppm >= top:
        return Reason.SATURATED
    return Reason.UNCALIBRATED if ppm < LEAST else NONE
