"""How a batch looks on the wire."""

from edge.payload.payload import Dates, Payload
from edge.payload.senml import SenML

PAYLOADS: dict[str, type[Payload]] = {"senml+json": SenML}

__all__ = ["PAYLOADS", "Dates", "Payload", "SenML"]
