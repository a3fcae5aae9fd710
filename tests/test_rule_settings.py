"""Rules in a configuration: what is read, and every problem with its line and remedy."""

import pytest

from edge.settings import ConditionSettings, RuleSettings, examine, load

CONFIG = """
[node]
id = "N"
[[sensor]]
name = "probe"
driver = "keller"
port = "sim://"
interval = "1min"
[[sensor]]
name = "gas"
driver = "sgp40"
i2c = "sim://"
[[sensor.filter]]
type = "voc_index"
[[sensor]]
name = "street"
driver = "noise"
port = "sim://"
[[sensor]]
name = "meter"
driver = "pulse_flow"
gpio = 17
"""
RULE = '[[rule]]\nname = "flood"\n{rule}\n[[rule.when]]\n{when}\n'
LEVEL = 'sensor = "probe"\nquantity = "level"\n'


def problems(tmp_path, when=LEVEL + "above = 3.2", rule=""):
    (tmp_path / "edge.toml").write_text(CONFIG + RULE.format(rule=rule, when=when))
    return examine(tmp_path / "edge.toml")[1]


def test_a_rule_is_read(tmp_path):
    rule = 'for = "2min"\nclear_for = "10min"\nmatch = "any"\noutput = 27\nlatch = true'
    (tmp_path / "edge.toml").write_text(
        CONFIG + RULE.format(rule=rule, when=LEVEL + "above = 3.2\nclear = 3.0\nsuspect = false")
        + '[[rule.when]]\nsensor = "probe"\nsilent = "15min"\n'
        + '[[rule.when]]\nsensor = "gas"\nquantity = "voc_index"\nstatistic = "mean"\nover = "1h"\nabove = 250.0\n'
    )  # fmt: skip
    assert load(tmp_path / "edge.toml").rules == (
        RuleSettings(
            name="flood",
            when=(
                ConditionSettings("probe", "level", above=3.2, clear=3.0, suspect=False),
                ConditionSettings("probe", "", silent=900.0),
                ConditionSettings("gas", "voc_index", "mean", 3600.0, above=250.0, clear=250.0),
            ),
            match="any",
            hold=120.0,
            clear_hold=600.0,
            output=27,
            latch=True,
        ),
    )


def test_a_rule_of_a_later_file_is_the_same_one_changed(tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "edge.toml").write_text(CONFIG + RULE.format(rule="", when=LEVEL + "above = 3.2"))
    (tmp_path / "conf.d" / "50-local.toml").write_text('[[rule]]\nname = "flood"\nfor = "5min"\n')
    (rule,) = load(tmp_path).rules
    assert (rule.hold, rule.when[0].above) == (300.0, 3.2)


@pytest.mark.parametrize(
    ("when", "says"),
    [
        (LEVEL, "there is no limit"),
        (LEVEL + "above = 3.2\nbelow = 1.0", "'above' and 'below' exclude each other"),
        (LEVEL + "above = 3.2\nclear = 3.3", "'clear' = 3.3 lies beyond 'above' = 3.2"),
        (LEVEL + "below = 1.0\nclear = 0.9", "at least 1"),
        (LEVEL + "above = true", "must be a number"),
        (LEVEL + 'above = 3.2\nover = "1h"', "'over' needs a statistic"),
        (LEVEL + 'above = 3.2\nstatistic = "mean"', "'mean' of which time?"),
        (LEVEL + 'above = 3.2\nstatistic = "median"\nover = "1h"', "one of: value, mean"),
        (LEVEL + 'above = 3.2\nstatistic = "mean"\nover = "10min"', "short for a value every 60 s"),
        (LEVEL + 'silent = "15min"\nclear = 3.0', "silence knows no 'clear'"),
        (LEVEL + "above = 3000.0", "is never there"),
        ('sensor = "probe"\nabove = 3.2', "'quantity' is missing"),
        ('sensor = "prob"\nquantity = "level"\nabove = 3.2', "did you mean 'probe'?"),
        ('sensor = "probe"\nquantity = "levl"\nabove = 3.2', "did you mean 'level'?"),
        ('sensor = "probe"\nquantity = "flow"\nabove = 3.2', "'probe' does not measure 'flow'"),
        ('sensor = "street"\nquantity = "sound_level"\nstatistic = "mean"\nover = "1h"\nabove = 70.0', "decibels have"),
        (LEVEL + "above = 3.2\nabov = 1.0", "did you mean 'above'?"),
    ],
)
def test_a_wrong_condition_is_told_with_its_line(tmp_path, when, says):
    (problem,) = problems(tmp_path, when)
    assert says in str(problem)
    assert problem.line >= 26


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("output = 17", "GPIO 17 is already taken by sensor 'meter'"),
        ("output = 40", "outside 0..27"),
        ("latch = true", "'latch' needs 'output'"),
        ('for = "soon"', "'for' is not a duration"),
        ('match = "some"', "one of: all, any"),
        ("colour = 1", "unknown key 'colour' in rule 'flood'"),
    ],
)
def test_a_wrong_rule_is_told_with_its_line(tmp_path, rule, says):
    (problem,) = problems(tmp_path, rule=rule)
    assert says in str(problem)
    assert problem.line == 25


def test_a_rule_without_conditions_and_one_named_like_a_sensor(tmp_path):
    (tmp_path / "edge.toml").write_text(CONFIG + '[[rule]]\nname = "probe"\n')
    told = "\n".join(map(str, examine(tmp_path / "edge.toml")[1]))
    assert "'when' is missing in rule 'probe'" in told
    assert "'probe' is the name of a sensor too" in told


def test_two_rules_with_one_name_or_one_output(tmp_path):
    rule = RULE.format(rule="output = 27", when=LEVEL + "above = 3.2")
    (tmp_path / "edge.toml").write_text(CONFIG + rule + rule)
    told = "\n".join(map(str, examine(tmp_path / "edge.toml")[1]))
    assert "two rules are named 'flood'" in told
    assert "GPIO 27 is already taken by rule 'flood'" in told
