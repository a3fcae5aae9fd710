"""How long each step with a broker may take."""

from typing import NamedTuple


class Patience(NamedTuple):
    """Seconds; a thread that connects gives no sign of life meanwhile, so all steps together stay under a minute."""

    lookup: float = 5.0  # of the name
    stagger: float = 1.0  # between the first addresses that are tried: an IPv6 that leads nowhere costs no more
    tcp: float = 10.0  # for all addresses together
    tls: float = 15.0  # a certificate chain takes 5 s at 9.6 kbit/s
    connack: float = 8.0  # then MQTT 3.1.1 is tried: some brokers wait for more of a CONNECT of 5
    haste: float = 12.0  # a first try that took longer leaves the second one to the next turn
    packet: float = 20.0  # for a packet that has begun
    ack: float = 25.0  # without any acknowledgement while some are due and nothing is left to send
    late: float = 600.0  # for one acknowledgement while others come or the link is slow
    idle: float = 40.0  # then a ping goes, and as long again its answer may take
