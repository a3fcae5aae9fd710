"""The reason codes of MQTT 5 (2.4) in CONNACK, PUBACK and DISCONNECT, and what the node does about each.

The return codes of MQTT 3.1.1 (3.2.2.3) are translated into them by paho.
"""

from enum import Enum
from typing import NamedTuple


class Does(Enum):
    """What the node does."""

    TAKE = "takes it as done"
    RETRY = "connects again under the usual back-off"
    WAIT = "gives the other side a rest, then connects again"
    HOLD = "keeps everything and asks again now and then: only a person can mend it"
    OLDER = "tries MQTT 3.1.1"
    SPLIT = "sends less at a time"
    PARK = "halves the message, parks the reading that is left and goes on"


PAUSE = {Does.WAIT: 60.0, Does.HOLD: 300.0}  # seconds before the next connection at least


class Reason(NamedTuple):
    """A code in words, what the node does, and the state it is in meanwhile (``states.STATES``)."""

    name: str
    does: Does
    state: str


UNKNOWN = Reason("a reason code that MQTT does not have", Does.WAIT, "refused")

REASONS = {
    0x00: Reason("success", Does.TAKE, ""),
    0x10: Reason("no matching subscribers", Does.TAKE, ""),
    0x80: Reason("unspecified error", Does.RETRY, "refused"),
    0x81: Reason("malformed packet", Does.RETRY, "protocol"),
    0x82: Reason("protocol error", Does.RETRY, "protocol"),
    0x83: Reason("implementation specific error", Does.RETRY, "refused"),
    0x84: Reason("unsupported protocol version", Does.OLDER, "version"),
    0x85: Reason("client identifier not valid", Does.HOLD, "client-id"),
    0x86: Reason("bad user name or password", Does.HOLD, "login"),
    0x87: Reason("not authorized", Does.HOLD, "not-allowed"),
    0x88: Reason("server unavailable", Does.WAIT, "busy"),
    0x89: Reason("server busy", Does.WAIT, "busy"),
    0x8A: Reason("banned", Does.HOLD, "banned"),
    0x8B: Reason("server shutting down", Does.RETRY, "closed"),
    0x8C: Reason("bad authentication method", Does.HOLD, "login"),
    0x8D: Reason("keep alive timeout", Does.RETRY, "lost"),
    0x8E: Reason("session taken over", Does.WAIT, "taken-over"),
    0x8F: Reason("topic filter invalid", Does.HOLD, "topic"),
    0x90: Reason("topic name invalid", Does.HOLD, "topic"),  # the same for all readings: to park them would lose all
    0x91: Reason("packet identifier in use", Does.RETRY, "protocol"),
    0x92: Reason("packet identifier not found", Does.RETRY, "protocol"),
    0x93: Reason("receive maximum exceeded", Does.RETRY, "protocol"),
    0x94: Reason("topic alias invalid", Does.RETRY, "protocol"),
    0x95: Reason("packet too large", Does.SPLIT, "too-large"),
    0x96: Reason("message rate too high", Does.WAIT, "quota"),
    0x97: Reason("quota exceeded", Does.WAIT, "quota"),
    0x98: Reason("administrative action", Does.WAIT, "closed"),
    0x99: Reason("payload format invalid", Does.PARK, "refused"),
    0x9A: Reason("retain not supported", Does.RETRY, "refused"),
    0x9B: Reason("QoS not supported", Does.HOLD, "no-qos1"),
    0x9C: Reason("use another server", Does.HOLD, "moved"),
    0x9D: Reason("server moved", Does.HOLD, "moved"),
    0x9E: Reason("shared subscriptions not supported", Does.RETRY, "refused"),
    0x9F: Reason("connection rate exceeded", Does.WAIT, "busy"),
    0xA0: Reason("maximum connect time", Does.RETRY, "closed"),
    0xA1: Reason("subscription identifiers not supported", Does.RETRY, "refused"),
    0xA2: Reason("wildcard subscriptions not supported", Does.RETRY, "refused"),
}


def reason(code: int) -> Reason:
    """The row of a code; codes below 0x80 are successes (2.4)."""
    return REASONS.get(code) or (REASONS[0x00] if code < 0x80 else UNKNOWN)
