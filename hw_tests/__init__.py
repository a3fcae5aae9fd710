"""Bench tests of the sensors of a configuration: ``pytest hw_tests --config FILE``."""
