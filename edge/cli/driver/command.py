"""``edge driver``: which drivers there are, what each one measures and needs, and the start of a new one."""

import difflib
import inspect
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import drivers
from drivers import sim
from edge.cli import args, exits
from edge.cli.driver import new, scaffold
from edge.filters import Check, defaults

KEYS = {
    "port": 'port = "/dev/serial/by-id/..."',
    "i2c": "i2c = 1",
    "gpio": "gpio = 17",
    "w1": 'w1 = "28-0316a2795bff"',
    "pps": 'pps = "pps0"',
    "network": 'port = "tcp://127.0.0.1:2947"',
}
MEANS = {
    "port": "a serial port, {baud} baud",
    "i2c": "I2C, address {addresses}",
    "gpio": "a GPIO line",
    "w1": "1-Wire, as the kernel shows it",
    "pps": "a pulse per second, as the kernel shows it",
    "network": "TCP",
}
GRADES = {
    "-": "not verified",
    "S": "simulated",
    "R": "replayed on captures of real devices",
    "H": "verified on hardware",
}


def main(argv: list[str]) -> int:
    """``list``, ``show NAME`` or ``new NAME``."""
    examples = "driver list", "driver show pms5003", "driver new acme42 --family air"
    parser = args.parser("driver", "Which drivers there are, what each one needs, and a new one.", *examples)
    commands = parser.add_subparsers(dest="command", required=True, metavar="list|show|new")
    args.add_json(args.kind(commands, "list", "all drivers, a line each", examples[0]))
    show = args.kind(commands, "show", "one driver: quantities, timing, options, an example", examples[1])
    show.add_argument("name", metavar="NAME", help="one of: edge driver list")
    args.add_json(show)
    what = "writes a driver, its simulator, test and page into a clone of the source"
    fresh = args.kind(commands, "new", what, examples[2])
    fresh.add_argument("name", metavar="NAME", help="the model of the device, in small letters")
    fresh.add_argument("--family", choices=sorted(scaffold.FAMILIES), default="generic", help="default: generic")
    fresh.add_argument("--wire", choices=scaffold.WIRES, default="port", help="default: port")
    given = parser.parse_args(argv)
    if given.command == "new":
        return _new(given.name, given.family, given.wire)
    if given.command == "list":
        return _list(given.json)
    return _show(given.name, given.json)


def find(name: str) -> type[drivers.Driver]:
    """The driver of that name; ``Failure`` with the nearest name when there is none."""
    try:
        return drivers.load(name)
    except LookupError:
        near = difflib.get_close_matches(name, drivers.names(), 1)
        remedy = f"did you mean {near[0]!r}?" if near else "edge driver list shows all"
        raise exits.Failure(f"there is no driver {name!r}; {remedy}", exits.USAGE) from None
    except (ImportError, AttributeError) as error:
        raise exits.Failure(f"the driver {name!r} cannot be loaded: {error}", exits.FAILED) from error


def about(name: str) -> dict[str, Any]:
    """Everything a driver declares, fit for JSON."""
    kind = find(name)
    return {
        "name": name,
        "grade": _grade(name, kind),
        "about": inspect.cleandoc(kind.__doc__ or ""),
        "wire": {"key": kind.wire.key, "baud": kind.wire.baud or None, "addresses": list(kind.wire.addresses)},
        "streaming": kind.streaming,
        "measures": [_fields(quantity, "name", "unit", "low", "high", "decimals") for quantity in kind.measures],
        "timing": _fields(kind.timing, "warmup", "measure", "interval", "timeout"),
        "options": [_option(option) for option in kind.options],
        "defaults": [check._asdict() for check in _defaults(kind)],
    }


def _defaults(kind: type[drivers.Driver]) -> list[Check]:
    """The default chain at the driver's own pace."""
    timing = kind.timing
    return defaults({quantity.name: quantity for quantity in kind.measures}, max(timing.interval, timing.rest))


def _grade(name: str, kind: type[drivers.Driver]) -> str:
    """What the driver claims for itself; without a claim S where there is a simulator to try it on."""
    return kind.grade if kind.grade != "S" or sim.simulated(name) else "-"


def _fields(thing: object, *names: str) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names}


def _option(option: drivers.Option) -> dict[str, Any]:
    fields = _fields(option, "name", "help", "unit", "low", "high", "required")
    kind = option.kind if isinstance(option.kind, str) else option.kind.__name__
    default = None if option.required else option.default
    return fields | {"kind": kind, "default": default, "choices": list(option.choices)}


def _list(as_json: bool) -> int:
    known = [_told(name) for name in drivers.names()]
    if as_json:
        print(json.dumps(known))
        return exits.OK
    rows = [[d["name"], d["wire"]["key"], d["grade"], " ".join(q["name"] for q in d["measures"])] for d in known]
    print("\n".join(_columns(["NAME", "WIRE", "GRADE", "MEASURES"], rows)))
    grades = ", ".join(f"{grade} {GRADES.get(grade, '')}" for grade in sorted({row[2] for row in rows}))
    print(f"\nGrades: {grades}.\nedge driver show NAME says more.")
    return exits.OK


def _told(name: str) -> dict[str, Any]:
    """A broken driver must not hide the others."""
    try:
        return about(name)
    except exits.Failure as failure:
        nothing: dict[str, Any] = {"wire": {"key": "-"}, "measures": []}
        return nothing | {"name": name, "grade": "-", "error": str(failure)}


