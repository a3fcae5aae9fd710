"""The order of the house: who may import whom, and what only one file may do. Read from the sources, not run."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FAMILIES = ("air", "flow", "generic", "gnss", "water", "weather")

# From the top to the ground. A module may import from its own line and from the lines below, never from above.
LAYERS = (
    ("edge.__main__",),
    ("edge.cli",),
    ("edge.remote",),
    ("edge.node",),
    ("edge.report", "edge.tracing"),
    ("edge.pipeline",),
    ("edge.health",),
    ("edge.forwarding",),
    ("edge.notices",),
    ("edge.sensing",),
    ("edge.stores",),
    ("edge.outbox", "edge.filters", "edge.rules", "edge.uplink", "edge.payload", "edge.settings", "edge.events",
     "edge.state", "edge.control", "edge.pace", "edge.notify", "edge.timing", "edge.commands", "edge.maintenance",
     "edge.budget", "edge.calibration", "edge.lock", "edge.machine"),
    ("edge.reading",),
    ("edge.clock", "edge.errors", "edge.durable", "edge.maths"),
    ("edge.dates", "edge.timex"),
    ("edge", "edge.lean"),
    ("drivers",),
    ("drivers.plug",),
    ("drivers.registry", "drivers.sim"),
    tuple(f"drivers.{family}" for family in FAMILIES),
    ("drivers.driver", "drivers.trace", "drivers.ports", "drivers.gpio", "drivers.sensirion", "drivers.shdlc",
     "drivers.modbus"),
    ("drivers.bus", "drivers.framing", "drivers.quantity", "drivers.quality", "drivers.option", "drivers.checks",
     "drivers.pulses", "drivers.analog", "drivers.errors"),
)  # fmt: skip

# Through which doors the gateway enters the device library: the first line that fits the importing module counts.
DOORS = (
    ("edge.cli", ("drivers", "drivers.trace", "drivers.sim")),
    ("edge", ("drivers",)),
)

# Who may not import what; a name stands for all below it.
FORBIDDEN = (
    ("drivers", ("edge", "tests", "hw_tests")),
    ("edge", ("tests", "hw_tests")),
    *((f"drivers.{family}", ("time", "threading", "socket")) for family in FAMILIES),
)

# What only these may import.
RESERVED = {
    "edge.cli": ("edge.cli", "edge.__main__"),
    "rich": ("edge.cli",),
}

# What only these files may use.
CALLS = {
    "time.time": ("edge.clock",),
    "time.time_ns": ("edge.clock",),
    "datetime.datetime.now": ("edge.clock",),
    "datetime.datetime.utcnow": ("edge.clock",),
    "datetime.datetime.today": ("edge.clock",),
    "datetime.date.today": ("edge.clock",),
    "time.localtime": ("edge.clock",),
    "time.ctime": ("edge.clock",),
    "time.CLOCK_REALTIME": ("edge.clock",),
    "os.path.getmtime": ("edge.clock",),
    "os.utime": ("edge.clock",),
    "time.sleep": ("drivers.ports",),
}

# Times of files are those of the wall clock: nothing here may be sorted, aged or thrown away by them.
FILE_TIMES = frozenset(f"st_{which}time{unit}" for which in "amc" for unit in ("", "_ns"))

# Known exceptions, each with its reason; one that is no longer needed fails the test.
EXCEPTIONS = {
    "edge.cli.decode imports drivers.framing past the door": "it has to know what the framer left over",
}

Sources = Mapping[str, str]


def sources(root: Path = ROOT) -> dict[str, str]:
    """Module name to text, of everything under drivers/ and edge/."""
    found = {}
    for package in ("drivers", "edge"):
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path.read_text(encoding="utf-8")
    return found


def problems(modules: Sources) -> list[str]:
    """Everything that breaks a rule of the tables above, a sentence each."""
    trees = {name: ast.parse(text) for name, text in modules.items()}
    imports = {name: sorted(set(_imports(tree, modules))) for name, tree in trees.items()}
    found = [problem for name in modules for problem in _of_imports(name, imports[name])]
    found += [problem for name, tree in trees.items() for problem in _of_body(name, tree)]
    graph = {name: [what for what in imports[name] if what in modules] for name in modules}
    return found + _cycles(graph) + _cycles(_by_package(graph))


def _imports(tree: ast.AST, modules: Sources) -> Iterator[str]:
    """The modules that are imported anywhere, also late and inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in modules else node.module


