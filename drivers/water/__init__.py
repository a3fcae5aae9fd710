"""Devices that measure water."""
