"""The node as a service, installed as docs/how-to/install.md says. One node for all of it, the tests in their order."""

import time
from collections.abc import Iterator

import pytest

from hw_tests.vm.channel import VmError
from hw_tests.vm.farend import PASSWORD, FarEnd
from hw_tests.vm.gnss import fed
from hw_tests.vm.node import GATEWAY, Node
from hw_tests.vm.ntp import TimeServer
from hw_tests.vm.service import PATIENCE, Service, commands
from tests.broker import until

MOST = 32e6  # bytes of resident memory
EXPOSED = 2.0  # of 10, as systemd-analyze counts
SIMULATED = {"pm"}  # the sensor of the page
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

[[sensor]]
name = "place"
driver = "gnss_nmea"
port = "/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_SIM0001-if00-port0"
"""
QUICK_WATCHDOG = "[Service]\nWatchdogSec=10\n"
CHRONY = f"server {GATEWAY} port %d iburst minpoll 0 maxpoll 2\nmakestep 1 -1\n"
GONE = "/opt/edge /etc/edge /var/lib/edge /usr/local/bin/edge /usr/lib/systemd/system/edge*"


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
    assert service.node.run("systemctl is-enabled edge edge-card") == "enabled\nenabled\n"
    exposed = service.node.run("systemd-analyze security --no-pager edge | tail -1")
    began, active = (int(service.show(f"{name}TimestampMonotonic")) for name in ("ExecMainStart", "ActiveEnter"))
    figure.append(f"systemd-analyze security: {exposed.strip()}")
    figure.append(f"from the start to READY, emulated: {(active - began) / 1e6:.1f} s")
    assert float(exposed.split(":")[1].split()[0]) <= EXPOSED
    assert service.show("StatusText") == "healthy; 1 of 1 sensors; city connected"


def test_the_secret_is_used_and_shows_nowhere(service: Service) -> None:
    assert PASSWORD in commands("Give it the password")
    places = f"cd /proc/{service.show('MainPID')} && cat environ cmdline comm limits mountinfo"
    told = "journalctl --no-pager --unit edge; journalctl --no-pager --identifier sudo; edge status --json"
    asked = f"systemctl show edge; systemctl cat edge; systemctl status edge; {told}"
    service.node.run(f"({asked}; {places}) >/run/shown")
    assert service.node.run(f"grep --text --count '{PASSWORD}' /run/shown || true").strip() == "0"
    with pytest.raises(VmError, match="Permission denied"):
        service.node.run("sudo -u nobody cat /run/credentials/edge.service/city-password")
    assert "acknowledgement" in service.node.run("edge send --once")


def test_reads_real_devices_within_its_bounds(service: Service, figure: list[str]) -> None:
    """Linux's own I2C, GPIO and USB serial, the cable of which is put in for the first time after the start."""
    service.node.begin("exec python3 -m hw_tests.vm.guest.chips")
    service.configure(DEVICES)
    with fed(service.node.path("usb")) as receiver:
        service.node.plug()
        receiver.plugged.set()
        status = service.until(lambda status: all(sensor["good"] for sensor in status["sensors"]))
    assert {sensor["name"] for sensor in status["sensors"]} == {"air", "main", "place", *SIMULATED}
    resident = int(service.node.run(f"grep VmRSS /proc/{service.show('MainPID')}/status").split()[1]) * 1024
    figure.append(f"memory of the service in the guest, five kinds of wire: {resident / 1e6:.1f} MB")
    assert resident <= MOST
    service.node.pull()
    service.node.run("rm /etc/edge/conf.d/60-test.toml && systemctl reload edge")
    service.until(lambda status: {sensor["name"] for sensor in status["sensors"]} == SIMULATED)


def test_a_process_that_hangs_is_started_again(service: Service) -> None:
    """As after the unit's own two minutes, which would be long here."""
    service.node.run("mkdir -p /run/systemd/system/edge.service.d")
    service.node.put(QUICK_WATCHDOG.encode(), "/run/systemd/system/edge.service.d/quick.conf")
    service.node.run("systemctl daemon-reload && systemctl restart edge")
    before = service.show("MainPID")
    service.node.run(f"kill -STOP {before}")
    service.node.run("until [ $(systemctl show edge --value --property NRestarts) = 1 ]; do sleep 1; done", timeout=180)
    service.until(lambda status: status["process"]["pid"] != int(before))
    assert "Watchdog timeout" in service.journal()