def _of_imports(name: str, imports: list[str]) -> Iterator[str]:
    own = _layer(name)
    if own is None:
        yield f"{name} has no layer: give it one in LAYERS"
    for what in imports:
        other = _layer(what)
        if own is not None and other is not None and other < own:
            yield f"{name} imports {what}, which is above it"
        doors = next((doors for who, doors in DOORS if _within(name, who)), None)
        if doors and _within(what, "drivers") and what not in doors:
            yield f"{name} imports {what} past the door"
        if any(_within(name, who) and any(_within(what, not_) for not_ in nots) for who, nots in FORBIDDEN):
            yield f"{name} may not import {what}"
        for thing, allowed in RESERVED.items():
            if _within(what, thing) and not any(_within(name, who) for who in allowed):
                yield f"{name} may not import {what}, only {', '.join(allowed)} may"


def _of_body(name: str, tree: ast.AST) -> Iterator[str]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole, first = alias.name, alias.name.partition(".")[0]
                names |= {alias.asname: whole} if alias.asname else {first: first}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            if node.level:
                yield f"{name} has a relative import in line {node.lineno}"
    for node in ast.walk(tree):
        used = _dotted(node, names)
        if isinstance(node, ast.Attribute) and node.attr in FILE_TIMES:
            yield f"{name} goes by the time of a file in line {node.lineno}, which is that of the wall clock"
        if used in CALLS and name not in CALLS[used]:
            yield f"{name} uses {used} in line {node.lineno}, only {', '.join(CALLS[used])} may"


def _dotted(node: ast.AST, names: Mapping[str, str]) -> str:
    """``t.sleep`` as ``time.sleep`` where the module says ``import time as t``; "" for anything else."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value, names)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def _by_package(graph: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The imports between packages and single modules of the gateway; those inside a package are its own affair."""
    packages: dict[str, list[str]] = {}
    for name, imports in graph.items():
        own = ".".join(name.split(".")[:2])
        others = {".".join(what.split(".")[:2]) for what in imports if _within(what, "edge")}
        packages[own] = sorted({*packages.get(own, []), *others} - {own})
    return packages


def _cycles(graph: Mapping[str, list[str]]) -> list[str]:
    """Every way that leads back to a module it has passed."""
    found: list[str] = []
    done: set[str] = set()

    def visit(name: str, way: list[str]) -> None:
        if name in way:
            found.append("a cycle: " + " > ".join([*way[way.index(name) :], name]))
        elif name not in done:
            for what in graph[name]:
                visit(what, [*way, name])
            done.add(name)

    for name in graph:
        visit(name, [])
    return found


def _layer(name: str) -> int | None:
    """The line of LAYERS for a module; the two packages themselves stand only for their own ``__init__``."""
    stem = name
    while "." in stem:
        for at, line in enumerate(LAYERS):
            if stem in line:
                return at
        stem = stem.rpartition(".")[0]
    return next((at for at, line in enumerate(LAYERS) if name in line), None)


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.fixture(scope="module")
def found() -> list[str]:
    """What is wrong with this tree."""
    return problems(sources())


def test_the_order_holds(found: list[str]) -> None:
    assert [problem for problem in found if problem not in EXCEPTIONS] == []


def test_every_exception_is_still_needed(found: list[str]) -> None:
    assert EXCEPTIONS.keys() - set(found) == set()


def test_every_layer_is_known_and_named_once() -> None:
    named = [name for line in LAYERS for name in line]
    assert len(named) == len(set(named))
    assert len(sources()) > 80


