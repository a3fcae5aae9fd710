"""Devices that measure the weather."""
