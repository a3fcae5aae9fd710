"""The section [clock]: where the date comes from beside the kernel and the receivers."""

import re
from typing import Any

from drivers import Option
from edge.settings.model import ClockSettings
from edge.settings.report import Report
from edge.settings.source import Entry
from edge.settings.table import Table

CLOCK = (
    Option("pps", str, "", 'the pulse-per-second line of the receiver, as under /sys/class/pps: pps = "pps0"'),
    Option("rtc", str, "", 'a clock chip with a battery, while nothing better tells the date: rtc = "rtc0"'),
    Option(
        "chrony_sock", str, "", "where chrony listens: refclock SOCK /run/chrony.edge.sock in /etc/chrony/chrony.conf"
    ),
)
LONGEST = 107  # bytes of the path of a socket (unix(7))


def clock(entry: Entry, report: Report) -> ClockSettings:
    """The settings of the section; what is wrong goes into the report."""
    table = Table(entry, "[clock]", report)
    got: dict[str, Any] = table.take(CLOCK)
    for key in ("pps", "rtc"):
        if key in got and not re.fullmatch(rf"{key}[0-9]{{1,3}}", got[key]):
            table.at_value(
                entry.value[key], f"'{got[key]}' is not the name of a {key} device", f"see: ls /sys/class/{key}"
            )
    sock = got.get("chrony_sock", "/")
    if not sock.startswith("/") or len(sock.encode()) > LONGEST:
        what = f"'chrony_sock' cannot be '{sock[:64]}'"
        table.at_value(
            entry.value["chrony_sock"], what, f"a whole path of at most {LONGEST} bytes, as chrony.conf has it"
        )
    return ClockSettings(**got)
