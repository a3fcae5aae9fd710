"""The station that the demo shows: devices of four families, all simulated."""

from pathlib import Path

# name, driver, wire, interval, what else its table holds
SENSORS = (
    ("pm", "pms5003", "port", "1s", ""),
    ("air", "sht3x", "i2c", "1s", ""),
    ("gps", "gnss_nmea", "port", "1s", ""),
    ("flow", "pulse_flow", "gpio", "1s", "[sensor.options]\npulses_per_litre = 450\n"),
    ("water", "ds18b20", "w1", "2s", ""),
    ("ph", "ezo_ph", "i2c", "3s", ""),
)
SIM = {"pulse_flow": "sim://?rate=90"}


def write(path: Path, node: str, port: int) -> None:
    """Writes its configuration; the uplink goes to ``port`` of this computer."""
    path.write_text("\n".join([_node(node, port), *(_sensor(*sensor) for sensor in SENSORS)]), encoding="utf-8")


def _node(node: str, port: int) -> str:
    return f"""[node]
id = "{node}"
site = "Simulated lamp post"

[outbox]
limit = "64MB"

[[uplink]]
name = "demo"
type = "mqtt"
host = "127.0.0.1"
port = {port}
tls = false
compress = "deflate"
"""


def _sensor(name: str, driver: str, wire: str, interval: str, more: str) -> str:
    place = SIM.get(driver, "sim://")
    return f"""[[sensor]]
name = "{name}"
driver = "{driver}"
{wire} = "{place}"
interval = "{interval}"
{more}"""