def test_a_changed_configuration_is_taken_over(service: Service) -> None:
    service.page("Change the configuration")
    service.until(lambda status: status["site"] == "Main St 14")


def test_a_stop_in_good_order_loses_nothing(service: Service, figure: list[str]) -> None:
    """While the link is down, so that what was taken is on the card only."""
    service.node.link(False)
    took = service.node.run("date +%s.%N; systemctl stop edge; date +%s.%N").split()
    figure.append(f"systemctl stop, emulated: {float(took[1]) - float(took[0]):.1f} s")
    assert service.show("Result") == "success"
    service.node.link(True)
    service.node.run("systemctl start edge")
    _all_arrives(service)


def test_a_reboot_loses_nothing(service: Service) -> None:
    service.node.reboot()
    _all_arrives(service)


@pytest.mark.parametrize("cut", range(3))
def test_a_power_cut_loses_nothing(service: Service, cut: int) -> None:
    """While the link is down, as above."""
    service.node.link(False)
    before = service.until(lambda status: status["uplinks"][0]["waiting"] > 30)["outbox"]["last"]
    service.node.stop()
    service.node.start()
    assert _all_arrives(service) >= before


def test_a_node_that_wakes_in_1970_sends_the_right_dates(service: Service, figure: list[str]) -> None:
    """It is connected under TLS before it knows the date; what waits until chrony knows is dated then."""
    server = TimeServer()
    server.start()
    service.node.stop()
    began = time.time()
    service.node.start(born="1970-01-01T00:00:00")
    figure.append(f"the guest woke in {service.node.run('date +%F').strip()}")
    status = service.until(lambda status: status["uplinks"][0]["state"] == "connected")
    assert status["clock"]["source"] is None
    service.node.run("systemctl stop edge")  # so that nothing without a date is under way
    service.far_end.hold()
    service.node.run("systemctl start edge")
    mark = service.until(lambda status: status["uplinks"][0]["waiting"])["uplinks"][0]["delivered"]
    service.until(lambda status: status["uplinks"][0]["waiting"] > 100)
    service.node.put((CHRONY % server.port).encode(), "/etc/chrony/conf.d/test.conf")
    synchronises = time.time()
    service.node.run("systemctl start chrony")
    service.until(lambda status: status["clock"]["source"] == "ntp")
    service.far_end.release()
    _all_arrives(service)
    taken = [reading for reading in service.far_end.readings() if reading["seq"] > mark]
    dates = [reading["time"] for reading in taken if "boot" not in reading]
    early = sum(date < synchronises for date in dates)
    figure.append(f"{len(dates)} of {len(taken)} readings dated, {early} of them taken before the date was known")
    assert len(dates) == len(taken) and early
    assert began < min(dates) and max(dates) < time.time() + 1


def test_an_update_and_the_way_back_lose_nothing(service: Service) -> None:
    assert service.page("Update, and go back").splitlines().count("active") == 2
    _all_arrives(service)


def test_nothing_is_left_after_all(service: Service) -> None:
    service.page("Uninstall")
    assert service.node.run(f"ls -d {GONE} 2>/dev/null || true") == ""
    assert service.node.run("systemctl list-units --all --plain --no-legend 'edge*'") == ""


def _all_arrives(service: Service) -> int:
    """All seqs up to now, without one that the node calls lost; gives the last."""
    upto: int = service.until(lambda status: status["outbox"]["last"])["outbox"]["last"]
    service.until(lambda status: status["uplinks"][0]["delivered"] >= upto)
    assert until(lambda: service.far_end.account().last >= upto, PATIENCE), service.far_end.account().as_dict()
    account = service.far_end.account()
    assert (account.first, account.missing, account.declared) == (1, 0, 0), account.as_dict()
    return upto
