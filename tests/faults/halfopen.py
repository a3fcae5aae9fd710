"""Run in a network of its own: a node and a broker on lo; from one moment on nothing of what the broker sends arrives.

Prints, as JSON, seconds until the node knows and its word for it, and until it is connected once packets pass again.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

from tests.broker import Lab, config, until
from tests.hostile import Hostile


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True)


def uplink(node):
    return node.ready()["uplinks"][0]


def main(folder, kind):
    ip("link", "set", "lo", "up")
    ip("rule", "add", "pref", 10, "lookup", "local")  # to make room for a rule before it
    ip("rule", "del", "pref", 0)
    sensors = ['air sht3x sim:// interval="200ms"'] if kind == "busy" else []
    with Hostile() as broker, Lab(Path(folder)) as lab:
        node = lab.node(config(broker.port, *sensors))
        assert until(lambda: uplink(node)["state"] == "connected"), node.log
        assert until(lambda: not sensors or uplink(node)["delivered"] > 20)
        Event().wait(2)
        ip("rule", "add", "pref", 5, "ipproto", "tcp", "sport", broker.port, "blackhole")
        cut = time.monotonic()
        assert until(lambda: uplink(node)["state"] == "down"), node.log
        found, cause = time.monotonic() - cut, uplink(node)["cause"]
        ip("rule", "del", "pref", 5)
        passes = time.monotonic()
        assert until(lambda: uplink(node)["state"] == "connected"), node.log
        back = time.monotonic() - passes
        print(json.dumps({"found": round(found, 1), "cause": cause, "back": round(back, 1)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