HOUSE = {
    "edge": "",
    "edge.node": "from edge.reading import Reading",
    "edge.reading": "from drivers import Reason",
    "edge.outbox.log": "",
    "edge.outbox.cursor": "",
    "edge.state": "from edge.outbox import cursor",
    "edge.sensing.device": "",
    "edge.sensing.sampler": "from edge.sensing.device import Device",
    "edge.cli": "",
    "edge.cli.run": "from edge.node import Node\nfrom drivers import trace",
    "drivers": "from drivers.plug import plug",
    "drivers.plug": "def plug():\n    from drivers.sim import SimPort",
    "drivers.sim": "",
    "drivers.trace": "",
    "drivers.driver": "from drivers.errors import DriverError",
    "drivers.errors": "",
    "drivers.air.pms5003": "from drivers.driver import Driver",
}

PLANTED = [
    ("drivers.driver", "import edge", "drivers.driver may not import edge"),
    ("drivers.air.pms5003", "def f():\n    from edge.reading import GOOD", "pms5003 may not import edge.reading"),
    ("drivers.errors", "from drivers import driver", "drivers.errors imports drivers.driver, which is above it"),
    ("drivers.driver", "import drivers.air.pms5003", "drivers.driver imports drivers.air.pms5003, which is above it"),
    ("edge.reading", "from edge import node", "edge.reading imports edge.node, which is above it"),
    (
        "edge.reading",
        "def f():\n    import edge.sensing.sampler",
        "edge.reading imports edge.sensing.sampler, which is above it",
    ),
    ("edge.node", "from edge.cli.run import main", "edge.node may not import edge.cli.run"),
    ("edge.node", "import rich.table", "edge.node may not import rich.table"),
    ("edge.node", "from drivers.plug import plug", "edge.node imports drivers.plug past the door"),
    ("edge.node", "from drivers import trace", "edge.node imports drivers.trace past the door"),
    ("edge.cli.run", "from drivers import errors", "edge.cli.run imports drivers.errors past the door"),
    ("edge.node", "from tests.test_layers import HOUSE", "edge.node may not import tests.test_layers"),
    ("edge.node", "from . import reading", "edge.node has a relative import in line 1"),
    (
        "edge.sensing.device",
        "import edge.sensing.sampler",
        "a cycle: edge.sensing.device > edge.sensing.sampler > edge.sensing.device",
    ),
    ("edge.outbox.log", "import edge.state", "a cycle: edge.outbox > edge.state > edge.outbox"),
    ("edge.node", "import time\ntime.time()", "edge.node uses time.time in line 2"),
    ("edge.node", "from time import time_ns as t\nx = t()", "edge.node uses time.time_ns in line 2"),
    ("edge.node", "from datetime import datetime\ndatetime.now()", "edge.node uses datetime.datetime.now in line 2"),
    ("edge.node", "import datetime as d\nd.date.today()", "edge.node uses datetime.date.today in line 2"),
    (
        "edge.node",
        "import time\ntime.clock_gettime(time.CLOCK_REALTIME)",
        "edge.node uses time.CLOCK_REALTIME in line 2",
    ),
    ("edge.node", "import time\ntime.localtime()", "edge.node uses time.localtime in line 2"),
    ("edge.node", "def age(path):\n    return path.stat().st_mtime", "edge.node goes by the time of a file in line 2"),
    ("drivers.driver", "from time import sleep\nsleep(1)", "drivers.driver uses time.sleep in line 2"),
    ("drivers.air.pms5003", "import threading", "drivers.air.pms5003 may not import threading"),
    ("edge.gadget", "", "edge.gadget has no layer"),
]


def test_a_house_in_order_is_left_in_peace() -> None:
    assert problems(HOUSE) == []


@pytest.mark.parametrize(("module", "source", "expected"), PLANTED, ids=[f"{m}: {s[:40]!r}" for m, s, _ in PLANTED])
def test_a_planted_violation_is_found(module: str, source: str, expected: str) -> None:
    assert any(expected in problem for problem in problems({**HOUSE, module: source}))


def test_the_one_file_may() -> None:
    asks = {"edge.clock": "import time\ntime.time_ns()", "drivers.ports": "import time\ntime.sleep(1)"}
    assert problems({**HOUSE, **asks}) == []
