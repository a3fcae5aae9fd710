"""Receivers of satellite navigation."""
