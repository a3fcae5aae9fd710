"""Tests of the gateway. Drawn examples may take their time: a deadline for each would fail on a busy machine."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
