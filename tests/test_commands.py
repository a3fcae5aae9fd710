"""Commands from the centre: what a node takes, and two hundred that it must not."""

import base64
import hashlib
import json
import random

import pytest

from edge.cli import main
from edge.clock import Clock
from edge.commands import ORDERS, Audit, Gate
from edge.commands.audit import broken, lines, older
from edge.commands.envelope import opened, packed, signed_part
from edge.commands.gate import BURST, NOTES
from edge.commands.keys import Keys, new_key, read_keys, sign
from edge.commands.rejected import Rejected
from edge.commands.strict import parsed
from edge.commands.witness import TOLD, TOLD_EVERY
from edge.state import State

NODE = "LP-T"
PRIVATE, PUBLIC = new_key()
STRANGER, _ = new_key()


class Listener:
    """Takes every order and remembers it."""

    def __init__(self):
        self.done = []

    def __getattr__(self, name):
        def obey(*args):
            self.done.append((name, *args))
            return {"done": name}

        return obey


class Post:
    """The centre: signs, counts, and sends to a gate with a state on disk."""

    def __init__(self, folder, allow=frozenset(ORDERS)):
        self.folder, self.allow = folder, allow
        self.counter, self.now = 0, 0.0
        self.trail = folder / "audit.jsonl"
        self.restart()

    def restart(self):
        """As after a power cut: only what is on disk is known."""
        self.audit = Audit(self.trail, Clock(boot="b"))
        (self.folder / "state").mkdir(exist_ok=True)
        state = State(self.folder / "state" / "state.json")
        self.told = []
        self.gate = Gate(NODE, Keys({"ops": PUBLIC}), self.allow, state, self.audit, self.tell, lambda: self.now)
        self.gate.target = self.node = Listener()

    def tell(self, **fields):
        self.told.append(fields)

    def message(self, command="ping", args=(), *, key=PRIVATE, name="ops", **more):
        self.counter += 1
        content = {"node": NODE, "counter": self.counter, "command": command, "args": args if args != () else {}} | more
        return self.pack(json.dumps(content).encode(), key, name)

    def pack(self, body, key=PRIVATE, name="ops"):
        return packed(name, sign(key, signed_part(name, body)), body)

    def send(self, message):
        self.now += 1.0
        reply = self.gate.handle(message)
        return reply and json.loads(reply)

    def noted(self):
        return [json.loads(line) for line in lines(self.trail)]


@pytest.fixture
def post(tmp_path):
    return Post(tmp_path)


def test_a_signed_command_is_done_and_answered(post):
    reply = post.send(post.message("replay", {"first": 3, "last": 9}))
    assert reply["ok"] and reply["counter"] == 1 and reply["result"] == {"done": "replay"}
    assert post.node.done == [("replay", 3, 9, None)]
    (note,) = post.noted()
    assert (note["what"], note["command"], note["key"], note["counter"]) == ("command", "replay", "ops", 1)


def test_every_order_reaches_the_node_with_its_arguments(post):
    sample = {str: "pm", int: 5, float: 60.0, bool: True}
    for name, order in ORDERS.items():
        args = {option.name: option.choices[0] if option.choices else sample[option.kind] for option in order.args}
        assert post.send(post.message(name, args))["ok"], name
    assert len(post.node.done) == len(ORDERS)


@pytest.mark.parametrize(
    ("command", "args", "code"),
    [
        ("ping", {"x": 1}, "bad_argument"),
        ("replay", {"first": 1}, "bad_argument"),
        ("replay", {"first": 0, "last": 3}, "bad_argument"),
        ("replay", {"first": True, "last": 3}, "bad_argument"),
        ("replay", {"first": "1", "last": 3}, "bad_argument"),
        ("set-interval", {"sensor": "pm", "seconds": 1e9}, "bad_argument"),
        ("log-level", {"level": "loud"}, "bad_argument"),
        ("reboot", {}, "not_allowed"),
    ],
)
def test_what_is_not_in_the_list_or_out_of_bounds_is_refused_with_a_reason(post, command, args, code):
    reply = post.send(post.message(command, args))
    assert (reply["ok"], reply["code"]) == (False, code) and reply["why"]
    assert not post.node.done


