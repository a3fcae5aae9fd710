import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from edge.payload import load as load_payload
from edge.settings import SettingsError, examine, load, units

SHIPPED = Path(__file__).parent.parent / "config" / "edge.toml"
NODE = '[node]\nid = "n"\n'
PM = '[[sensor]]\nname = "pm"\ndriver = "pms5003"\nport = "/dev/serial/by-id/a"\n'
CROSS = '[[sensor.filter]]\ntype = "cross"\nascending = [{}]\n'
UPLINK = '[[uplink]]\nname = "city"\ntype = "mqtt"\nhost = "broker.example"\n'


@pytest.fixture
def check(tmp_path):
    """Problems of a text as (line, column, what) and whether it can be used."""

    def run(text):
        path = tmp_path / "edge.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        settings, problems = examine(path)
        assert (settings is None) == any(problem.severity == "error" for problem in problems)
        assert all(problem.remedy for problem in problems), problems
        return problems

    return run


def one(problems):
    assert len(problems) == 1, [str(problem) for problem in problems]
    return problems[0]


# What is right


def test_a_payload_that_needs_a_module_says_how_to_get_it(check, monkeypatch):
    monkeypatch.setattr(load_payload("senml+cbor"), "needs", "a_module_that_nobody_has")
    problem = one(check(NODE + UPLINK + 'payload = "senml+cbor"\n'))
    assert "needs the Python module a_module_that_nobody_has" in str(problem)
    assert "pip install 'edge-gateway[cbor]'" in problem.remedy and "apt install" in problem.remedy


def test_the_shipped_file_is_right():
    settings = load(SHIPPED)
    assert [sensor.wire for sensor in settings.sensors] == ["port", "port", "i2c", "gpio", "w1", "i2c"]
    assert settings.sensors[2].options == {"repeatability": "high"}
    assert settings.sensors[4].filters[0].options == {"interval": 300.0}
    assert settings.outbox.flush == 1.0 and settings.outbox.limit is None
    assert settings.uplinks[0].port == 1883 and len(settings.digest) == 12


def test_defaults_of_a_small_configuration(tmp_path):
    path = tmp_path / "edge.toml"
    path.write_text(NODE + PM + UPLINK)
    settings = load(path)
    sensor, uplink = settings.sensors[0], settings.uplinks[0]
    assert (sensor.place, sensor.baud, sensor.interval, sensor.filters) == ("/dev/serial/by-id/a", None, None, ())
    assert (uplink.port, uplink.tls, uplink.batch, uplink.rate) == (8883, True, 500, None)
    assert settings.node.position is None


def test_files_of_a_folder_merge_by_key_and_by_name(tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "edge.toml").write_text(NODE + PM + 'interval = "1s"\n' + UPLINK)
    (tmp_path / "conf.d" / "20-b.toml").write_text('[[sensor]]\nname = "pm"\nport = "/dev/ttyS1"\n[node]\nsite = "b"\n')
    (tmp_path / "conf.d" / "10-a.toml").write_text(
        '[[sensor]]\nname = "pm"\nport = "/dev/ttyS0"\n[uplink]\nname = "x"\nhost = "y"\n'
    )
    (tmp_path / "conf.d" / "README").write_text("not read")
    settings = load(tmp_path)
    sensor = settings.sensors[0]
    assert (len(settings.sensors), sensor.place, sensor.interval) == (1, "/dev/ttyS1", 1.0)
    assert (settings.node.id, settings.node.site) == ("n", "b")
    assert [uplink.name for uplink in settings.uplinks] == ["city", "x"]


def test_the_digest_follows_the_content_not_the_form(tmp_path):
    path = tmp_path / "edge.toml"
    digests = []
    for text in (NODE, '# other\nnode = { id = "n" }', NODE + 'site = "x"'):
        path.write_text(text)
        digests.append(load(path).digest)
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    "place", ['port = "sim://"', 'i2c = "sim://?fault=silent&after=30s"', 'i2c = "sim://?fault=unplug"']
)
def test_simulators_stand_in_for_any_wire_and_never_clash(check, place):
    sensors = "".join(f'[[sensor]]\nname = "{name}"\ndriver = "sht3x"\n{place}\n' for name in "ab")
    assert check(NODE + sensors) == []


