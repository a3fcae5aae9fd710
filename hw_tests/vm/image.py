"""The disk of the virtual node: a small Debian with its own kernel, in a cache outside of the repository.

The name of its folder is made from all that goes into it, so a change builds a new one.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hw_tests.vm import modules, needs, project

HERE = Path(__file__).parent
KERNEL = ("Kbuild", "irq_compat.h", "user_bus.c", "pulse_line.c")
INPUTS = ("image.py", "modules.py", "guest/rig.sh", *(f"kernel/{name}" for name in KERNEL))
PACKAGES = (
    "systemd-sysv", "udev", "kmod", "procps", "qemu-guest-agent", "initramfs-tools", "zstd", "iproute2", "sudo",
    "python3", "python3-venv", "ca-certificates", "chrony",
)  # fmt: skip
INITRD = ("virtio_pci", "virtio_blk", "ext4", "crc32c_generic")  # what the kernel needs to find its root
UNWANTED = ("i2c_i801", "iTCO_wdt", "kvm_amd", "kvm_intel", "bochs", "pcspkr", "psmouse", "floppy")  # of a PC
MASKED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer",
    "e2scrub_reap.service", "systemd-pstore.service", "getty@tty1.service", "serial-getty@ttyS0.service",
    "systemd-networkd-wait-online.service",
)  # fmt: skip
SIZE = "1500M"
LABEL = "node"
WHEELS = "opt/wheels"  # where pip finds packages in the guest, which has no registry
PIP = f"[global]\nno-index = true\nfind-links = /{WHEELS}\nno-build-isolation = false\n"  # false means: without it
LINK = """[Match]
Type=ether
[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
"""


@dataclass(frozen=True, slots=True)
class Image:
    """A folder with the disk, the kernel and its initial file system."""

    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / "disk.img"

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd.img"


def cache() -> Path:
    """``EDGE_VM_CACHE``, or ``edge-vm`` among the user's caches."""
    if given := os.environ.get("EDGE_VM_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edge-vm"


def ready() -> Image:
    """The image, built where it is not there yet: about two minutes. Raises ``CalledProcessError``."""
    kernel = needs.release()
    assert kernel, "needs.missing() would have told"
    folder = cache() / _key(kernel)
    if not folder.exists():
        cache().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="build.", dir=cache()) as work:
            _build(Path(work), kernel).rename(folder)
    return Image(folder)


def _key(kernel: str) -> str:
    text = "\n".join([kernel, suite(), *project.requirements(), *((HERE / name).read_text() for name in INPUTS)])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def suite() -> str:
    """The Debian of this machine: its archive has the headers and the kernel of one version."""
    lines = Path("/etc/os-release").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line).get("VERSION_CODENAME", "stable").strip('"')


def _build(work: Path, kernel: str) -> Path:
    """All steps; gives the folder of the image, inside of ``work``."""
    root, image = work / "root", Image(work / "image")
    image.folder.mkdir()
    _say(f"kernel modules for {kernel}")
    built = modules.build(work / "modules", kernel)
    _say(f"Debian {suite()}")
    _bootstrap(root, kernel)
    _say("Python packages")
    project.install(root / "opt/site", _python(root))
    project.download(root / WHEELS, _python(root))
    _configure(root)
    _environment(root)
    updates = root / "lib/modules" / kernel / "updates"
    updates.mkdir()
    for module in built:
        shutil.copy(module, updates)
    _run("chroot", root, "depmod", kernel)
    (root / f"boot/vmlinuz-{kernel}").rename(image.kernel)
    (root / f"boot/initrd.img-{kernel}").rename(image.initrd)
    _say("disk")
    lazy = "lazy_itable_init=0,lazy_journal_init=0"
    _run("mke2fs", "-q", "-t", "ext4", "-L", LABEL, "-E", lazy, "-d", root, image.disk, SIZE)
    return image.folder


def _bootstrap(root: Path, kernel: str) -> None:
    """A minimal Debian with that kernel; the initial file system gets what it must have and no more."""
    folder = '"$1/etc/initramfs-tools/conf.d"'
    modules_file = '"$1/etc/initramfs-tools/modules"'
    hooks = (
        f"mkdir -p {folder}",
        f"printf 'MODULES=list\\nCOMPRESS=zstd\\n' >{folder}/node.conf",
        f"printf '%s\\n' {' '.join(INITRD)} >{modules_file}",
    )
    _run(
        "mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join((*PACKAGES, f'linux-image-{kernel}'))}",
        *(f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("man", "doc", "locale")),
        *(f"--essential-hook={hook}" for hook in hooks), suite(), root,
    )  # fmt: skip


def _python(root: Path) -> str:
    return (root / "usr/bin/python3").readlink().name.removeprefix("python")


def _configure(root: Path) -> None:
    """What makes it a node: its name, its wiring, nothing that runs by itself."""
    (root / "etc/hostname").write_text("node\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost node\n")
    (root / "etc/fstab").write_text(f"LABEL={LABEL} / ext4 defaults,noatime 0 1\n")
    unwanted = "".join(f"blacklist {name}\n" for name in UNWANTED)
    (root / "etc/modprobe.d/node.conf").write_text(unwanted)
    for unit in MASKED:
        path = root / "etc/systemd/system" / unit
        path.unlink(missing_ok=True)
        path.symlink_to("/dev/null")
    _link(root)
    (root / "etc/pip.conf").write_text(PIP)
    shutil.copy(HERE / "guest/rig.sh", root / "usr/local/sbin/rig")
    (root / "usr/local/sbin/rig").chmod(0o755)


def _environment(root: Path) -> None:
    """The virtual environment that a person makes in the guest, there already but for the project itself.

    Unpacking and compiling all that takes this machine seconds, and an emulated one many minutes.
    """
    wheels = sorted(f"/{path.relative_to(root)}" for path in (root / WHEELS).iterdir())
    _run("chroot", root, "python3", "-m", "venv", "/opt/edge")
    _run("chroot", root, "/opt/edge/bin/pip", "install", "--quiet", "--no-deps", *wheels)


def _link(root: Path) -> None:
    """Fixed addresses of qemu's user network, where there is one; the clock is nobody's until chrony is started."""
    (root / "etc/systemd/network/10-node.network").write_text(LINK)
    _run("chroot", root, "systemctl", "--quiet", "enable", "systemd-networkd")
    _run("chroot", root, "systemctl", "--quiet", "disable", "chrony")


def _run(*words: str | Path) -> None:
    subprocess.run(words, check=True, env={**os.environ, "PATH": needs.PATH})


def _say(what: str) -> None:
    print(f"building the image of the virtual node: {what}", file=sys.stderr, flush=True)
