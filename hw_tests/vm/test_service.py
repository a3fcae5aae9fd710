"""The node as a service, installed as docs/how-to/install.md says. One node for all of it, the tests in their order."""

from collections.abc import Iterator

import pytest

from hw_tests.vm.farend import PASSWORD, FarEnd
from hw_tests.vm.node import Node
from hw_tests.vm.service import PATIENCE, Service, commands
from tests.broker import until

MOST = 32e6  # bytes of resident memory
EXPOSED = 2.0  # of 10, as systemd-analyze counts
DEVICES = """
[[sensor]]
name = "air"
driver = "bme280"
i2c = 1
address = 0x77
interval = "1s"

[[sensor]]
name = "main"
driver = "pulse_flow"
gpio = 17
interval = "1s"
[sensor.options]
pulses_per_litre = 450
"""
QUICK_WATCHDOG = "[Service]\nWatchdogSec=10\n"


@pytest.fixture(scope="module")
def service(fresh_node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    far_end = FarEnd(tmp_path_factory.mktemp("far"))
    far_end.start()
    try:
        service = Service(fresh_node, far_end)
        service.install()
        service.until(lambda status: status["uplinks"][0]["delivered"])
        yield service
    finally:
        far_end.stop()


def test_systemd_has_nothing_to_say_about_the_unit(service: Service, figure: list[str]) -> None:
    assert service.node.run("systemd-analyze verify edge.service edge-card.service 2>&1") == ""
    exposed = service.node.run("systemd-analyze security --no-pager edge | tail -1")
    figure.append(f"systemd-analyze security: {exposed.strip()}")
    assert float(exposed.split(":")[1].split()[0]) <= EXPOSED


def test_the_secret_is_used_and_shows_nowhere(service: Service) -> None:
    assert PASSWORD in commands("Give it the password")
    pid = service.show("MainPID")
    service.node.run(f"systemctl show edge >/run/shown; journalctl --unit edge --no-pager >>/run/shown; "
                     f"cat /proc/{pid}/environ /proc/{pid}/cmdline /proc/{pid}/comm >>/run/shown")  # fmt: skip
    assert service.node.run(f"grep --text --count '{PASSWORD}' /run/shown || true").strip() == "0"
    assert service.node.run("sudo -u nobody cat /run/credentials/edge.service/city-password 2>&1 || true").endswith(
        "Permission denied\n"
    )


def test_reads_real_devices_within_its_bounds(service: Service, figure: list[str]) -> None:
    """Linux's own I2C and GPIO, through the DeviceAllow= of the unit and the groups of its user."""
    service.node.begin("exec python3 -m hw_tests.vm.guest.chips")
    service.configure(DEVICES)
    status = service.until(lambda status: all(sensor["good"] for sensor in status["sensors"]))
    assert {sensor["name"] for sensor in status["sensors"]} == {"pm", "air", "main"}
    resident = int(service.node.run(f"grep VmRSS /proc/{service.show('MainPID')}/status").split()[1]) * 1024
    figure.append(f"memory of the service in the guest: {resident / 1e6:.1f} MB")
    assert resident <= MOST


def test_a_process_that_hangs_is_started_again(service: Service) -> None:
    """As with the unit's own two minutes, which would be long here."""
    service.node.run("mkdir -p /run/systemd/system/edge.service.d")
    service.node.put(QUICK_WATCHDOG.encode(), "/run/systemd/system/edge.service.d/quick.conf")
    service.node.run("systemctl daemon-reload && systemctl restart edge")
    before = service.show("MainPID")
    service.node.run(f"kill -STOP {before}")
    service.node.run("until [ $(systemctl show edge --value --property NRestarts) = 1 ]; do sleep 1; done", timeout=180)
    service.until(lambda status: status["sensors"])
    assert service.show("MainPID") != before
    assert "Watchdog timeout" in service.node.run("journalctl --boot --no-pager --output cat --unit edge")


def test_a_stop_in_good_order_loses_nothing(service: Service) -> None:
    service.node.link(False)
    service.node.run("systemctl stop edge")
    assert service.show("Result") == "success"
    service.node.link(True)
    service.node.run("systemctl start edge")
    _all_arrives(service)


def test_a_reboot_loses_nothing(service: Service) -> None:
    service.node.reboot()
    _all_arrives(service)


@pytest.mark.parametrize("cut", range(3))
def test_a_power_cut_loses_nothing(service: Service, cut: int) -> None:
    """While the link is down, so that what was taken is on the card only."""
    service.node.link(False)
    before = service.until(lambda status: status["uplinks"][0]["waiting"] > 30)["outbox"]["last"]
    service.node.stop()
    service.node.start()
    assert _all_arrives(service) >= before


def _all_arrives(service: Service) -> int:
    """All seqs up to now, without one that the node calls lost; gives the last."""
    upto = service.until(lambda status: status["sensors"])["outbox"]["last"]
    service.until(lambda status: status["uplinks"][0]["delivered"] >= upto)
    assert until(lambda: service.far_end.account().last >= upto, PATIENCE), service.far_end.account().as_dict()
    account = service.far_end.account()
    assert (account.first, account.missing, account.declared) == (1, 0, 0), account.as_dict()
    return upto