def test_a_byte_order_mark_and_windows_lines_are_fine(check):
    assert check(b"\xef\xbb\xbf" + NODE.replace("\n", "\r\n").encode()) == []


# Units


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("10s", 10), ("500ms", 0.5), ("1.5min", 90), ("1 h", 3600), ("2d", 172800)]
)
def test_durations(text, seconds):
    assert units.duration(text) == seconds


def test_sizes_and_rates():
    assert (units.size("2GB"), units.size("1.5kB"), units.rate("200/s"), units.rate("600/min")) == (
        2 * 10**9,
        1500,
        200,
        10,
    )


@pytest.mark.parametrize("read", [units.duration, units.size, units.rate])
@pytest.mark.parametrize(
    "text", ["", "5", "s", "-1s", "1e3s", "nan s", "1 parsec", "10KB", "2/h", "1s ", "9" * 400 + "s", "١s"]
)
def test_what_is_no_number_with_a_unit_says_how_to_write_it(read, text):
    with pytest.raises(ValueError, match=r'write a number and .*"'):
        read(text)


# What is wrong

WRONG = [
    (NODE + '[[sensor]]\nname = "pm"\ndriver = "pms5003"\ni2c = 1\n', 6, 1, "'pms5003' hangs on a serial port"),
    (NODE + '[[sensor]]\nname = "pm"\ndriver = "pms5003"\n', 3, 3, "'port' is missing"),
    (NODE + PM + "gpio = 3\n", 7, 1, "several wires: port, gpio"),
    (NODE + PM + "address = 0x44\n", 7, 1, "has no address"),
    (NODE + PM + "baud = 12\n", 7, 8, "'baud' = 12 is outside 50..4000000 (baud)"),
    (NODE + PM.replace("/dev/serial", "dev/serial"), 6, 8, "'port' cannot be"),
    (NODE + PM.replace("/dev/serial/by-id/a", "sim://?fault=ill"), 6, 8, "no fault 'ill'"),
    (NODE + PM.replace("/dev/serial/by-id/a", "sim://?after=x"), 6, 8, "'x' is not a duration"),
    (NODE + PM + PM.replace('"pm"', '"dust"'), 10, 8, "/dev/serial/by-id/a is already taken by sensor 'pm'"),
    (NODE + PM + PM.replace("by-id/a", "by-id/b"), 8, 8, "two sensors are named 'pm'"),
    (NODE + PM.replace('"pm"', '"p/m"'), 4, 8, "'name' cannot be 'p/m'"),
    (NODE + PM + "[sensor.options]\nduti = 1\n", 8, 1, "unknown key 'duti' in options of sensor 'pm'"),
    (NODE + PM + "[sensor.optoins]\nduty = 1\n", 7, 9, "unknown key 'optoins' in sensor 'pm'"),
    (NODE + PM + '[[sensor.filter]]\ntype = "rnage"\n', 8, 8, "'type' cannot be 'rnage'"),
    (NODE + PM + "[[sensor.filter]]\nlow = 1\n", 7, 3, "'type' is missing in filter of sensor 'pm'"),
    (NODE + PM + '[[sensor.filter]]\ntype = "range"\nlow = "1"\n', 9, 7, "'low' must be a number, not \"1\""),
    (NODE + PM + '[[sensor.filter]]\ntype = "range"\nquantity = "pm3"\n', 9, 12, "'quantity' cannot be 'pm3'"),
    (NODE + PM + '[[sensor.filter]]\ntype = "rate"\n', 7, 3, "'limit' is missing in filter of sensor 'pm'"),
    (NODE + PM + '[[sensor.filter]]\ntype = "spike"\nn = 6\n', 9, 5, "'n' = 6 is even in filter of sensor 'pm'"),
    (NODE + PM + '[[sensor.filter]]\ntype = "stale"\n', 8, 8, "'by' = 'utc' is not measured"),
    (NODE + PM + '[[sensor.filter]]\ntype = "cross"\n', 8, 8, "there is nothing to compare"),
    (NODE + PM + CROSS.format('"pm1", "pm25"'), 9, 13, "'ascending' names 'pm25', which is not measured"),
    (NODE + PM + CROSS.format('"pm1", "twn/pm1"'), 9, 21, "'ascending': there is no sensor 'twn'"),
    (NODE + PM + CROSS.format('"pm1", "pm/co2"'), 9, 21, "'ascending': 'pm' does not measure 'co2'"),
    (NODE + PM + '[[sensor.filter]]\ntype = "range"\nlow = 5\nhigh = 1\n', 9, 7, "'low' is not below 'high'"),
    (NODE + PM + 'filter = [ {type = "mean", interval = "x"} ]\n', 7, 39, "'interval' is not a duration: 'x'"),
    (NODE + '[[sensor]]\nname = "a"\ndriver = "sht3x"\ni2c = 1\naddress = 0x40\n', 7, 11, "cannot be at address 0x40"),
    (
        NODE + '[[sensor]]\nname = "a"\ndriver = "sht3x"\ni2c = 1\n[sensor.options]\nrepeatability = "hi"\n',
        8,
        17,
        "cannot be 'hi'",
    ),
    (NODE + '[[sensor]]\nname = "a"\ndriver = "pulse_flow"\ngpio = 28\n', 6, 8, "outside 0..27 (BCM numbering)"),
    (NODE + '[[sensor]]\nname = "a"\ndriver = "ds18b20"\nw1 = "../../etc"\n', 6, 6, "'w1' is not the id of a device"),
    (NODE + "[sensors]\n", 3, 2, "unknown section [sensors]"),
    ("id = 1\n" + NODE, 1, 1, "unknown key 'id' outside of a section"),
    ("node = 3\n", 1, 8, "'node' must be a section, not 3"),
    (NODE + "sensor = 3\n", 3, 1, "unknown key 'sensor' in [node]"),
    ("sensor = [1]\n" + NODE, 1, 11, "'sensor' must be a list of sections, not 1"),
    (PM, 1, 1, "section [node] is missing"),
    ("[node]\n", 1, 2, "'id' is missing in [node]"),
    ('[node]\nid = "a/b"\n', 2, 6, "'id' cannot be 'a/b'"),
    (NODE + "position = [91, 0, 0]\n", 3, 13, "'latitude' = 91 is outside -90..90"),
    (NODE + "position = [1, 2]\n", 3, 12, "has 2 numbers, not 3"),
    (NODE + 'position = [1, "2", nan]\n', 3, 16, "'longitude' must be a number"),
    (NODE + '[outbox]\nlimit = "2 GiB"\n', 4, 9, "'limit' is not a size: '2 GiB'"),
    (NODE + "[outbox]\nflush = 5\n", 4, 9, "'flush' is not a duration: 5"),
    (NODE + UPLINK + "port = 70000\n", 7, 8, "'port' = 70000 is outside 1..65535"),
    (NODE + UPLINK + 'port = "8883"\n', 7, 8, "'port' must be a whole number, not \"8883\""),
    (NODE + UPLINK + "batch = 0\n", 7, 9, "'batch' = 0 is outside 1.."),
    (NODE + UPLINK + "tls = false\n", 7, 7, "in the open"),
    (NODE + UPLINK + 'tls = "false"\n', 7, 7, "'tls' must be true or false"),
    (NODE + UPLINK + 'password = "secret"\n', 7, 1, "a password must not stand in the configuration"),
    (NODE + UPLINK + 'ca_file = "/nowhere/ca.pem"\n', 7, 11, "there is no such file"),
    (NODE + UPLINK + 'topic = "edge/{node}"\n', 7, 9, "lacks {channel}"),
    (NODE + UPLINK + 'topic = "{node}/{site}/{channel}"\n', 7, 9, "cannot contain '{site}'"),
    (NODE + UPLINK + 'payload = "senml+jsn"\n', 7, 11, "'payload' cannot be 'senml+jsn'"),
    (NODE + UPLINK + 'payload = "thingsboard"\ncompress = "deflate"\n', 8, 12, "that thingsboard cannot read"),
    (NODE + UPLINK + 'compress = "gzip"\n', 7, 12, "'compress' cannot be 'gzip'"),
    (NODE + UPLINK + 'rate = "fast"\n', 7, 8, "'rate' is not a rate: 'fast'"),
    (NODE + UPLINK.replace('"mqtt"', '"kafka"'), 5, 8, "'type' cannot be 'kafka'"),
    (NODE + UPLINK.replace("broker.example", "mqtt://b"), 6, 8, "'host' cannot be 'mqtt://b'"),
    (NODE + UPLINK + 'hosts = ["b"]\n', 6, 1, "'host' and 'hosts' exclude each other"),
    (NODE + '[[uplink]]\nhosts = ["a", "b/c"]\n', 4, 15, "'hosts' cannot be 'b/c'"),
    (NODE + '[[uplink]]\nhosts = ["a", 7]\n', 4, 15, "'hosts' cannot be '7'"),
    (NODE + '[[uplink]]\nhosts = ["a", "a"]\n', 4, 15, "'a' is there twice"),
    (NODE + "[[uplink]]\nhosts = []\n", 3, 3, "'host' is missing in [uplink]"),
    (NODE + "[[uplink]]\nport = 1\n", 3, 3, "'host' is missing in [uplink]"),
    (NODE + '[[uplink]]\ntls = false\nhosts = ["::1", "a"]\n', 4, 7, "in the open to 'a'"),
    (NODE + UPLINK + 'connect_for = "1min"\n', 7, 1, "'connect_for' needs 'connect_every'"),
    (NODE + UPLINK + 'connect_every = "5s"\n', 7, 17, "'connect_every' = \"5s\" is outside 60..604800 (s)"),
    (NODE + UPLINK + 'budget_day = "20 megabytes"\n', 7, 14, "'budget_day' is not a size"),
    (NODE + UPLINK + UPLINK, 8, 8, "two uplinks are named 'city'"),
    (NODE + 'id = "m"\n', 3, 1, "id is given twice"),
    (NODE + "site = Main St\n", 3, 8, "not TOML: invalid value"),
    (NODE + 'site = "x\n', 3, 10, "not TOML"),
    (NODE + 'site = "\\u001b[2J"\n', 3, 8, "cannot be shown"),
    (NODE.encode() + b"site = '\xff'\n", 3, 9, "byte 0xff is not UTF-8"),
]


