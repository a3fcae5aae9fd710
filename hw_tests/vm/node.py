"""One virtual node: starts qemu, runs commands in the guest, pulls and plugs its USB cable.

Two kinds of time. In real time the guest runs as fast as this machine lets it, and peers on the host can talk to it.
In virtual time its clock counts instructions and jumps over idle time: what it measures does not depend on the load
of this machine, but its peers have to be inside of it.
"""

import base64
import subprocess
import time
from pathlib import Path
from typing import Any

from hw_tests.vm.channel import Channel, VmError
from hw_tests.vm.image import LABEL, Image

BOOT = 240.0  # seconds that a boot may take
PIECE = 48_000  # bytes of a file that the agent takes at once
APPEND = f"console=ttyS0 root=LABEL={LABEL} rw net.ifnames=0 quiet systemd.show_status=1"
PATHS = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HOME = "/opt/project"  # where the project is in the guest
GATEWAY = "10.0.2.2"  # this machine, as the guest sees it
CABLE = "cable"
NETWORK = ("-netdev", "user,id=net", "-device", "virtio-net-pci,id=link,netdev=net")
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")


class Node:
    """A guest on a throw-away copy of the image; ``folder`` has that, its sockets and its console log."""

    def __init__(self, image: Image, folder: Path, *, virtual_time: bool = False, network: bool = False) -> None:
        """With ``network`` the guest reaches the ports of this machine at ``GATEWAY``."""
        self._image, self._folder, self._virtual, self._network = image, folder, virtual_time, network
        self._process: subprocess.Popen[bytes] | None = None
        self._monitor: Channel
        self._agent: Channel

    def start(self, timeout: float = BOOT, *, born: str = "") -> None:
        """Boots until the agent answers and the wiring is up; again after a ``stop``. Raises ``VmError``.

        ``born`` is what the clock of the board says at that moment, by default the date of this machine.
        """
        self._card()
        clock = ["-rtc", f"base={born}"] if born else []
        with (self._folder / "qemu.log").open("ab") as log:
            self._process = subprocess.Popen([*self._words(), *clock], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._monitor = Channel(self.path("monitor"))
            self._monitor.call("qmp_capabilities")
            self._agent = Channel(self.path("agent"))
            self._wait(time.monotonic() + timeout)
            self.run("rig")
        except (OSError, VmError) as error:
            self.stop()
            raise VmError(f"the node did not start: {error}\n{self.logs()}") from error

    def stop(self) -> None:
        """Cuts the power: ends qemu at once. What the guest had synced is still there for the next ``start``."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def run(self, script: str, timeout: float = 120.0) -> str:
        """What a shell script in the guest prints until its end. Raises ``VmError`` when it fails or takes too long."""
        pid = self.begin(script)
        end = time.monotonic() + timeout
        while not (state := self._agent.call("guest-exec-status", pid=pid, timeout=30))["exited"]:
            if time.monotonic() > end:
                raise VmError(f"not done after {timeout:.0f} s: {script}")
            time.sleep(0.1)
        out, err = _text(state, "out-data"), _text(state, "err-data")
        if state.get("exitcode") != 0:
            raise VmError(f"failed: {script}\n{out}{err}")
        return out

    def begin(self, script: str) -> int:
        """Starts a shell script in the guest; gives its process id."""
        env = [PATHS, "HOME=/root", "LANG=C.UTF-8", f"PYTHONPATH={HOME}:/opt/site", "PYTHONDONTWRITEBYTECODE=1"]
        words = ["-c", f"cd /run; {script}"]
        return int(self._agent.call("guest-exec", path="/bin/sh", arg=words, env=env, capture_output=True)["pid"])

    def put(self, data: bytes, path: str) -> None:
        """Writes a file in the guest."""
        handle = self._agent.call("guest-file-open", path=path, mode="w")
        for at in range(0, len(data), PIECE):
            piece = base64.b64encode(data[at : at + PIECE]).decode()
            self._agent.call("guest-file-write", handle=handle, buf_b64=piece)
        self._agent.call("guest-file-close", handle=handle)

    def plug(self) -> None:
        """Puts the USB serial cable in; its other end is the socket ``usb``."""
        place: dict[str, Any] = {"id": CABLE, "bus": "usb.0", "chardev": "usb"}
        self._monitor.call("device_add", driver="usb-serial", serial="SIM0001", always_plugged=True, **place)

    def pull(self) -> None:
        """Pulls the cable out; returns when it is out."""
        self._monitor.call("device_del", id=CABLE)
        self._monitor.until("DEVICE_DELETED")

    def link(self, up: bool) -> None:
        """Puts the network cable in, or pulls it."""
        self._monitor.call("set_link", name="link", up=up)

    def reboot(self, timeout: float = BOOT) -> None:
        """The guest shuts down in good order and boots again. Raises ``VmError`` or ``TimeoutExpired``."""
        self.begin("systemctl reboot")
        if self._process is not None:
            self._process.wait(timeout)
        self.start()

    def path(self, socket: str) -> Path:
        """A socket of qemu: ``monitor``, ``agent``, ``usb`` and ``told``, which is /dev/virtio-ports/told inside."""
        return self._folder / f"{socket}.sock"

    def logs(self) -> str:
        """The last words of qemu and of the guest's console."""
        texts = (path.read_text(errors="replace") for path in sorted(self._folder.glob("*.log")))
        return "\n".join(text[-2000:] for text in texts)

    def _card(self) -> None:
        """What is written to the image goes to a file of ours."""
        if not self._disk.exists():
            words = ["-q", "-f", "qcow2", "-F", "raw", "-b", str(self._image.disk), str(self._disk)]
            subprocess.run(["qemu-img", "create", *words], check=True)

    @property
    def _disk(self) -> Path:
        return self._folder / "disk.qcow2"

    def _wait(self, end: float) -> None:
        """Until the agent answers; it may first answer what was asked before it was there."""
        mark = 0
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                raise VmError("qemu ended")
            mark += 1
            try:
                self._agent.send("guest-sync-delimited", b"\xff", id=mark)
                while self._agent.line(2.0).get("return") != mark:
                    pass
            except TimeoutError:
                continue
            return
        raise VmError("the agent in the guest does not answer")

    def _words(self) -> list[str]:
        """The command line of qemu; no display, nothing of the host but files in the folder and the network."""
        processors = "1" if self._virtual else "2"
        return [
            *DIES_WITH_US, "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-machine", "q35", "-cpu", "Nehalem", "-smp", processors, "-m", "384", *self._speed(),
            "-kernel", str(self._image.kernel), "-initrd", str(self._image.initrd), "-append", APPEND,
            "-drive", f"file={self._disk},format=qcow2,if=virtio",
            "-qmp", f"unix:{self.path('monitor')},server=on,wait=off",
            "-chardev", f"file,id=console,path={self._folder / 'console.log'}", "-serial", "chardev:console",
            "-device", "virtio-rng-pci", "-device", "virtio-serial-pci", "-device", "qemu-xhci,id=usb",
            *self._channel("agent", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"),
            *self._channel("told", "virtserialport,chardev=told,name=told"), *self._channel("usb"),
            *(NETWORK if self._network else []),
        ]  # fmt: skip

    def _speed(self) -> list[str]:
        """Always emulated: that runs everywhere, and is not too fast for a node."""
        if self._virtual:
            return ["-accel", "tcg", "-icount", "shift=1,sleep=off"]
        return ["-accel", "tcg,thread=multi"]

    def _channel(self, name: str, device: str = "") -> list[str]:
        words = ["-chardev", f"socket,id={name},path={self.path(name)},server=on,wait=off"]
        return [*words, "-device", device] if device else words


def _text(state: dict[str, Any], key: str) -> str:
    return base64.b64decode(state.get(key, "")).decode(errors="replace")
