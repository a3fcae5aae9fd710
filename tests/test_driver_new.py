"""``edge driver new``: what it writes is a driver like any other, in a copy of this tree."""

import configparser
import json
import os
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

import drivers
from drivers.sim.faults import Faults
from drivers.sim.time import VirtualTime
from drivers.trace import Replay, parse
from edge.cli import main
from edge.cli.driver import new, scaffold

ROOT = Path(__file__).parent.parent
ASIDE = shutil.ignore_patterns(".git", ".venv", "venv", ".mypy_cache", ".ruff_cache", ".hypothesis", "__pycache__",
                               "*.egg-info", "build", "dist", "node_modules")  # fmt: skip
EDGE = "import sys; from edge.cli import main; sys.exit(main())"
BOTH = [("nobodys_probe", "port"), ("nobodys_chip", "i2c")]


def run(tree: Path, *words: str | Path) -> str:
    """Runs Python in the tree, with the packages of the tree; gives what it said."""
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run([sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def announce(tree: Path) -> None:
    """What installing does for a driver: the entry points of setup.cfg become metadata beside the packages."""
    setup = configparser.ConfigParser()
    setup.read(tree / "setup.cfg")
    lines = [f"[{group}]\n{names.strip()}\n" for group, names in setup["options.entry_points"].items()]
    folder = tree / "edge_gateway.egg-info"
    folder.mkdir()
    (folder / "entry_points.txt").write_text("\n".join(lines))


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """As much of a clone as the command looks at."""
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    (tmp_path / "drivers").mkdir()
    shutil.copy(ROOT / "drivers" / "driver.py", tmp_path / "drivers")
    return tmp_path


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_driver_passes_all_that_a_driver_has_to(tmp_path):
    tree = tmp_path / "tree"
    shutil.copytree(ROOT, tree, ignore=ASIDE)
    for name, wire in BOTH:
        said = run(tree, "-c", EDGE, "driver", "new", name, "--wire", wire)
        assert all((tree / line.strip()).is_file() for line in said.splitlines()[1:7])
        assert "scripts/reference.py" in said and "make test" in said
    announce(tree)
    run(tree, "scripts/reference.py")
    for name, wire in BOTH:
        assert "S: simulated" in run(tree, "-c", EDGE, "driver", "show", name)
        trace = f"tests/captures/{name}/first.trace"
        assert '"voltage": 21.3' in run(tree, "-c", EDGE, "decode", name, trace), wire
    said = run(
        tree, "-m", "pytest", "-rs", "tests/test_traces.py", "tests/test_drivers.py", "tests/test_cli_decode.py",
        "tests/test_docs.py", "tests/test_layers.py", "tests/test_tutorials.py",
        "-k", "nobodys_probe or nobodys_chip or layers or reference or test_driver_list or test_every_expectation",
    )  # fmt: skip
    assert "passed" in said and "skipped" not in said, said
    written = [path for name, _ in BOTH for path in (f"drivers/generic/{name}.py", f"drivers/sim/{name}.py")]
    run(tree, "-m", "mypy", "--no-error-summary", "--follow-imports=silent", *written)


@pytest.fixture(scope="module")
def every(tmp_path_factory) -> Path:
    """A driver of each family on each wire, and some with awkward names, in one clone."""
    tree = tmp_path_factory.mktemp("every")
    shutil.copy(ROOT / "setup.cfg", tree)
    shutil.copy(ROOT / "pyproject.toml", tree)
    (tree / "drivers").mkdir()
    for wire in scaffold.WIRES:
        for family in scaffold.FAMILIES:
            new.create(tree, f"any_{family}_{wire}", family, wire, [])
        for name in (*AWKWARD, "a" * (39 - len(wire))):
            new.create(tree, f"{name}_{wire}" if len(name) > 30 else f"{name}{'_' * len(wire)}", "air", wire, [])
    return tree


AWKWARD = ("none", "wire", "fixed", "exception", "x", "a1", "struct")


def test_whatever_is_written_is_in_good_style(every):
    for words in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--no-cache", "."], cwd=every, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


def load(path: Path):
    spec = spec_from_file_location(path.stem, path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_whatever_is_written_runs_on_its_trace_and_on_its_simulator(every):
    lines = [
        line.strip().split(" = ") for line in (every / "setup.cfg").read_text().splitlines() if " = drivers." in line
    ]
    fresh = {name: target for name, target in lines if name not in drivers.names()}
    assert [name for name, _ in lines] == sorted(name for name, _ in lines)
    assert len(fresh) == 2 * (len(scaffold.FAMILIES) + len(AWKWARD) + 1)
    for name, target in fresh.items():
        module, _, kind = target.partition(":")
        driver = getattr(load(every / f"{module.replace('.', '/')}.py"), kind)
        folder = every / "tests" / "captures" / name
        replayed = driver(Replay(parse((folder / "first.trace").read_text())))
        for line in (folder / "first.expect").read_text().splitlines():
            wanted = json.loads(line)
            try:
                replayed.trigger()
                assert replayed.measure().values == wanted
            except drivers.DriverError as error:
                assert {"error": type(error).__name__} == wanted
        time = VirtualTime()
        live = driver(load(every / "drivers" / "sim" / f"{name}.py").simulator(time, Faults(time)))
        quantity = driver.measures[0]
        seen = set()
        for _ in range(5):
            live.bus.wait(60)
            seen.add(live.sample().values[quantity.name])
        assert len(seen) == 5 and quantity.low <= min(seen) <= max(seen) <= quantity.high


@pytest.mark.parametrize("name", ["sht3x", "taken", "half", "page"])
def test_what_is_there_stays(bare, name, monkeypatch, capsys):
    monkeypatch.chdir(bare / "drivers")  # the clone is found from below
    metadata = (bare / "setup.cfg").read_text()
    group = "\nedge.drivers =\n"
    (bare / "setup.cfg").write_text(metadata.replace(group, f"{group}    taken = somewhere.else:Taken\n"))
    (bare / "tests" / "captures" / "half").mkdir(parents=True)
    (bare / "docs" / "drivers").mkdir(parents=True)
    (bare / "docs" / "drivers" / "page.md").write_text("mine\n")
    before = files(bare)
    assert main(["driver", "new", name]) == 73
    assert "already" in capsys.readouterr().err
    assert files(bare) == before


@pytest.mark.parametrize("name", ["Probe", "1probe", "my-probe", "../probe", "", "class", "a" * 41, "prøbe", "probe\n"])
def test_a_name_that_is_none_is_refused(bare, name, monkeypatch, capsys):
    monkeypatch.chdir(bare)
    before = files(bare)
    assert main(["driver", "new", name]) == 64
    assert "cannot be called" in capsys.readouterr().err
    assert files(bare) == before


def test_outside_a_clone_it_says_where_to_go(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["driver", "new", "nobodys_probe"]) == 73
    assert "run it there" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_whole_is_not_written(bare, monkeypatch, capsys):
    monkeypatch.chdir(bare)
    (bare / "docs").write_text("a file where a folder has to be\n")
    before = sorted(bare.rglob("*"))
    assert main(["driver", "new", "nobodys_probe"]) == 73
    assert "nothing was written" in capsys.readouterr().err
    assert sorted(bare.rglob("*")) == before
