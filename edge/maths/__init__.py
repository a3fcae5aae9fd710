"""Arithmetic without a state: curves and how they are fitted, units, expressions and what they may call."""