def test_an_order_that_is_not_allowed_here_is_refused(tmp_path):
    post = Post(tmp_path, allow=frozenset({"ping"}))
    assert post.send(post.message("replay", {"first": 1, "last": 2}))["code"] == "not_allowed"
    assert post.send(post.message())["ok"]


def test_a_counter_counts_once_even_after_a_restart(post):
    first, second = post.message(), post.message()
    assert post.send(second)["ok"]
    assert post.send(first)["code"] == "replayed"
    post.restart()
    assert [post.send(message)["code"] for message in (first, second)] == ["replayed", "replayed"]
    assert not post.node.done
    assert post.send(post.message())["ok"]


def test_a_card_that_cannot_keep_the_counter_lets_nothing_through(post):
    (post.folder / "state").rmdir()
    assert post.send(post.message())["code"] == "not_now"
    assert not post.node.done


def test_the_centre_is_told_each_line_with_the_sum_that_proves_it(post):
    post.send(post.message("replay", {"first": 3, "last": 9}))
    post.send(post.message("replay", {"first": 0, "last": 9}))
    post.send(post.message(key=STRANGER))
    taken, wrong, forged = post.told
    assert taken == {"n": 1, "sum": post.noted()[1]["prev"], "what": "command", "key": "ops", "counter": 1,
                     "command": "replay", "args": {"first": 3, "last": 9}}  # fmt: skip
    assert (wrong["n"], wrong["what"], wrong["code"], wrong["key"]) == (2, "rejected", "bad_argument", "ops")
    assert (forged["n"], forged["code"], forged["sum"]) == (3, "bad_signature", post.audit.head)
    assert "key" not in forged and "why" not in forged


def test_no_text_of_a_configuration_leaves_the_node(post):
    text = "[node]\npassword = 'canary'\n" * 9
    post.send(post.message("config-stage", {"text": text}))
    (told,) = post.told
    assert told["args"] == {"text": {"sha256": hashlib.sha256(text.encode()).hexdigest(), "bytes": len(text)}}


def test_a_flood_of_what_is_rejected_is_told_in_a_few_events(post):
    for _ in range(2 * TOLD):
        post.send(post.message(key=STRANGER))
    assert len(post.told) == TOLD
    post.now += TOLD_EVERY
    post.send(post.message(key=STRANGER))
    assert post.told[-1]["untold"] == TOLD and len(post.told) == TOLD + 1
    assert post.send(post.message())["ok"] and post.told[-1]["what"] == "command"


def test_a_card_that_takes_no_line_hides_no_command(post):
    post.trail.mkdir()
    assert post.send(post.message())["ok"]
    assert (post.told[0]["n"], post.told[0]["command"]) == (None, "ping")


def test_what_the_node_refuses_is_told(post):
    post.gate.target = type("Busy", (), {"ping": lambda self: (_ for _ in ()).throw(ValueError("not now"))})()
    assert post.send(post.message()) == {
        "key": "ops", "counter": 1, "command": "ping", "ok": False, "code": "refused", "why": "not now",
    }  # fmt: skip


# Two hundred that must have no effect


