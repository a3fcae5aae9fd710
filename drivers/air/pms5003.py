"""Plantower particle counters by model (data manuals, appendix I); drivers/air/plantower.py has what they share."""

from drivers.air.plantower import CLIMATE, COUNT, GAS, MASS, Plantower
from drivers.checks import sum16
from drivers.framing import Fixed


class PMS5003(Plantower):
    """Masses in ug/m3: plain names are the atmospheric values, ``_cf1`` the factory ones; counts per cm3.

    Counts are of particles larger than the size. 5003, 5003S and 5003T send frames of one length: only the label
    tells them apart.
    """

    measures = MASS + COUNT
    framing = (Fixed(b"BM\x00\x1c", 32, sum16),)
    awake = slice(4, 28)
    error = slice(29, 30)
    grade = "R"


class PMS7003(PMS5003):
    """As the PMS5003, which it talks like, in a flat case."""


class PMSA003(PMS5003):
    """As the PMS5003, which it talks like, in a small case."""


class PMS3003(PMS5003):
    """As the PMS5003, in frames of 24 bytes without counts and error code."""

    measures = MASS
    framing = (Fixed(b"BM\x00\x14", 24, sum16),)
    awake = slice(4, 22)  # with the reserved words: clean air has no mass
    error = slice(0)


class PMS5003S(PMS5003):
    """As the PMS5003, with formaldehyde in place of version and error code."""

    measures = MASS + COUNT + GAS
    grade = "S"
    error = slice(0)


class PMS5003T(PMS5003):
    """As the PMS5003, with temperature and humidity in place of the two largest sizes."""

    measures = MASS + COUNT[:4] + CLIMATE
    awake = slice(4, 24)


class PMS5003ST(PMS5003):
    """As the PMS5003, with formaldehyde, temperature and humidity in frames of 40 bytes."""

    measures = MASS + COUNT + GAS + CLIMATE
    grade = "S"
    framing = (Fixed(b"BM\x00\x24", 40, sum16),)
    error = slice(37, 38)
