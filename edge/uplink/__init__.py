"""Where readings go."""

from edge.uplink.uplink import Ack, Uplink

__all__ = ["Ack", "Uplink"]
