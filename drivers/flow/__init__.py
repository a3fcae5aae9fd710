"""Devices that count what flows."""
