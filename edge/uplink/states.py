"""The words for what is wrong with a connection, each with what a person does about it.

The words are part of the interface: ``edge status``, the health message and dashboards use them.
"""

from dataclasses import dataclass
from typing import NamedTuple

from edge.errors import UplinkDown


class State(NamedTuple):
    """What a word means and what mends it; ``{host}``, ``{port}``, ``{client}`` and ``{uplink}`` are filled in."""

    meaning: str
    remedy: str


SHOW = "openssl s_client -connect {host}:{port} -servername {host} </dev/null"
TABLE = "[[uplink]] {uplink}"

STATES = {
    "dns": State("the name of the broker cannot be looked up", "ask for it yourself: getent hosts {host}"),
    "no-route": State("there is no way to the broker", "is the modem or the Wi-Fi up? ip -br address; ip route"),
    "tcp-refused": State(
        "nothing listens at that port", "is the broker running, is 'port' right? nc -vz {host} {port}"
    ),
    "timeout": State("the broker's machine does not answer", "a firewall or a lost route: nc -vz -w 10 {host} {port}"),
    "portal": State(
        "something answers HTTP in the broker's place: a captive portal or a proxy",
        "log in at the portal, or correct 'port': curl -sI http://{host}:{port}",
    ),
    "not-mqtt": State("something else than an MQTT broker answers", f"check 'host' and 'port' of {TABLE}: edge check"),
    "no-answer": State(
        "the connection is accepted, but no MQTT broker answers on it",
        "is the broker busy starting, or a TLS port used without TLS? " + SHOW,
    ),
    "tls-plain": State(
        "the port does not speak TLS", f"use the broker's TLS port, often 8883, in {TABLE}; test: {SHOW}"
    ),
    "tls-version": State(
        "the broker has no TLS 1.2 or no strong cipher", "switch TLS 1.2 or later on at the broker: " + SHOW
    ),
    "tls-ca": State(
        "the broker's certificate is signed by nobody the node trusts",
        f"is the right ca_file in {TABLE}? Or somebody listens in: {SHOW}",
    ),
    "tls-host": State(
        "the certificate belongs to another host: a captive portal, an interception or a wrong 'host'",
        "see whose it is: " + SHOW,
    ),
    "tls-date": State(
        "the broker's certificate has expired or is not yet valid",
        f"renew it at the broker, or set the node's clock: timedatectl; {SHOW}",
    ),
    "tls-client": State(
        "the broker does not accept the node's certificate",
        f"renew cert_file and key_file of {TABLE}; no restart is needed",
    ),
    "tls": State("the TLS handshake failed", "see how it goes: " + SHOW),
    "secret": State(
        "a password or key cannot be used", f"it must be there and be the node's alone: chmod 600; see {TABLE}"
    ),
    "login": State(
        "the broker does not accept user name or password",
        f"compare username and password_file of {TABLE} with the broker; no restart is needed",
    ),
    "not-allowed": State(
        "the broker does not allow the node this",
        f"compare username and password_file of {TABLE} with the broker, which may say this of a wrong password too; "
        "if they are right, give '{client}' the right to its topics in the broker's access list",
    ),
    "banned": State("the broker has banned the node", "lift the ban of '{client}' at the broker"),
    "taken-over": State(
        "another client uses the id '{client}'",
        "two nodes have the same id, perhaps a copied card: give one of them another [node] id",
    ),
    "client-id": State("the broker refuses the id '{client}'", "allow it at the broker, or change [node] id"),
    "version": State("the broker has neither MQTT 5 nor 3.1.1", "update the broker; see its log"),
    "busy": State("the broker cannot take more now", "nothing to do here; see the load and the log of the broker"),
    "quota": State("a quota at the broker is used up", "raise the quota of '{client}' at the broker"),
    "moved": State("the broker says that it has moved", f"set the new 'host' in {TABLE}, then: systemctl reload edge"),
    "no-qos1": State(
        "the broker has no QoS 1, so nothing would be acknowledged", "allow QoS 1 at the broker for '{client}'"
    ),
    "topic": State("the broker refuses the topic", f"correct 'topic' of {TABLE}, then: systemctl reload edge"),
    "too-large": State(
        "a message was larger than the broker takes; the next ones are smaller",
        f"nothing, or lower 'batch' of {TABLE}",
    ),
    "refused": State("the broker refuses without saying much", "see the log of the broker about '{client}'"),
    "protocol": State("what came is not allowed in MQTT", "a broken broker or an attack: see its log, keep the node's"),
    "closed": State("the broker or something on the way closed the connection", "see the log of the broker"),
    "lost": State("the connection is dead: nothing comes back", "weak signal or a forgetful NAT: ip -s link"),
    "silent": State("the broker is connected but acknowledges nothing", "see the log and the storage of the broker"),
}


@dataclass(frozen=True, slots=True)
class Broker:
    """Who a connection leads to, for what is told about it."""

    host: str
    port: int
    client: str
    uplink: str

    def down(self, state: str, why: str, remedy: str = "", pause: float = 0.0) -> UplinkDown:
        """The error for one of ``STATES``, with its own remedy unless a better one is given."""
        told = remedy or STATES[state].remedy.format(
            host=self.host, port=self.port, client=self.client, uplink=self.uplink
        )
        return UplinkDown(f"{self.host}:{self.port} {why}", state, told, pause)
