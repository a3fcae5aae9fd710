"""What a connection cost: the kernel's own count, checked against what went through a socket."""

import socket

import pytest

from edge.uplink.meter import Meter


@pytest.fixture
def ends():
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        far, _ = server.accept()
        with near, far:
            yield near, far


def moved(source, target, size):
    """Sends so many bytes and waits until they are there."""
    source.sendall(bytes(size))
    while size:
        size -= len(target.recv(size))


def test_both_directions_count_with_their_headers(ends):
    near, far = ends
    meter = Meter()
    meter.begin(near)
    handshake = meter.take()
    assert 2 * 52 <= handshake <= 6 * 52
    moved(near, far, 3000)
    moved(far, near, 5000)
    assert 8000 + 4 * 52 <= meter.take() <= 8000 + 12 * 52
    assert meter.take() == 0


def test_a_connection_that_is_closed_is_still_counted_and_ends(ends):
    near, far = ends
    meter = Meter()
    meter.begin(near)
    moved(near, far, 3000)
    near.close()  # as TLS does where it fails
    meter.end()
    assert far.recv(1) == b""
    assert meter.take() >= 3000


def test_one_connection_after_the_other_is_summed(ends):
    near, far = ends
    meter = Meter()
    meter.begin(near)
    moved(near, far, 1000)
    meter.begin(far)
    moved(far, near, 2000)
    assert meter.take() >= 1000 + (1000 + 2000)


def test_nothing_is_counted_without_a_connection():
    meter = Meter()
    meter.end()
    assert meter.take() == 0
