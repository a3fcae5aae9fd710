"""From a name to a socket while the name service hangs, lies or is gone, and past addresses that lead nowhere."""

import socket
from contextlib import closing
from threading import Event

import pytest

from edge.clock import Clock
from edge.errors import UplinkDown
from edge.state import State
from edge.stores import opened
from edge.uplink.address import Address
from edge.uplink.patience import Patience
from edge.uplink.places import Place, Places, look_up
from edge.uplink.states import Broker

PATIENCE = Patience(lookup=0.5, stagger=0.1, tcp=1.0)
NOWHERE = Place(socket.AF_INET, ("127.0.0.2", 9))


@pytest.fixture
def listener():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener


@pytest.fixture
def black_hole():
    """An address that neither answers nor refuses: a listener whose queue is full."""
    with closing(socket.socket()) as full, closing(socket.socket()) as first, closing(socket.socket()) as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for sock in (first, second):
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        yield Place(socket.AF_INET, full.getsockname())


def address(lookup, patience=PATIENCE, saved=None):
    return at(Places(saved, lookup), patience)


def at(places, patience=PATIENCE, port=8883):
    return Address(Broker("broker.example", port, "N-city", "city"), patience, places)


def unknown(host, port):
    raise socket.gaierror(-3, "Temporary failure in name resolution")


def place(listener):
    return Place(socket.AF_INET, listener.getsockname())


def refused(address):
    with pytest.raises(UplinkDown) as caught:
        address.connect()
    return caught.value


def test_a_name_service_that_hangs_is_left_alone_and_not_asked_twice():
    hangs, asked = Event(), []

    def lookup(host, port):
        asked.append(host)
        hangs.wait(10)
        return []

    broker = address(lookup)
    assert [refused(broker).state for _ in range(3)] == ["dns"] * 3
    hangs.set()
    assert asked == ["broker.example"]


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")])
def test_a_name_that_is_not_known(error):
    def lookup(host, port):
        raise error

    why = refused(address(lookup))
    assert why.state == "dns" and "getent hosts broker.example" in why.remedy


def test_the_last_good_address_serves_while_no_name_does(listener):
    answers = [[place(listener)], []]
    broker = address(lambda host, port: answers.pop(0))
    broker.connect().close()
    broker.proven()
    with closing(broker.connect()) as sock:
        assert sock.getpeername() == listener.getsockname()


def test_a_wrong_answer_gives_way_to_the_last_good_address(listener):
    with closing(socket.create_server(("127.0.0.1", 0))) as impostor:
        answers = [[place(listener)], [place(impostor)], [place(impostor)]]
        broker = address(lambda host, port: answers.pop(0))
        broker.connect().close()
        broker.proven()
        reached = []
        for _ in range(2):  # the impostor cannot prove itself
            with closing(broker.connect()) as sock:
                reached.append(sock.getpeername())
        assert reached == [impostor.getsockname(), listener.getsockname()]


def test_an_address_that_swallows_everything_costs_a_moment(listener, black_hole):
    broker = address(lambda host, port: [black_hole, place(listener)])
    with closing(broker.connect()) as sock:
        assert sock.getpeername() == listener.getsockname()


def test_an_address_that_refuses_costs_nothing(listener):
    broker = address(lambda host, port: [NOWHERE, place(listener)], PATIENCE._replace(stagger=60.0, tcp=60.0))
    with closing(broker.connect()) as sock:
        assert sock.getpeername() == listener.getsockname()


def test_who_refuses_and_who_is_silent_are_told_apart(black_hole):
    assert refused(address(lambda host, port: [NOWHERE])).state == "tcp-refused"
    assert refused(address(lambda host, port: [black_hole])).state == "timeout"
    assert refused(address(lambda host, port: [black_hole, NOWHERE])).state == "tcp-refused"
    assert refused(address(lambda host, port: [Place(socket.AF_INET, ("255.255.255.255", 9))])).state == "no-route"


def test_both_families_take_turns():
    assert look_up("127.0.0.1", 1883) == [Place(socket.AF_INET, ("127.0.0.1", 1883))]


def test_after_a_restart_the_last_good_address_serves_while_no_name_does(tmp_path, listener):
    state, port = State(tmp_path / "state.json"), listener.getsockname()[1]
    before = Places(lookup=lambda host, port: [place(listener)])
    broker = at(before, port=port)
    broker.connect().close()
    assert before.good("broker.example", port) is None  # not all that listens is the broker
    broker.proven()
    before.save(state)
    again = at(Places(State(tmp_path / "state.json").load("places"), unknown), port=port)
    with closing(again.connect()) as sock:
        assert sock.getpeername() == listener.getsockname()


def test_a_name_that_has_another_address_now_goes_before_the_one_that_was_kept(listener):
    broker = address(lambda host, port: [place(listener)], saved={"broker.example:8883": "127.0.0.2"})
    with closing(broker.connect()) as sock:
        assert sock.getpeername() == listener.getsockname()


def test_addresses_are_kept_with_the_small_state_and_written_when_they_change(tmp_path):
    file = tmp_path / "state.json"
    state = State(file)
    stores = opened(tmp_path, state, Clock(), 1 << 22)
    found = Place(socket.AF_INET, ("192.0.2.1", 8883))
    stores.places.keep("broker.example", 8883, found)
    stores.save(state, [])
    written = file.stat().st_ino
    stores.places.keep("broker.example", 8883, found)
    stores.save(state, [])
    assert file.stat().st_ino == written
    assert opened(tmp_path, State(file), Clock(), 1 << 22).places.good("broker.example", 8883) == found


def test_an_address_of_ipv6_is_kept_as_well():
    places = Places()
    (found,) = look_up("2001:db8::1", 8883)
    places.keep("broker.example", 8883, found)
    assert places.good("broker.example", 8883) == found
    assert places.good("broker.example", 1883) is None


@pytest.mark.parametrize("saved", ["", "nonsense", "broker.example", "1.2.3.4.5", 7, None, ["127.0.0.1"]])
def test_a_kept_address_that_makes_no_sense_is_passed_over_and_nobody_is_asked(saved):
    assert Places({"broker.example:8883": saved}).good("broker.example", 8883) is None
