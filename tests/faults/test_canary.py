"""A secret that would betray itself: it must be nowhere but in its file, in memory and in the CONNECT under TLS."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.broker import QUIET, RUN, Lab, config, until
from tests.certificates import Authority, server
from tests.hostile import Hostile

pytestmark = pytest.mark.faults

CANARY = "k4n4r1-7b1d0c5e9f"
MEMORY = {"mem", "pagemap", "clear_refs", "kcore"}  # of /proc/PID: the memory itself, which has to hold it
UNIT = Path(__file__).parent.parent.parent / "systemd" / "edge.service"


@pytest.fixture
def lab(tmp_path):
    with Lab(tmp_path) as lab:
        yield lab


def told(command, *more):
    """What a command says to both ends."""
    done = subprocess.run([sys.executable, "-c", RUN, command, *map(str, more)], capture_output=True, env=QUIET)
    return done.stdout + done.stderr


def texts(folder):
    """Everything that can be read below a folder."""
    for path in folder.rglob("*"):
        if path.name in MEMORY or "task" in path.relative_to(folder).parts[:1]:
            continue
        with contextlib.suppress(OSError):
            if path.is_file():
                yield path, path.read_bytes()


def secret_file(folder):
    password = folder / "password"
    password.touch(mode=0o600)
    password.write_text(CANARY + "\n")
    return password


def supported(node):
    """What is inside the support file of a node, part by part."""
    told("support", "--config", node.config, "--state", node.state, file := node.state.parent / "support.tar.gz")
    with tarfile.open(file) as archive:
        inside = {member.name: archive.extractfile(member).read() for member in archive}
    file.unlink()
    return inside


def configured(lab, port, authority, password):
    cert, key = authority.sign("node")
    files = f'ca_file = "{authority.file}"\ncert_file = "{cert}"\nkey_file = "{key}"\npassword_file = "{password}"'
    text = config(port, 'air sht3x sim:// interval="100ms"', more=f'username = "LP-T"\n{files}')
    return text.replace("tls = false\n", "").replace('"127.0.0.1"', '"localhost"')


def test_a_secret_is_nowhere_it_does_not_have_to_be(lab, tmp_path):
    authority = Authority(tmp_path / "ca")
    password = secret_file(tmp_path)
    with Hostile(context=server(authority.sign("broker"), clients=authority.file)) as broker:
        node = lab.node(configured(lab, broker.port, authority, password), start=False)
        key = (tmp_path / "ca" / "node.key").read_bytes().splitlines()[1]
        secrets = re.compile(b"|".join(map(re.escape, (CANARY.encode(), key[:40]))))
        seen = {}
        for mode, state in {"connack 86": "down", "garbage": "down", "puback 87": "down", "good": "connected"}.items():
            broker.mode = mode
            node.start("--verbose")
            node.ready()
            assert until(lambda state=state: node.ready()["uplinks"][0]["state"] == state), (mode, node.log)
            seen[f"status {mode}"] = json.dumps(node.status()).encode() + told("status", "--state", node.state)
            if mode != "good":
                node.terminate()
                seen |= {f"{mode}: {name}": content for name, content in supported(node).items()}
        assert until(lambda: node.ready()["uplinks"][0]["delivered"] > 20)
        seen |= {str(path): content for path, content in texts(Path(f"/proc/{node.process.pid}"))}
        assert any(CANARY.encode() in hello for hello in broker.hellos), "the secret was not even used"
        password.write_bytes(CANARY.encode() + b"\xff\n")  # no text: the error must not show it
        broker.hang_up()
        assert until(lambda: node.ready()["uplinks"][0]["cause"] == "secret")
        seen |= {f"edge {name}": told(*command) for name, command in commands(node).items()}
        seen |= (parts := supported(node))
        assert b'"cause": "secret"' in next(text for name, text in parts.items() if name.endswith("node/status.json"))
        node.signal(signal.SIGABRT)
        node.wait()
    seen |= {str(path): content for path, content in texts(node.state)}
    seen["log"] = node.log.encode()
    seen["published"] = b"".join(broker.payloads)
    assert len(seen) > 30 and len(seen["log"]) > 500 and seen["published"]
    assert [place for place, content in seen.items() if secrets.search(content)] == []
    assert "LimitCORE=0" in UNIT.read_text()
    print(f"\n{len(seen)} places looked at, 0 with the secret; {len(broker.hellos)} CONNECTs, all under TLS")


def commands(node):
    return {
        "check": ("check", node.config),
        "check --json": ("check", node.config, "--json"),
        "status": ("status", "--state", node.state),
        "queue": ("queue", "--state", node.state),
    }


def crashed(folder, word, *command):
    """The core files that a process leaves which aborts once it has said a word, without any limit to them."""
    folder.mkdir()
    unlimited = ["sh", "-c", 'ulimit -c unlimited && exec "$@"', "sh", *map(str, command)]
    with subprocess.Popen(
        unlimited, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=QUIET
    ) as process:
        assert any(word in line for line in iter(process.stdout.readline, b""))
        process.send_signal(signal.SIGABRT)
        process.stdout.read()
    assert process.returncode == -signal.SIGABRT
    return list(folder.iterdir())


def test_a_node_that_crashes_leaves_no_core_also_without_systemd(lab, tmp_path):
    holds = f"import time; secret = {CANARY!r}; print('ready', flush=True); time.sleep(60)"
    cores = crashed(tmp_path / "plain", b"ready", sys.executable, "-c", holds)
    if not cores:
        pytest.skip("this machine writes no cores into the folder: sysctl kernel.core_pattern")
    assert CANARY.encode() in cores[0].read_bytes(), "a core would not betray it"
    authority = Authority(tmp_path / "ca")
    password = secret_file(tmp_path)
    with Hostile(context=server(authority.sign("broker"), clients=authority.file)) as broker:
        node = lab.node(configured(lab, broker.port, authority, password), start=False)
        run = ("run", "--config", node.config, "--state", node.state)
        assert crashed(tmp_path / "node", b"is connected", sys.executable, "-c", RUN, *run) == []
        assert any(CANARY.encode() in hello for hello in broker.hellos), "the secret was not in its memory"