def _show(name: str, as_json: bool) -> int:
    told = about(name)
    if as_json:
        print(json.dumps(told))
        return exits.OK
    wire = told["wire"]
    addresses = " or ".join(f"0x{address:02x}" for address in wire["addresses"])
    place = MEANS.get(_kind(wire), wire["key"]).format(baud=wire["baud"], addresses=addresses)
    print(f"{name}\n\n{told['about']}\n")
    print(f"Wire    {place}\nGrade   {told['grade']}: {GRADES.get(told['grade'], '')}\n{_timing(told)}\n")
    print("\n".join(_quantities(told["measures"])))
    print("\n" + "\n".join(_checks(told)))
    print("\n" + "\n".join(_options(told["options"])))
    print("\n" + "\n".join(_example(told)))
    return exits.OK


def _new(name: str, family: str, wire: str) -> int:
    root = new.clone(Path.cwd())
    paths = new.create(root, name, family, wire, drivers.names())
    python = Path(sys.executable)
    python = python.relative_to(root) if python.is_relative_to(root) else python
    print(f"In {root}:", *(f"  {path}" for path in paths), sep="\n")
    print("\nNow there, so that it is known, in the reference, and tested:")
    print(f"  {python} -m pip install --no-deps -e .\n  {python} scripts/reference.py\n  make test")
    print(f"\nThen turn it into your device, trace first: {paths[2]}. CONTRIBUTING.md says what is expected of it.")
    return exits.OK


def _kind(wire: dict[str, Any]) -> str:
    """The key of a wire, or "network" for a port without a rate."""
    return "network" if wire["key"] == "port" and not wire["baud"] else str(wire["key"])


def _timing(told: dict[str, Any]) -> str:
    timing = told["timing"]
    pace = "sends by itself each" if told["streaming"] else "is asked each"
    parts = [f"{pace} {timing['interval']:g} s", f"answers after {timing['measure']:g} s" if timing["measure"] else ""]
    parts += [f"values are flagged for {timing['warmup']:g} s after the start" if timing["warmup"] else ""]
    return "Timing  " + ", ".join(part for part in parts if part) + f", ill after {timing['timeout']:g} s of silence"


def _quantities(measures: list[dict[str, Any]]) -> list[str]:
    rows = [[q["name"], q["unit"], _range(q["low"], q["high"]), str(q["decimals"])] for q in measures]
    return _columns(["QUANTITY", "UNIT", "RANGE", "DECIMALS"], rows)


def _checks(told: dict[str, Any]) -> list[str]:
    """The default chain, a line for all quantities that are checked alike."""
    of: dict[str, list[str]] = {}
    for check in told["defaults"]:
        set_so = ", ".join(f"{key} = {_shown(key, value)}" for key, value in check["options"].items())
        of.setdefault(f"{check['type']}  {set_so}".rstrip(), []).append(check["quantity"] or "all")
    every = [quantity["name"] for quantity in told["measures"]]
    rows = [[*what.partition("  ")[::2], "all" if names == every else " ".join(names)] for what, names in of.items()]
    head = f"Checked without being told, at one reading each {told['timing']['interval']:g} s (defaults = false: not):"
    return [head, *_columns(["FILTER", "WITH", "OF"], rows)]


def _shown(key: str, value: Any) -> str:
    """A value of an option; durations in hours."""
    if isinstance(value, list):
        return " <= ".join(value)
    return f"{value / 3600:g} h" if key == "for" else f"{value:.4g}" if isinstance(value, float) else str(value)


def _options(options: list[dict[str, Any]]) -> list[str]:
    if not options:
        return ["No options."]
    rows = [
        [
            o["name"],
            o["kind"],
            o["unit"],
            " | ".join(o["choices"]) or _range(o["low"], o["high"]),
            _default(o),
            o["help"],
        ]
        for o in options
    ]
    return _columns(["OPTION", "KIND", "UNIT", "ALLOWED", "DEFAULT", "MEANING"], rows)


def _default(option: dict[str, Any]) -> str:
    if option["required"]:
        return "(required)"
    return "" if option["default"] is None else _toml(option)


def _example(told: dict[str, Any]) -> list[str]:
    key, addresses = told["wire"]["key"], told["wire"]["addresses"]
    place = KEYS.get(_kind(told["wire"]), f"{key} = ...")
    lines = ["[[sensor]]", f'name = "{told["name"]}"', f'driver = "{told["name"]}"', place]
    lines += [f"address = 0x{addresses[0]:02x}"] if addresses else []
    lines += ['# port = "sim://"  # in place of the wire: a simulated device'] if sim.simulated(told["name"]) else []
    lines += [f'interval = "{told["timing"]["interval"]:g}s"']
    if told["options"]:
        lines += ["[sensor.options]", *(_example_option(option) for option in told["options"])]
    return lines


def _example_option(option: dict[str, Any]) -> str:
    if option["required"]:
        return f"{option['name']} = ...  # {option['help']}"
    return f"# {option['name']} = {'...' if option['default'] is None else _toml(option)}"


def _toml(option: dict[str, Any]) -> str:
    value = option["default"]
    return json.dumps(f"{value:g}s" if option["kind"] == "duration" else value)


def _range(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    return f"{'' if low is None else f'{low:g}'} .. {'' if high is None else f'{high:g}'}".strip()


def _columns(head: Sequence[str], rows: list[list[str]]) -> list[str]:
    table = [list(head), *rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
