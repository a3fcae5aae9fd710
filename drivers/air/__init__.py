"""Devices that measure the air."""
