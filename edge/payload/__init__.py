"""How a batch looks on the wire, and how a receiver reads it."""

from edge.payload.channels import Channels
from edge.payload.payload import Dates, Payload
from edge.payload.record import Record, Unreadable
from edge.payload.registry import load, names

__all__ = ["Channels", "Dates", "Payload", "Record", "Unreadable", "load", "names"]
