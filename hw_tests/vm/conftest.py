"""Skips these tests unless they are asked for and possible; boots a node for those who need one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hw_tests.vm import image, needs, project
from hw_tests.vm.channel import VmError
from hw_tests.vm.node import HOME, Node

HERE = Path(__file__).parent
FIGURES = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("sensors").addoption("--vm", action="store_true", help="runs the tests in a virtual node")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    reason = "; ".join(needs.missing()) if config.getoption("vm", default=False) else "in a virtual node: make vm"
    for item in ours if reason else []:
        item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(FIGURES, []):
        terminalreporter.write_line(line)


@pytest.fixture
def figure(pytestconfig: pytest.Config) -> Iterator[list[str]]:
    """What was measured: lines for the end of the run."""
    lines: list[str] = []
    yield lines
    pytestconfig.stash.setdefault(FIGURES, []).extend(lines)


@pytest.fixture(scope="session")
def node_in_virtual_time(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """In virtual time: no peers on the host."""
    yield from _booted(tmp_path_factory, virtual_time=True)


@pytest.fixture(scope="module")
def fresh_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """In real time with a network, for one module alone."""
    yield from _booted(tmp_path_factory, virtual_time=False, network=True)


@pytest.fixture(scope="session")
def node_in_real_time(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """In real time."""
    yield from _booted(tmp_path_factory, virtual_time=False)


def _booted(folders: pytest.TempPathFactory, *, virtual_time: bool, network: bool = False) -> Iterator[Node]:
    """With the project as it is now; a boot that hangs is tried once more."""
    disk = image.ready()
    node = Node(disk, folders.mktemp("node"), virtual_time=virtual_time, network=network)
    try:
        node.start()
    except VmError:
        node = Node(disk, folders.mktemp("node"), virtual_time=virtual_time, network=network)
        node.start()
    try:
        node.put(project.packed(), "/run/project.tgz")
        node.run(f"mkdir {HOME} && tar -C {HOME} -xzf /run/project.tgz")
        yield node
    finally:
        node.stop()
