"""Figures that hang on how fast and how busy this machine is: seconds, rates, shares, bytes of memory.

Each is measured and printed in every run. A whole run holds it against its limit; a short one (EDGE_ROUNDS, as in CI)
only says where it is over, unless EDGE_FIGURES is set. What must be right on any machine is no figure: assert it.
"""

import os
from math import inf

SHORT = "EDGE_ROUNDS" in os.environ
HELD = not SHORT or "EDGE_FIGURES" in os.environ


def figure(what: str, got: float, unit: str = "s", *, least: float = -inf, most: float = inf) -> None:
    """Prints it beside its limit. Raises ``AssertionError`` in a whole run where it is over."""
    limits = [f"{word} {limit:g}" for word, limit in (("at least", least), ("at most", most)) if abs(limit) < inf]
    well = least <= got <= most
    print(f"{what}: {got:.3g} {unit} ({', '.join(limits)}{'' if well else ': IT IS NOT'})")
    assert well or not HELD, f"{what}: {got:g} {unit}, {' and '.join(limits)}"
