"""Linux's own drivers, read through sysfs in the units of ours."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TRIES = 20
BUS = Path("/sys/bus/i2c/devices/i2c-1")
FILES = {  # quantity: files of hwmon and of iio, and what their number is multiplied with
    "temperature": (("hwmon/hwmon*/temp1_input", 0.001), ("iio:device*/in_temp_input", 0.001)),
    "humidity": (("hwmon/hwmon*/humidity1_input", 0.001), ("iio:device*/in_humidityrelative_input", 0.001)),
    "pressure": (("iio:device*/in_pressure_input", 10.0),),
}


@contextmanager
def bound(name: str, address: int) -> Iterator[Path]:
    """The device's folder while Linux's driver ``name`` has it."""
    (BUS / "new_device").write_text(f"{name} 0x{address:02x}\n")
    try:
        yield BUS.parent / f"1-{address:04x}"
    finally:
        (BUS / "delete_device").write_text(f"0x{address:02x}\n")


def _text(path: Path) -> str:
    """Linux waits as the data sheet says; an emulated chip on a busy host is later, and does not acknowledge."""
    for _ in range(TRIES):
        with suppress(OSError):
            return path.read_text()
    return path.read_text()


def values(device: Path) -> dict[str, float]:
    """Every quantity that the driver has."""
    return {
        name: float(_text(path)) * scale
        for name, files in FILES.items()
        for pattern, scale in files
        for path in device.glob(pattern)
    }
