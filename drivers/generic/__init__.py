"""Devices that the configuration describes."""
