"""Gas indices out of the raw signals of an SGP40 or SGP41, by Sensirion's own algorithm."""

from collections.abc import Iterable, Mapping
from typing import Any

from drivers import Quantity
from edge.filters.filter import Filter
from edge.filters.interval import usable
from edge.reading import Reading

PACKAGE = "sensirion-gas-index-algorithm"


class VocIndex(Filter):
    """Adds ``voc_index`` behind ``voc_raw`` and ``nox_index`` behind ``nox_raw``; the raw readings stay.

    The sensor must be read once a second. A reading that is bad or missing gives no index, nor do the first 46
    good ones; the algorithm learns the place anew after a restart. Needs the package sensirion-gas-index-algorithm.
    """

    def __init__(self, quantities: Mapping[str, Quantity], **options: Any) -> None:
        """As every filter; raises ``ImportError`` where the package is missing."""
        super().__init__(quantities, **options)
        try:
            from sensirion_gas_index_algorithm.nox_algorithm import NoxAlgorithm
            from sensirion_gas_index_algorithm.voc_algorithm import VocAlgorithm
        except ImportError as error:
            raise ImportError(f"filter voc_index needs a package: pip install {PACKAGE} ({error})") from error
        self._indices = {"voc_raw": ("voc_index", VocAlgorithm()), "nox_raw": ("nox_index", NoxAlgorithm())}

    def gives(self, quantity: str | None) -> Mapping[str, Quantity]:
        """The indices too."""
        added = [name for raw, (name, _) in self._indices.items() if raw in self.quantities and quantity in (None, raw)]
        return {**self.quantities, **{name: Quantity(name, "1", 0, 500) for name in added}}

    def __call__(self, reading: Reading) -> Iterable[Reading]:
        """The reading, and its index behind it."""
        if reading.quantity not in self._indices or reading.value is None or not usable(reading):
            return (reading,)
        name, algorithm = self._indices[reading.quantity]
        index = algorithm.process(round(reading.value))
        if not index:  # 0 is no index: the algorithm still waits for the sensor to settle
            return (reading,)
        return (reading, reading._replace(quantity=name, value=float(index), unit="1", raw=None, spread=None))
