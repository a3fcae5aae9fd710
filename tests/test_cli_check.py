import json
import os
from pathlib import Path

import pytest

from edge.cli import main

SHIPPED = Path(__file__).parent.parent / "config" / "edge.toml"

TEN = """\
[node]
id = "LP-0417"

[[sensor]]
name = "pm"
driver = "pms5003"
port = "/dev/serial/by-id/a"
bauld = 9600
interval = "1 parsec"

[[sensor]]
name = "flow"
driver = "pms503"
port = "/dev/serial/by-id/b"

[[sensor]]
name = "flow"
driver = "pms5003"
port = "/dev/serial/by-id/a"
gpio = 99

[uplnk]
host = "x"

[[uplink]]
host = 12
prot = 8883
batch = 0
password = "secret"
"""

FOUND = """\
bad.toml:8:1: unknown key 'bauld' in sensor 'pm'
    8 | bauld = 9600
      | ^^^^^ did you mean 'baud'?
bad.toml:9:12: 'interval' is not a duration: '1 parsec'
    9 | interval = "1 parsec"
      |            ^^^^^^^^^^ write a number and a unit, e.g. "500ms", "10s", "5min", "1h"
bad.toml:13:10: 'driver' cannot be 'pms503'
   13 | driver = "pms503"
      |          ^^^^^^^^ did you mean 'pms5003'?
bad.toml:17:8: two sensors are named 'flow'
   17 | name = "flow"
      |        ^^^^^^ the other begins in line 11; give each a name of its own
bad.toml:20:1: sensor 'flow' has several wires: port, gpio
   20 | gpio = 99
      | ^^^^ 'pms5003' hangs on a serial port: keep one
bad.toml:20:8: 'gpio' = 99 is outside 0..27 (BCM numbering)
   20 | gpio = 99
      |        ^^ BCM 17 is pin 11 of the header
bad.toml:22:2: unknown section [uplnk]
   22 | [uplnk]
      |  ^^^^^ did you mean [uplink]?
bad.toml:26:8: 'host' must be a text in quotes, not 12
   26 | host = 12
      |        ^^ write host = "12"
bad.toml:27:1: unknown key 'prot' in [uplink]
   27 | prot = 8883
      | ^^^^ did you mean 'port'?
bad.toml:28:9: 'batch' = 0 is outside 1..100000
   28 | batch = 0
      |         ^ readings in a message at most
bad.toml:29:1: a password must not stand in the configuration
   29 | password = "secret"
      | ^^^^^^^^ put it into a file that only edge may read: password_file = "/etc/edge/password"
11 problems. The running node keeps its last good configuration.
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EDGE_CONFIG", raising=False)
    return tmp_path


def test_every_problem_in_one_pass(folder, capsys):
    (folder / "bad.toml").write_text(TEN)
    assert main(["check", "bad.toml"]) == 78
    assert capsys.readouterr() == (FOUND, "")


def test_json_tells_the_same(folder, capsys):
    (folder / "bad.toml").write_text(TEN)
    assert main(["check", "--json", "bad.toml"]) == 78
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False and len(answer["problems"]) == 11
    assert answer["problems"][0] == {
        "file": "bad.toml", "line": 8, "column": 1, "length": 5, "severity": "error",
        "what": "unknown key 'bauld' in sensor 'pm'", "remedy": "did you mean 'baud'?",
    }  # fmt: skip


def test_the_shipped_file_is_ok(folder, capsys):
    (folder / "edge.toml").write_bytes(SHIPPED.read_bytes())
    assert main(["check", "edge.toml"]) == 0
    assert capsys.readouterr().out == "edge.toml: ok - 6 sensors, 1 rule, 1 uplink\n"


def test_a_folder_by_config_and_by_environment(folder, capsys, monkeypatch):
    (folder / "edge.toml").write_text('[node]\nid = "n"\n')
    assert main(["check", "--config", str(folder)]) == 0
    monkeypatch.setenv("EDGE_CONFIG", str(folder))
    assert main(["check"]) == 0
    assert capsys.readouterr().out == f"{folder}: ok - 0 sensors, 0 uplinks\n" * 2


def test_warnings_are_shown_and_counted_apart(folder, capsys):
    (folder / "a.toml").write_text(
        '[node]\nid = "n"\n[[sensor]]\nname = "p"\ndriver = "pms5003"\nport = "/dev/ttyUSB0"\n'
    )
    assert main(["check", "a.toml"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("a.toml:6:8: warning: ") and out.endswith("a.toml: ok - 1 sensor, 0 uplinks, 1 warning\n")


def test_a_missing_file(folder, capsys):
    assert main(["check", "none.toml"]) == 78
    assert capsys.readouterr().out == (
        "none.toml: there is no such file\n      | create it, or name another one; see: ls -l .\n"
        "1 problem. The running node keeps its last good configuration.\n"
    )


def test_nothing_in_a_file_reaches_the_terminal_raw(folder, capsys):
    (folder / "evil.toml").write_text("x = \x1b[2J\r" + "y" * 500)
    assert main(["check", "evil.toml"]) == 78
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\r" not in out and max(map(len, out.splitlines())) < 200


def test_a_usage_error_is_64(folder):
    with pytest.raises(SystemExit) as caught:
        main(["check", "--nonsense"])
    assert caught.value.code == os.EX_USAGE
