"""Exit codes (sysexits.h) and the way a command ends with one."""

OK = 0
FAILED = 1  # a check failed
USAGE = 64
DATA = 65  # a bad data file
UNAVAILABLE = 69  # no daemon, no broker
CANNOT_CREATE = 73
IO = 74
TRY_AGAIN = 75
PERMISSION = 77
CONFIG = 78


class Failure(Exception):
    """Ends a command: says what, why and which command mends it, with an exit code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code
