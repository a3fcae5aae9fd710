"""Readings on disk until the far end has them."""
