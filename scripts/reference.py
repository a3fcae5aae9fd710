"""Writes docs/reference from the code: `python scripts/reference.py`; with --check it only compares."""

import argparse
import sys
from pathlib import Path

import drivers
from drivers import Option
from edge.cli import COMMANDS
from edge.filters import FILTERS
from edge.settings.check import NODE, OUTBOX
from edge.settings.clock import CLOCK
from edge.settings.commands import COMMANDS as COMMAND_KEYS
from edge.settings.rule import CONDITION, RULE
from edge.settings.sensor import FILTER, SENSOR
from edge.settings.uplink import UPLINK
from edge.uplink.reasons import REASONS
from edge.uplink.states import STATES

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
WIRES = {"port": "serial port", "i2c": "I2C", "gpio": "GPIO", "w1": "1-Wire", "pps": "pulse per second"}


def table(options: tuple[Option, ...]) -> list[str]:
    """Options as a table."""
    rows = ["| key | kind | default | meaning |", "| --- | --- | --- | --- |"]
    for option in options:
        kind = option.kind if isinstance(option.kind, str) else option.kind.__name__
        unit = f" ({option.unit})" if option.unit else ""
        default = "required" if option.required else "" if option.default in (None, "") else f"`{option.default}`"
        rows.append(f"| `{option.name}` | {kind} | {default} | {option.help}{unit} |")
    return rows


def driver_page() -> str:
    """One section a driver."""
    out = ["# Drivers", "", "Generated from the code; `edge driver show NAME` prints the same and an example.", ""]
    for name in drivers.names():
        out += driver_section(name, drivers.load(name))
    return "\n".join(out)


def driver_section(name: str, kind: type[drivers.Driver]) -> list[str]:
    """What a driver measures and takes."""
    timing = kind.timing
    source = (sys.modules[kind.__module__].__doc__ or "").split("\n\n")[0]
    network = kind.wire.key == "port" and not kind.wire.baud
    wire = "TCP" if network else WIRES[kind.wire.key] + (f", {kind.wire.baud} baud" if kind.wire.baud else "")
    wire += "".join(f", 0x{address:02x}" for address in kind.wire.addresses)
    out = [f"## {name}", "", source, "", (kind.__doc__ or "").strip().replace("\n    ", "\n"), ""]
    out += [f"Wire: {wire}. Grade: {kind.grade}. Warm-up {timing.warmup:g} s, ill after {timing.timeout:g} s.", ""]
    out += ["| quantity | unit | range | decimals |", "| --- | --- | --- | --- |"]
    out += [f"| `{q.name}` | {q.unit} | {q.low:g} .. {q.high:g} | {q.decimals} |" for q in kind.measures]
    return [*out, "", *([*table(kind.options), ""] if kind.options else [])]


def config_page() -> str:
    """The keys of each section."""
    out = ["# Configuration", "", "Generated from the code. `config/edge.toml` has the same keys with reasons.", ""]
    sections = {
        "[node]": NODE,
        "[[sensor]]": SENSOR,
        "[[sensor.filter]]": FILTER,
        "[[rule]]": RULE,
        "[[rule.when]]": CONDITION,
        "[outbox]": OUTBOX,
        "[clock]": CLOCK,
        "[[uplink]]": UPLINK,
        "[commands]": COMMAND_KEYS,
    }
    for name, options in sections.items():
        out += [f"## {name}", "", *table(options), ""]
    for name in sorted(FILTERS):
        doc = (FILTERS[name].__doc__ or "").strip().replace("\n    ", "\n")
        out += [f"## filter {name}", "", doc, "", *table(FILTERS[name].options), ""]
    return "\n".join(out)


def command_page() -> str:
    """The commands."""
    out = ["# Commands", "", "`edge COMMAND --help` says more.", "", "| command | does |", "| --- | --- |"]
    return "\n".join([*out, *(f"| `edge {name}` | {what} |" for name, what in COMMANDS.items()), ""])


def state_page() -> str:
    """What can be wrong with a connection, and what the node makes of each reason code."""
    out = [
        "# States of an uplink",
        "",
        "Generated from the code. `edge status` shows the word, the evidence and the remedy;",
    ]
    out += [
        "`cause` in `edge status --json` and in the health message is the word. Whatever it is, readings wait on the"
    ]
    out += ["card and tries go on.", "", "| word | meaning | what to do |", "| --- | --- | --- |"]
    out += [f"| `{word}` | {state.meaning} | {state.remedy} |" for word, state in STATES.items()]
    out += ["", "## Reason codes of MQTT", "", "Those of 3.1.1 are translated into these.", ""]
    out += ["| code | name | the node | word |", "| --- | --- | --- | --- |"]
    out += [f"| 0x{code:02X} | {row.name} | {row.does.value} | {row.state} |" for code, row in REASONS.items()]
    return "\n".join([*out, ""])


PAGES = {
    "drivers.md": driver_page,
    "configuration.md": config_page,
    "commands.md": command_page,
    "uplink-states.md": state_page,
}


def main() -> int:
    """Writes the pages, or tells which are old."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--check", action="store_true", help="write nothing; fail when a page is old")
    check = words.parse_args().check
    old = [name for name, page in PAGES.items() if (FOLDER / name).read_text("utf-8") != page()] if check else []
    if not check:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, page in PAGES.items():
            (FOLDER / name).write_text(page(), "utf-8")
    for name in old:
        print(f"docs/reference/{name} is older than the code: python scripts/reference.py", file=sys.stderr)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
