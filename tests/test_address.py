"""From a name to a socket while the name service hangs, lies or is gone, and past addresses that lead nowhere."""

import socket
from contextlib import closing
from threading import Event

import pytest

from edge.errors import UplinkDown
from edge.uplink.address import Address, Place, look_up
from edge.uplink.patience import Patience
from edge.uplink.states import Broker

PATIENCE = Patience(lookup=0.2, stagger=0.1, tcp=0.5)
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


def address(lookup, port=8883, patience=PATIENCE):
    return Address(Broker("broker.example", port, "N-city", "city"), patience, lookup)


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
    broker = address(lambda host, port: [NOWHERE, place(listener)], patience=PATIENCE._replace(stagger=60.0, tcp=60.0))
    with closing(broker.connect()) as sock:
        assert sock.getpeername() == listener.getsockname()


def test_who_refuses_and_who_is_silent_are_told_apart(black_hole):
    assert refused(address(lambda host, port: [NOWHERE])).state == "tcp-refused"
    assert refused(address(lambda host, port: [black_hole])).state == "timeout"
    assert refused(address(lambda host, port: [black_hole, NOWHERE])).state == "tcp-refused"
    assert refused(address(lambda host, port: [Place(socket.AF_INET, ("255.255.255.255", 9))])).state == "no-route"


def test_both_families_take_turns():
    assert look_up("127.0.0.1", 1883) == [Place(socket.AF_INET, ("127.0.0.1", 1883))]
