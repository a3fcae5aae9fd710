"""The kernel modules that Debian's kernel lacks: gpio-sim and pps-gpio from its own source, and ours."""

import shutil
import subprocess
from pathlib import Path

from hw_tests.vm.needs import SOURCES, source

OURS = Path(__file__).parent / "kernel"
THEIRS = {  # in the kernel's tree: here
    "drivers/gpio/gpio-sim.c": "gpio_sim_main.c",
    "drivers/gpio/gpiolib.h": "gpiolib.h",
    "kernel/irq/irq_sim.c": "irq_sim.c",
    "drivers/pps/clients/pps-gpio.c": "pps-gpio.c",
}


def build(folder: Path, kernel: str) -> list[Path]:
    """Builds in ``folder`` for the release ``kernel``; gives the modules."""
    shutil.copytree(OURS, folder)
    archive = source(kernel)
    top = archive.name.removesuffix(".tar.xz")
    members = [f"{top}/{name}" for name in THEIRS]
    subprocess.run(["tar", "-xJf", archive, "-C", folder, *members], check=True)
    for theirs, here in THEIRS.items():
        (folder / top / theirs).rename(folder / here)
    subprocess.run(["make", "-s", "-C", SOURCES / f"linux-headers-{kernel}", f"M={folder}", "modules"], check=True)
    modules = sorted(folder.glob("*.ko"))
    subprocess.run(["strip", "--strip-debug", *modules], check=True)
    return modules
