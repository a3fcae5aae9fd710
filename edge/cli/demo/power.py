"""The node's power supply: starts its process, pulls the plug, asks how it is."""

from pathlib import Path
from typing import Any

from edge.cli.demo.child import Child, tail
from edge.control import ask


class Power:
    """The node process over one state folder."""

    def __init__(self, config: Path, state: Path) -> None:
        self._config, self._state = config, state
        self._child: Child | None = None
        self._log = state.parent / "node.log"
        self.kills = 0
        self.hurt: str | None = None  # the sensor that is hurt

    def on(self) -> None:
        """Starts the node."""
        self._child = Child("edge.cli.demo.node", self._config, self._state, talk=self._log)
        self.hurt = None

    def pull(self) -> None:
        """SIGKILL in the middle of whatever it does."""
        if self._child is not None:
            self._child.kill()
            self.kills += 1

    def off(self) -> None:
        """A clean stop; what is not at the far end waits on the card."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child is not None and self._child.alive

    def talk(self) -> str:
        """The last lines of its log."""
        return tail(self._log)

    def ask(self, word: str, **more: Any) -> Any:
        """The node's answer, None while it does not give one."""
        try:
            answer = ask(self._state, word, **more)
        except (OSError, ValueError):
            return None
        return None if isinstance(answer, dict) and "error" in answer and len(answer) == 1 else answer

    def status(self) -> dict[str, Any] | None:
        """How the node is."""
        answer: dict[str, Any] | None = self.ask("status")
        return answer