def hostile(post):
    """(what it is, message), none of them like another."""
    good = post.message("replay", {"first": 1, "last": 2})
    assert post.send(good)["ok"]
    dice = random.Random(7)
    yield from (("replayed", good) for _ in range(3))
    yield "older counter", post.pack(json.dumps({"node": NODE, "counter": 0, "command": "ping"}).encode())
    for bit in dice.sample(range(8 * len(good)), 100):
        flipped = bytearray(good)
        flipped[bit // 8] ^= 1 << bit % 8
        yield f"bit {bit} flipped", bytes(flipped)
    for end in dice.sample(range(len(good)), 20):
        yield f"cut at {end}", good[:end]
    for other in ("LP-U", "", "*", "lp-t", NODE + " ", "../" + NODE):
        yield f"for {other!r}", post.message(node=other)
    for counter in (0, -1, 1 << 53, 1 << 70, True, 1.5, "9", None, [1]):
        yield f"counter {counter!r}", post.message(counter=counter)
    for name in ("eval", "shell", "PING", "ping ", "", "__init__", "handle", "config_apply"):
        yield f"command {name!r}", post.message(name)
    for args in ([], "x", 1, None):
        yield f"args {args!r}", post.message(args=args)
    yield "a key of a stranger", post.message(key=STRANGER)
    yield "an unknown name", post.message(name="root")
    yield "no signature", packed("ops", b"", b"{}")
    yield "zeros for a signature", packed("ops", bytes(64), good.partition(b"\n")[2])
    for depth in (9, 100, 20_000):
        yield f"nested {depth}", post.pack(b'{"node":"LP-T","counter":99,"command":"ping","args":' + b"[" * depth)
    for body in (
        b'{"node":"LP-T","node":"LP-T","counter":99,"command":"ping"}',
        b'{"node":"LP-T","counter":99,"counter":100,"command":"ping"}',
        b'{"node":"LP-T","counter":99,"command":"ping","args":{"a":1,"a":2}}',
        b'{"node":"LP-T","counter":NaN,"command":"ping"}',
        b'{"node":"LP-T","counter":Infinity,"command":"ping"}',
        b'{"node":"LP-T","counter":1e400,"command":"ping"}',
        b'{"node":"LP-T","counter":99,"command":"set-interval","args":{"sensor":"pm","seconds":NaN}}',
        b'{"node":"LP-T","counter":' + b"9" * 5000 + b',"command":"ping"}',
        b'{"node":"LP-T","counter":99,"command":"ping","more":1}',
        b'{"node":"LP-T","counter":99}',
        b"[]", b"", b"null", b"\xff\xfe", b"\x00" * 100, b"{" * 1000,
        json.dumps({"node": NODE, "counter": 99, "command": "ping", "args": {str(n): n for n in range(300)}}).encode(),
    ):  # fmt: skip
        yield f"body {body[:40]!r}", post.pack(body)
    for size in (48 * 1024 + 1, 65_000, 1 << 20):
        yield f"{size} bytes", post.pack(b" " * size)
    for line in (b"edge2 ops ", b"edge1 ops", b"edge1  ", b"edge1 ops x y", "edge1 ö ".encode(), b"edge1 " + b"k" * 65):
        yield f"line {line[:20]!r}", line + base64.b64encode(bytes(64)) + b"\n{}"
    for _ in range(20):
        yield "noise", dice.randbytes(dice.randrange(300))


def test_two_hundred_hostile_commands_have_no_effect_and_leave_a_line_each(post):
    corpus = list(hostile(post))
    assert len(corpus) >= 200
    post.node.done.clear()
    before = len(post.noted())
    for what, message in corpus:
        reply = post.send(message)
        assert reply is None or not reply["ok"], what
        assert not post.node.done, what
    notes = post.noted()[before:]
    assert len(notes) == len(corpus) and {note["what"] for note in notes} == {"rejected"}
    assert broken(post.trail, post.audit.head) is None
    post.counter = 1000
    assert post.send(post.message())["ok"]


def test_a_flood_is_not_looked_at_and_does_not_wear_the_card_out(post):
    stranger = post.message(key=STRANGER)
    for _ in range(NOTES + 100):
        post.gate.handle(stranger)
    assert len(post.noted()) == NOTES
    assert sum(note["code"] == "too_many" for note in post.noted()) == NOTES - BURST
    post.now += 60
    post.gate.handle(stranger)
    assert post.noted()[-1]["unsaid"] == 100


@pytest.mark.parametrize("text", [b'{"a":"\\"[[[[[[[[[["}', b'{"a":"]]]]"}', b"[[[[[[[[1]]]]]]]]", b'{"a":-1.5e3}'])
def test_plain_json_is_read_as_it_is(text):
    assert parsed(text) == json.loads(text)


def test_a_message_comes_apart_as_it_was_packed(post):
    envelope = opened(post.pack(b"{}\nmore"))
    assert (envelope.key, envelope.body, len(envelope.signature)) == ("ops", b"{}\nmore", 64)
    with pytest.raises(Rejected, match="first line"):
        opened(b"{}")


@pytest.mark.parametrize("text", ["", "ops", "ops !!", "ops QUJD", "a {0}\na {0}"])
def test_a_file_of_keys_that_is_none_is_refused_with_its_line(tmp_path, text):
    path = tmp_path / "keys"
    path.write_text(text.format(base64.b64encode(PUBLIC).decode()))
    with pytest.raises(ValueError, match=r"line|no key"):
        read_keys(path)


# The command line


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["replay", "first=one", "last=2"], 64, "'one' is not a whole number"),
        (["maintenance", "sensor=pm", "on=perhaps"], 64, "'perhaps' is not true or false"),
        (["config-stage", "text=@nowhere"], 64, "nowhere cannot be read: No such file"),
        (["replay", "from=1"], 64, "'from=1': replay takes KEY=VALUE with first, last, to"),
        (["ping", "--key", "nowhere"], 65, "nowhere cannot be read: No such file"),
        (["ping", "--key", "{public}"], 65, "is no secret key"),
    ],
)
def test_what_cannot_be_signed_is_refused_in_words(words, code, why, tmp_path, capsys):
    key, public = tmp_path / "ops.key", tmp_path / "words"
    public.write_text("neither a name nor a key")
    assert main(["command", "new-key", str(key)]) == 0
    assert main(["command", "new-key", str(key)]) == 73
    words = ["--key", str(key), "LP-0417", *(word.format(public=public) for word in words)]
    assert main(["command", "sign", *words]) == code
    said = capsys.readouterr().err
    assert "File exists. Do: give another name" in said and why in said