@pytest.mark.parametrize(("text", "line", "column", "what"), WRONG, ids=[case[3] for case in WRONG])
def test_one_problem_with_its_place(check, text, line, column, what):
    if "nan]" in str(text):
        problem, nan = check(text)
        assert "finite" in nan.what
    else:
        problem = one(check(text))
    assert what in problem.what
    assert (problem.line, problem.column, problem.severity) == (line, column, "error")


REMEDIES = [
    (NODE + PM.replace("pms5003", "PMS5003"), "did you mean 'pms5003'?"),
    (NODE + PM.replace("pms5003", "sensor"), "see: edge driver list"),
    (NODE + PM + 'duty = "5min"\n', "put it below [sensor.options]"),
    (NODE + PM + 'options = "duty=5min"\n', "write [sensor.options]"),
    (NODE + PM + 'filter = "range"\n', "write [[sensor.filter]]"),
    (NODE + PM + '[[sensor.filter]]\ntype = "range"\ninterval = "10s"\n', "put it right below [[sensor]]"),
    (NODE + PM + '[[sensor.filter]]\ntype = "range"\nlow = "1,5"\n', "write low = 1.5, without quotes"),
    (NODE + PM + 'address = "0x44"\n', "write address = 0x44, without quotes"),
    (NODE + "[sensor.options]\n" + PM, "begin each with [[sensor]]; its parts"),
    (NODE + "[sensor]\n[sensor]\n", "begin each of them with [[sensor]]"),
    (NODE + "[node]\n", "keep one of them"),
    (NODE + "position = [52,52, 13,405]\n", "each with a decimal point"),
    (NODE + "x = 4,5\n", "a decimal point, not a comma"),
    (NODE + "x = 1 000\n", "the digits of a number stand together"),
    (NODE + "x = 07\n", "does not begin with 0"),
    (NODE + "x = -.5\n", "a digit stands before the point: 0.5"),
    (NODE + "x = 10s\n", "texts stand in quotes"),
    (NODE + "x = “y”\n", "straight quotes"),
    (NODE + "x\u00a0= 1\n", "looks like a blank"),
    (NODE + 'x = "y";\n', "only a # comment behind its value"),
    (NODE + 'x = "C:\\users"\n', "write / in its place"),
    (NODE + "[[sensor]\n", "is closed by ]]"),
    (NODE + '{"x": 1}\n', "a line is key ="),
    (NODE.encode("utf-16"), "iconv -f UTF-16 -t UTF-8"),
    (NODE.encode("utf-16-le"), "a zero byte"),
    ((NODE + 'site = "3°"\n').encode("latin-1"), "iconv -f WINDOWS-1252 -t UTF-8"),
    (NODE + UPLINK.replace("example", "example:8883"), "port = 8883"),
    (NODE + UPLINK.replace("broker.example", "10.0.0.1:8883"), "port = 8883"),
    (NODE + UPLINK + 'quantities = ["pm25"]\n', "did you mean 'pm2_5'?"),
    (NODE + UPLINK + "port = 1883\n", "with tls = true it is 8883"),
]


