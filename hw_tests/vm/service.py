"""The product as a service of the virtual node, installed by the commands of docs/how-to/install.md."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hw_tests.vm import project
from hw_tests.vm.channel import VmError
from hw_tests.vm.farend import FarEnd
from hw_tests.vm.node import HOME, Node
from tests.broker import until

PAGE = project.ROOT / "docs/how-to/install.md"
PATIENCE = 180.0  # seconds
INSTALLED = ("Install", "Configure", "Give it the password", "Start", "Spare the card", "Read the log")


def commands(section: str, page: Path = PAGE) -> str:
    """The commands of a section of the page, which stops at the first that fails."""
    text = re.search(rf"^## \d+ {section}.*?(?=^## |\Z)", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert text, section
    return "\n".join(["set -eu", *re.findall(r"```sh\n(.*?)```", text[0], re.DOTALL)])


class Service:
    """edge.service on a node, and the far end that it sends to."""

    def __init__(self, node: Node, far_end: FarEnd) -> None:
        self.node, self.far_end = node, far_end

    def install(self) -> None:
        """As the page says; where the broker is, and who signed for it, is this test's."""
        self.node.run("mkdir -p /etc/edge/conf.d")
        self.node.put(self.far_end.uplink.encode(), "/etc/edge/conf.d/90-broker.toml")
        self.node.put(self.far_end.authority.file.read_bytes(), "/etc/edge/city-ca.pem")
        for section in INSTALLED:
            self.page(section)

    def page(self, section: str) -> str:
        """Runs the commands of a section; gives what they print."""
        return self.node.run(f"cd {HOME}; unset PYTHONPATH; {commands(section)}", timeout=900)

    def configure(self, text: str) -> None:
        """More of the configuration, which the service takes over."""
        self.node.put(text.encode(), "/etc/edge/conf.d/60-test.toml")
        self.node.run("edge check && systemctl reload edge")

    def status(self) -> dict[str, Any]:
        """Empty while the service does not answer."""
        try:
            got: dict[str, Any] = json.loads(self.node.run("edge status --json"))
        except VmError:
            return {}
        return got

    def until(self, holds: Callable[[dict[str, Any]], Any], seconds: float = PATIENCE) -> dict[str, Any]:
        """The first status of which ``holds`` is true."""
        seen: list[dict[str, Any]] = []

        def met() -> bool:
            seen.append(self.status())
            return bool(seen[-1] and holds(seen[-1]))

        assert until(met, seconds), (seen[-1], self.journal())
        return seen[-1]

    def show(self, name: str) -> str:
        """A property of the unit."""
        return self.node.run(f"systemctl show edge --value --property {name}").strip()

    def journal(self) -> str:
        """All that the service said since the boot."""
        return self.node.run("journalctl --unit edge --boot --no-pager --output cat")