# The trail


def test_a_line_changed_or_taken_out_is_found(post):
    for number in range(5):
        post.audit.note("start", number=number)
    whole, head = post.trail.read_bytes(), post.audit.head
    assert broken(post.trail, head) is None
    for at in range(5):
        rows = whole.splitlines(keepends=True)
        changed = [*rows[:at], rows[at].replace(b"start", b"stop!"), *rows[at + 1 :]]
        for trail in (changed, rows[:at] + rows[at + 1 :]):
            post.trail.write_bytes(b"".join(trail))
            assert broken(post.trail, head) is not None, at


def test_the_trail_is_shown_a_line_an_entry(tmp_path, capsys):
    audit = Audit(tmp_path / "audit.jsonl", Clock(boot="b"))
    audit.note("command", key="ops", command="config-stage", args='{"text": "' + "x" * 400 + '"}')
    audit.note("rejected", key="ops", command="config-stage", code="refused", why="line 1\nline 2")
    audit.note("command", key="ops", command="ping", args="{}")
    assert main(["audit", "--state", str(tmp_path)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].endswith("xxx ...") and len(shown[0]) < 180
    assert [line.partition("  ops ")[2] for line in shown[1:]] == ["config-stage  refused: line 1 ...", "ping"]


def test_the_trail_goes_on_behind_a_torn_line_and_a_restart(post):
    post.audit.note("start")
    with post.trail.open("ab") as file:
        file.write(b'{"n":2,"what":"to')
    post.restart()
    post.audit.note("start")
    assert [note.get("n") for note in map(json.loads, (line for line in lines(post.trail) if b"}" in line))] == [1, 3]
    assert broken(post.trail, post.audit.head) is None


def test_the_trail_is_bounded_and_stays_a_chain(tmp_path):
    trail = tmp_path / "audit.jsonl"
    audit = Audit(trail, Clock(boot="b"), half=3000)
    for number in range(100):
        assert audit.note("start", number=number)
    assert trail.stat().st_size <= 3000 and older(trail).stat().st_size <= 3000
    assert broken(trail, audit.head) is None
    assert Audit(trail, Clock(boot="b"), half=3000).head == audit.head


def test_a_trail_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "audit.jsonl").mkdir()
    assert not Audit(tmp_path / "audit.jsonl", Clock(boot="b")).note("start")