@pytest.mark.parametrize(("text", "remedy"), REMEDIES, ids=[case[1] for case in REMEDIES])
def test_what_people_write_by_mistake_has_a_remedy_of_its_own(check, text, remedy):
    assert remedy in check(text)[0].remedy


def mean(interval, quantity=""):
    return f'{{type = "mean", interval = "{interval}"' + (f', quantity = "{quantity}"}}' if quantity else "}")


@pytest.mark.parametrize(
    ("means", "each"),
    [
        ([mean("30s")], 30),
        ([mean("1min")], None),
        ([mean("1min"), mean("10min")], None),
        ([mean("10min"), mean("1min")], 600),
        ([mean("10min"), mean("1min", "pm1")], 600),
        ([mean("1min", "pm1"), mean("1min", "pm10"), mean("10min")], None),
    ],
)
def test_a_mean_of_one_reading_is_warned_of(check, means, each):
    problems = check(NODE + PM + f'interval = "30s"\nfilter = [{", ".join(means)}]\n')
    assert [problem.severity for problem in problems] == (["warning"] if each else [])
    assert all(f"they come each {each} s" in problem.what for problem in problems)


@pytest.mark.parametrize("host", ["broker.example", "10.0.0.1", "::1", "fe80::1%wlan0", "2001:db8::7"])
def test_hosts_are_names_and_addresses(check, host):
    assert check(NODE + UPLINK.replace("broker.example", host)) == []


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        ('driver = "sht3x"\ni2c = 1', 'driver = "sht3x"\ni2c = 1\naddress = 0x44', "address 0x44 of I2C bus 1"),
        ('driver = "pulse_flow"\ngpio = 17', 'driver = "pulse_flow"\ngpio = 17', "GPIO 17"),
        ('driver = "ds18b20"\nw1 = "28-0316a2794aff"', 'driver = "ds18b20"\nw1 = "28-0316a2794aff"', "1-Wire device"),
    ],
)
def test_clashes_name_the_other_sensor_and_its_line(check, first, second, what):
    problem = one(check(f'{NODE}[[sensor]]\nname = "a"\n{first}\n[[sensor]]\nname = "b"\n{second}\n'))
    assert what in problem.what and "taken by sensor 'a'" in problem.what
    assert "line 6" in problem.remedy and problem.line == 10


