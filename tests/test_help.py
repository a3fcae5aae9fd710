"""Whoever asks a command for help gets all of it: every argument explained, and an example that can be typed."""

import importlib
import os
import re

import pytest

from edge.cli import COMMANDS, main

NOBODY = 65534
KINDS = {
    "alarm": ("ack",),
    "command": ("new-key", "sign", "send"),
    "driver": ("list", "show", "new"),
    "queue": ("verify", "export", "replay"),
}
ASKED = [(name,) for name in COMMANDS] + [(name, kind) for name, kinds in KINDS.items() for kind in kinds]


@pytest.fixture
def asked(monkeypatch, capsys):
    """The help of a command on a terminal of 80 columns, in lines."""
    monkeypatch.setenv("COLUMNS", "80")

    def ask(*words):
        with pytest.raises(SystemExit) as ended:
            main([*words, "--help"])
        assert ended.value.code == 0
        return capsys.readouterr().out.splitlines()

    return ask


def test_the_list_of_commands_fits_and_a_word_that_is_none_gets_a_hint(capsys):
    assert main(["--help"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
    assert main(["stats"]) == 64
    assert capsys.readouterr().err == "edge: there is no command 'stats'; did you mean 'status'?\n"
    assert main(["xyzzy"]) == 64
    assert "edge --help lists them" in capsys.readouterr().err


def examples(lines):
    return [line.strip() for line in lines[lines.index("examples:") + 1 :]]


@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_help_fits_and_explains_every_argument(asked, words):
    lines = asked(*words)
    assert all(len(line) <= 80 for line in lines), max(lines, key=len)
    assert re.search(r"^[A-Z][^.]*\.", "\n".join(lines), re.MULTILINE), "a sentence says what it does"
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        explained = re.match(r" +\S.*?  +\S", line) or after.startswith(" " * 10)
        assert explained or not re.match(r" {2,4}(-|[A-Z./|]+( |$))", line), f"no word about {line.strip()}"


@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_examples_name_commands_and_options_that_exist(asked, words):
    shown = examples(asked(*words))
    assert shown
    for example in shown:
        name, kind, *_ = [*example.removeprefix("edge ").split(), "", ""]
        known = " ".join(asked(name) + (asked(name, kind) if kind in KINDS.get(name, ()) else []))
        assert name == words[0] and kind in (words[1:] or (kind,))
        assert [
            option for option in re.findall(r" (--[a-z-]+)", example.partition(" && ")[0]) if option not in known
        ] == []


def test_a_state_folder_that_is_none_is_no_empty_trail(tmp_path, capsys):
    assert main(["audit", "--state", str(tmp_path / "nowhere")]) == 69
    assert "no node ever ran on" in capsys.readouterr().err
    assert main(["audit", "--state", str(tmp_path)]) == 0
    assert "no command ever came to this node" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["queue", "verify"], "outbox: not yours to read. Do: the same with sudo"),
        (["queue", "export", "out.csv"], "outbox: not yours to read. Do: the same with sudo"),
        (["status"], "state: not yours to ask. Do: the same with sudo"),
        (["audit"], "not yours to use. Do: the same with sudo"),
    ],
)
def test_what_belongs_to_another_user_is_said_to(words, why, tmp_path, monkeypatch, capsys):
    state, own = tmp_path / "state", os.geteuid()
    (state / "run").mkdir(parents=True)
    (tmp_path / "edge.toml").write_text('[node]\nid = "n"\n')
    importlib.import_module(f"edge.cli.{words[0]}")  # while it can be read
    monkeypatch.chdir(tmp_path)
    state.chmod(0)
    if own == 0:
        os.seteuid(NOBODY)
    try:
        assert main([*words, "--state", str(state)]) == 77
    finally:
        os.seteuid(own)
        state.chmod(0o700)
    assert why in capsys.readouterr().err


def test_what_a_command_takes_its_kinds_take_as_well(tmp_path, capsys):
    for before, behind in ((["--state", str(tmp_path)], []), ([], ["--state", str(tmp_path)])):
        assert main(["queue", *before, "verify", *behind]) == 74
        assert f"there is no outbox in {tmp_path}" in capsys.readouterr().err
