"""Reads the chips by our drivers and by Linux's, then hurts the bus; prints what came of it as JSON."""

import json
from collections.abc import Callable
from typing import Any

import drivers
from drivers import DriverError
from hw_tests.vm.guest import kernel_driver
from hw_tests.vm.guest.chips import Wire, served

CHIPS = {"sht4x": ("sht4x", 0x44), "bmp280": ("bme280", 0x76), "bme280": ("bme280", 0x77)}  # chip: our driver, address
SCENES = (0.0, 77.0, 150.0, 300.0)  # seconds in the weather of the simulators
FAULTS = {"sht4x": ("nack", "crc", "stuck"), "bmp280": ("nack", "stuck"), "bme280": ("nack", "stuck")}


def main() -> None:
    wire = served()
    compared = {chip: [_both(wire, scene, chip) for scene in SCENES] for chip in CHIPS}
    hurt = {chip: {fault: _hurt(wire, chip, fault) for fault in faults} for chip, faults in FAULTS.items()}
    print(json.dumps({"compared": compared, "hurt": hurt}))


def _both(wire: Wire, scene: float, chip: str) -> dict[str, dict[str, float]]:
    wire.scene = scene
    with kernel_driver.bound(chip, CHIPS[chip][1]) as device:
        linux = kernel_driver.values(device)
    return {"ours": _with_driver(chip, lambda driver: dict(driver.sample().values)), "linux": linux}


def _hurt(wire: Wire, chip: str, fault: str) -> dict[str, Any]:
    """The name and text of the error, and the values before and after: the same open driver goes on."""

    def tried(driver: drivers.Driver) -> dict[str, Any]:
        before = dict(driver.sample().values)
        wire.fault = fault
        try:
            driver.sample()
            error = ("none", "")
        except DriverError as raised:
            error = (type(raised).__name__, str(raised))
        return {"error": error, "before": before, "after": dict(driver.sample().values)}

    return _with_driver(chip, tried)


def _with_driver(chip: str, use: Callable[[drivers.Driver], dict[str, Any]]) -> dict[str, Any]:
    name, address = CHIPS[chip]
    bus = drivers.plug(name, 1).open()
    try:
        driver = drivers.load(name)(bus, address=address)
        driver.start()
        return use(driver)
    finally:
        bus.close()


if __name__ == "__main__":
    main()