def test_two_names_of_one_serial_port_clash(check, tmp_path):
    (tmp_path / "tty").touch()
    (tmp_path / "by-id").symlink_to(tmp_path / "tty")
    text = NODE + PM.replace("/dev/serial/by-id/a", f"{tmp_path}/tty")
    text += PM.replace("/dev/serial/by-id/a", f"{tmp_path}/by-id").replace('"pm"', '"dust"')
    assert "already taken" in one(check(text)).what


def test_two_i2c_addresses_share_a_bus(check):
    sensor = '[[sensor]]\ndriver = "sht3x"\ni2c = 1\n'
    assert check(NODE + sensor + 'name = "a"\n' + sensor + 'name = "b"\naddress = 0x45\n') == []


SHARED_PORT = 'port = "/dev/serial/by-id/rs485"'


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('driver = "keller"', 'driver = "keller"\naddress = 0x12'),
        ('driver = "keller"\naddress = 0x11', 'driver = "noise"\naddress = 0x12'),
        ('driver = "noise"\nbaud = 4800', 'driver = "noise"\nbaud = 4800\naddress = 0x12'),
        ('driver = "cjt188"', 'driver = "cjt188"'),
    ],
)
def test_units_share_a_serial_port(check, first, second):
    one_ = f'[[sensor]]\nname = "a"\n{first}\n{SHARED_PORT}\n'
    assert check(f'{NODE}{one_}[[sensor]]\nname = "b"\n{second}\n{SHARED_PORT}\n') == []


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        ('driver = "keller"', 'driver = "noise"', "address 1 of serial port /dev/serial/by-id/rs485 is already taken"),
        ('driver = "noise"\naddress = 0x12', 'driver = "noise"\naddress = 0x12', "address 18 of serial port"),
        ('driver = "noise"', 'driver = "noise"\nbaud = 4800\naddress = 0x12', "at another rate or parity"),
        ('driver = "noise"', 'driver = "cjt188"\nbaud = 9600', "at another rate or parity"),
        ('driver = "noise"', 'driver = "pms5003"', "serial port /dev/serial/by-id/rs485 is already taken"),
        ('driver = "pms5003"', 'driver = "noise"', "address 1 of serial port /dev/serial/by-id/rs485 is already taken"),
        ('driver = "senseair_s8"', 'driver = "noise"', "is already taken"),  # 254: every unit answers
        ('driver = "noise"', 'driver = "senseair_s8"', "address 254 of serial port"),
    ],
)
def test_what_cannot_share_a_serial_port(check, first, second, what):
    one_ = f'[[sensor]]\nname = "a"\n{first}\n{SHARED_PORT}\n'
    problem = one(check(f'{NODE}{one_}[[sensor]]\nname = "b"\n{second}\n{SHARED_PORT}\n'))
    assert what in problem.what and "taken by sensor 'a'" in problem.what


