"""The months of the year, by name and of a date, as UTC has them."""

import time

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SECOND = 10**9  # ns


def month(utc: int) -> int:
    """The month, 1 to 12, of a date in ns since 1970."""
    return time.gmtime(utc // SECOND).tm_mon


def season(text: str) -> list[str]:
    """The months of ``"jul"`` or, over the end of the year too, of ``"nov-feb"``.

    Raises ``ValueError`` with a text that says how to write it.
    """
    first, dash, last = text.partition("-")
    if first not in MONTHS or (dash and last not in MONTHS):
        raise ValueError(f"write {', '.join(MONTHS)}, or several as dec-feb")
    begin, end = MONTHS.index(first), MONTHS.index(last or first)
    return [MONTHS[number % 12] for number in range(begin, begin + (end - begin) % 12 + 1)]
