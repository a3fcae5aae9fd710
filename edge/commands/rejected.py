"""Why a command has no effect."""


class Rejected(Exception):
    """``code`` is a stable word for machines, the text says it to people."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code