MAP = """[[sensor]]
name = "tank"
driver = "modbus_map"
port = "/dev/serial/by-id/rs485"
address = 3
[[sensor.options.registers]]
register = 10
quantity = "level"
unit = "m"
scale = 0.001
[[sensor.filter]]
type = "range"
quantity = "level"
"""


def test_a_map_of_registers(tmp_path):
    path = tmp_path / "edge.toml"
    path.write_text(NODE + MAP)
    sensor = load(path).sensors[0]
    assert sensor.address == 3
    assert sensor.options == {"registers": [{"register": 10, "quantity": "level", "unit": "m", "scale": 0.001}]}


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('unit = "m"', 'unit = "ft"', "row 1 of 'registers': quantity 'level' is not measured in 'ft'"),
        ("scale", "scael", "row 1 of 'registers': unknown key 'scael'"),
        ("address = 3", "address = 250", "cannot be at address 250"),
        ('type = "range"\nquantity = "level"', 'type = "range"\nquantity = "flow"', "'quantity' cannot be 'flow'"),
    ],
)
def test_maps_that_make_no_sense(check, old, new, what):
    assert old in MAP
    assert what in one(check(NODE + MAP.replace(old, new))).what


def test_a_map_without_registers(check):
    text = NODE + MAP[: MAP.index("[[sensor.opt")]
    assert "registers" in one(check(text)).what


def test_warnings_do_not_fail(check):
    bare = one(check(NODE + PM.replace("/dev/serial/by-id/a", "/dev/ttyUSB0")))
    shared = one(check(NODE + UPLINK + 'topic = "x/{channel}"\n'))
    assert bare.severity == shared.severity == "warning"
    assert "by-id" in bare.remedy and "warning: " in str(bare)
    part = one(check(NODE + UPLINK + 'custody = "receipt"\nquantities = ["pm2_5"]\n'))
    assert part.severity == "warning" and "leaves out seqs" in part.what


@pytest.mark.parametrize(
    "more", ['host = "localhost"', 'host = "127.0.0.9"', 'host = "::1"', "insecure_plaintext = true\nhost = 'far'"]
)
def test_plain_text_is_allowed_at_home_or_on_purpose(tmp_path, more):
    path = tmp_path / "edge.toml"
    path.write_text(f"{NODE}[[uplink]]\nname = 'u'\ntype = 'mqtt'\ntls = false\n{more}\n")
    assert load(path).uplinks[0].port == 1883


def test_files_count_from_the_folder_of_the_configuration(tmp_path):
    (tmp_path / "secret").touch(mode=0o600)
    path = tmp_path / "edge.toml"
    path.write_text(NODE + UPLINK + 'password_file = "secret"\n')
    assert load(path).uplinks[0].password_file == str(tmp_path / "secret")
    (tmp_path / "secret").chmod(0o640)
    assert "other users may read" in one(examine(path)[1]).what


def test_a_broken_file_hides_what_would_only_be_missing(tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "edge.toml").write_text("[node\n")
    (tmp_path / "conf.d" / "a.toml").write_text('[[sensor]]\nname = "pm"\nbauld = 1\n')
    problems = examine(tmp_path)[1]
    assert [(Path(problem.file).name, problem.line, problem.column) for problem in problems] == [
        ("edge.toml", 1, 6),
        ("a.toml", 3, 1),
    ]


# What is hostile


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 2000 + "]" * 2000,
        "a = " + "{a=" * 2000 + "1" + "}" * 2000,
        "a = " + "[" * 60 + "]" * 60,
        ".".join(["a"] * 100_000) + " = 1",
        "[" + ' . "a"' * 50_000 + "]\nb = 1",
        "a = " + "9" * 5000,
        "a = 0x" + "f" * 100_000,
        NODE + "site = 0x" + "f" * 100_000,
        NODE + "position = [1, 2, 0x" + "f" * 100_000 + "]",
        'a = "' + "x" * 200_000,
        "a" * 200_000,
        "'" * 200_000,
        "[[sensor]]\n" * 20_000,
        "".join(f"k{number} = 1\n" for number in range(20_000)),
        "x" * 300_000,
        "\x00\x1b[2J",
    ],
)
def test_hostile_files_are_refused(check, text):
    problems = check(text)
    assert problems and str(problems[0]) and len(str(problems[0])) < 1000


def test_what_is_no_file_is_one_problem(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, what in (
        (tmp_path / "none.toml", "there is no such file"),
        (tmp_path / "pipe", "not a regular file"),
        (tmp_path, "there is no such"),
    ):
        with pytest.raises(SettingsError, match=what) as caught:
            load(path)
        assert one(caught.value.problems).remedy


def test_a_file_that_all_may_write_is_warned_of(tmp_path):
    (tmp_path / "edge.toml").write_text(NODE)
    (tmp_path / "edge.toml").chmod(0o666)
    assert one(examine(tmp_path / "edge.toml")[1]).severity == "warning"


def only_settings_error(path, data):
    path.write_bytes(data)
    try:
        load(path)
    except SettingsError as error:
        assert all(str(problem) and problem.as_json() for problem in error.problems)


FUZZ = hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(text=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_arbitrary_text_raises_nothing_else(tmp_path, text):
    only_settings_error(tmp_path / "fuzz.toml", text)


BODY = "\n".join(line.partition("  #")[0] for line in SHIPPED.read_text().splitlines() if not line.startswith("#"))
BITS = [
    "[",
    "]",
    '"',
    "{",
    "=",
    "\n",
    ".",
    ",",
    "#",
    "1",
    "-",
    "nan",
    "true",
    "[[sensor]]",
    '"sim://?x"',
    "'''",
    "\\",
    "[]",
    "{}",
]


@FUZZ
@given(
    cuts=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(BITS) | st.text(max_size=3)), max_size=4
    )
)
def test_mutations_of_a_good_file_raise_nothing_else(tmp_path, cuts):
    text = BODY
    for where, length, instead in cuts:
        at = int(where * len(text))
        text = text[:at] + instead + text[at + length :]
    only_settings_error(tmp_path / "fuzz.toml", text.encode("utf-8", "replace"))


VALUES = st.sampled_from(
    ["1", "-1", "1e999", "nan", '""', '"\\u0000"', "[]", "[[]]", "{}", "{a=1}", "true", "07:32:00", "[{}]", '"sim:"']
)


@FUZZ
@given(number=st.integers(0, 200), instead=VALUES)
def test_any_key_with_any_value_raises_nothing_else(tmp_path, number, instead):
    lines = BODY.splitlines()
    keys = [index for index, line in enumerate(lines) if " = " in line]
    at = keys[number % len(keys)]
    lines[at] = f"{lines[at].partition(' = ')[0]} = {instead}"
    only_settings_error(tmp_path / "fuzz.toml", "\n".join(lines).encode())
